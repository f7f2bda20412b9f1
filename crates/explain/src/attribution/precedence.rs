//! Which of several separators leads, and which of several patterns is a cause, if they say the same.

use super::patterns::{Pattern, PatternKind};
use super::sampled::is_seen_by_looking;
use super::separators::Separator;

/// Puts perfect and significant separators first, then other significant ones, then the tested ones. Consequences come last in
/// each group. The order within a group stays. A separator with a smaller p-value alone need not be the significant
/// one: the correction compares likelihood ratios.
pub(super) fn claims_first(separators: &mut [Separator]) {
    separators.sort_by_key(|found| {
        let is_claim = found.significant && !found.consequence;
        (!(found.perfect && is_claim), !is_claim, !found.tested, found.consequence)
    });
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_claimed_comes_before_what_has_a_smaller_p_alone() {
        let separator = |name: &str, perfect: bool, significant: bool, consequence: bool| Separator {
            facts: vec![name.to_owned()],
            perfect,
            consequence,
            tested: name != "not tested",
            p: 0.01,
            p_holm: 0.04,
            significant,
            exact: true,
            permuted: true,
            unique: false,
            explained: 0.5,
            not_seen: 0,
            sandboxes: None,
            values: Vec::new(),
            values_total: 2,
        };
        let mut separators = [
            separator("chance", false, false, false),
            separator("memory", true, true, true),
            separator("not tested", true, false, false),
            separator("claim", false, true, false),
            separator("perfect", true, true, false),
        ];
        claims_first(&mut separators);
        let order: Vec<_> = separators.iter().map(|separator| separator.facts[0].as_str()).collect();
        assert_eq!(order, ["perfect", "claim", "chance", "memory", "not tested"]);
    }
}
