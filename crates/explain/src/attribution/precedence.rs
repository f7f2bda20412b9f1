//! Which of several patterns is a cause, if they say the same.

use super::patterns::{Pattern, PatternKind};
use super::sampled::is_seen_by_looking;

/// A pattern explains as much as another if it explains so much less at most.
const EXPLAINS_AS_MUCH: f64 = 0.05;

/// Makes it a consequence that something was seen, if the run time explains as much: what is looked at more often, because it
/// runs longer, shows more.
pub(super) fn seen_follows(patterns: &mut [Pattern]) {
    let of_consequences = patterns.iter().filter(|pattern| pattern.consequence);
    let most = of_consequences.filter_map(|pattern| pattern.explained).fold(0.0, f64::max);
    for pattern in patterns.iter_mut().filter(|pattern| pattern.kind == PatternKind::Seen) {
        let is_looked_at = pattern.by.iter().all(|name| is_seen_by_looking(name));
        let follows = pattern.explained.is_some_and(|share| most > 0.0 && most + EXPLAINS_AS_MUCH >= share);
        pattern.consequence |= is_looked_at && follows;
    }
    patterns.sort_by_key(|pattern| pattern.consequence);
}
