//! What the settings of a job did, as text.

use std::collections::BTreeSet;

use concord_explain::{Explanation, SettingReach, VariedSetting};

use super::lines::Lines;
use super::words::grouped;

/// Characters of the values of a name, at most.
const VALUES_CHARS_MAX: usize = 60;

/// The most lines about settings. Those that changed the result come first.
const LINES_MAX: usize = 40;

/// What each setting of a job did, if the job varies something: a line for each that changed the result, and a line for all
/// other values of a name.
pub(super) fn settings(lines: &mut Lines, explanation: &Explanation) {
    let settings = &explanation.variations;
    if settings.is_empty() {
        return;
    }
    lines.head("copies  what each setting did");
    let (changed, others): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.changed);
    let is_alike = |one: &&VariedSetting, other: &&VariedSetting| {
        let all_failed = (one.copies == 0, other.copies == 0);
        all_failed.0 == all_failed.1
            && (&one.factor, &one.name, one.reached) == (&other.factor, &other.name, other.reached)
    };
    let rows: Vec<_> = changed.chunks(1).chain(others.chunk_by(is_alike)).collect();
    for row in rows.iter().take(LINES_MAX) {
        let copies = row.iter().map(|setting| setting.copies).sum();
        lines.line(&format!("{:>6}  {}", grouped(copies), line(row)));
    }
    if rows.len() > LINES_MAX {
        lines.line(&format!("        … {} settings in all: --format json has them", settings.len()));
    }
}

/// What settings of one name did.
fn line(settings: &[&VariedSetting]) -> String {
    let Some(first) = settings.first() else { return String::new() };
    let values: Vec<_> = settings.iter().map(|setting| setting.value.as_str()).collect();
    let values = values.join(", ");
    let values = match values.char_indices().nth(VALUES_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &values[..end]),
        None => values,
    };
    let classes: BTreeSet<_> = settings.iter().flat_map(|setting| setting.classes.keys()).cloned().collect();
    let classes: Vec<_> = classes.into_iter().collect();
    let library = first.library.as_ref().map_or_else(String::new, |library| format!(" ({library})"));
    if first.copies == 0 {
        return format!("{}={values}{library}: all its copies failed", first.name);
    }
    let did = match (first.changed, first.reached) {
        (true, _) => "changed the result",
        (false, SettingReach::Yes) => "did not change the result",
        (false, SettingReach::No) => "did not reach the program",
        (false, SettingReach::Unknown) => "no effect could be seen",
    };
    format!("{}={values}{library}: {did}; {}", first.name, classes.join(", "))
}
