//! An explanation as text, within 80 columns unless names are longer.

use std::fmt::Write as _;

use concord_explain::{Class, Difference, FailedCopies, Unit, Value};
use concord_protocol::Verdict;

use super::artifacts::ArtifactWords;
use super::lines::Lines;
use super::numbers::numbers;
use super::sentences::{
    class_counts, copies, coverage, equivalence, hidden_failures_head, spread, strength, told,
};
use super::varied;
use super::words::{SHOWN_MAX, grouped, microseconds, short, short_text};
use crate::result::explanation::ExplainedJob;

/// The most pairs of classes whose numbers are shown.
const PAIRS_SHOWN_MAX: usize = 3;

/// The explanation of a job, with `verdict` as its first words.
pub(crate) fn explanation(explained: &ExplainedJob, verdict: &str) -> String {
    let mut lines = Lines::default();
    let _ = writeln!(lines.text, "{}  job {}", verdict, explained.job);
    lines.paragraph(2, &explained.calculation);
    lines.paragraph(
        2,
        &format!("payload {} ({} bytes)", short(&explained.payload.digest), grouped(explained.payload.bytes)),
    );
    lines.paragraph(2, &copies(explained));
    let summary = &explained.explanation.summary;
    lines.section("What separates the classes", summary.separates.as_deref());
    lines.section("What goes with the failures", summary.failures.as_deref());
    lines.section("How far they differ", summary.difference.as_deref());
    lines.section("What the verdict supports", Some(&summary.supports));
    lines.paragraph(
        2,
        &coverage(&explained.explanation.coverage, explained.explanation.unit, explained.produced),
    );
    if let Some(found) = &explained.explanation.equivalence {
        lines.section("Within the tolerances?", Some(&equivalence(found)));
    }
    classes(&mut lines, explained);
    failures(&mut lines, "failed", &explained.explanation.failures);
    failures(&mut lines, &hidden_failures_head(explained), &explained.explanation.hidden_failures);
    artifacts(&mut lines, explained);
    varied::settings(&mut lines, &explained.explanation);
    separators(&mut lines, explained);
    let pairs = &explained.explanation.differences;
    for difference in pairs.iter().take(PAIRS_SHOWN_MAX) {
        differences(&mut lines, difference);
    }
    if pairs.len() > PAIRS_SHOWN_MAX {
        lines.head(&format!("… {} pairs in all: --format json has them", pairs.len()));
    }
    lines.text
}

fn classes(lines: &mut Lines, explained: &ExplainedJob) {
    let classes = &explained.explanation.classes;
    if classes.is_empty() {
        return;
    }
    let places = places(explained);
    let column = |words: &str| places.map_or_else(String::new, |_| format!(" {words:>10}"));
    let noun = explained.explanation.unit.nouns()[1];
    lines.head(&format!("class     copies{}       bytes   median run  digest", column(noun)));
    for class in classes.iter().take(SHOWN_MAX) {
        let Class { class: label, copies, bytes, run_us, digest, .. } = class;
        let places = column(&places.map_or_else(String::new, |count| grouped(count(class))));
        lines.line(&format!(
            "{label:<5} {:>10}{places} {:>11} {:>12}  {}",
            grouped(*copies),
            grouped(*bytes),
            microseconds(run_us.median),
            short_text(digest)
        ));
    }
    if explained.distinct_digests > SHOWN_MAX {
        lines.line(&format!("… {} classes in all", grouped(explained.distinct_digests as u64)));
    }
}

/// What counts the places of a class, if there are several: the sandboxes or the machines that gave it.
pub(super) fn places(explained: &ExplainedJob) -> Option<fn(&Class) -> u64> {
    let coverage = &explained.explanation.coverage;
    match explained.explanation.unit {
        Unit::Sandbox => Some(|class| class.sandboxes),
        Unit::Machine if coverage.hosts > 1 => Some(|class| class.machines),
        Unit::Machine | Unit::Unseen => None,
    }
}

fn failures(lines: &mut Lines, head: &str, failures: &[FailedCopies]) {
    if failures.is_empty() {
        return;
    }
    lines.head(&format!("copies  {head}"));
    for failed in failures.iter().take(SHOWN_MAX) {
        lines.line(&format!("{:>6}  {}", grouped(failed.copies), failed.reason));
    }
    if failures.len() > SHOWN_MAX {
        lines.line(&format!("        … {} reasons in all", failures.len()));
    }
}

fn artifacts(lines: &mut Lines, explained: &ExplainedJob) {
    let Some(words) = ArtifactWords::of(&explained.explanation) else { return };
    lines.head(&words.head);
    for artifact in &words.differing {
        lines.paragraph(2, &format!("{} ({})", artifact.name, artifact.contents));
        lines.paragraph(4, &artifact.how);
    }
    if words.differing_left_out > 0 {
        lines.line(&format!("  … {} more differ", words.differing_left_out));
    }
    if !words.stable.is_empty() {
        let more = match words.stable_left_out {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        lines.paragraph(2, &format!("stable: {}{more}", words.stable.join(", ")));
    }
}

fn separators(lines: &mut Lines, explained: &ExplainedJob) {
    let attribution = &explained.explanation.attribution;
    if explained.verdict != Verdict::Divergent && attribution.separators.is_empty() {
        return;
    }
    let named: Vec<_> = attribution.separators.iter().filter(|separator| separator.significant).collect();
    lines.head(&format!(
        "facts: {} tested, {} the same in all copies",
        attribution.facts_tested, attribution.facts_constant
    ));
    let unit = explained.explanation.unit;
    for separator in named.iter().take(SHOWN_MAX) {
        lines.paragraph(2, &separator.facts.join(", "));
        lines.paragraph(4, &strength(separator, unit));
        for value in separator.values.iter().take(SHOWN_MAX) {
            lines.paragraph(6, &value_line(value));
        }
        if separator.values_total > SHOWN_MAX as u64 {
            lines.paragraph(6, &format!("… {} values in all", separator.values_total));
        }
    }
    if named.len() > SHOWN_MAX {
        lines.paragraph(2, &format!("… {} facts in all go with the classes", named.len()));
    }
    for pattern in attribution.patterns.iter().take(SHOWN_MAX) {
        lines.paragraph(2, &told(pattern, unit));
    }
    if attribution.patterns.len() > SHOWN_MAX {
        lines.paragraph(2, &format!("… {} patterns in all", attribution.patterns.len()));
    }
    for statement in spread(&attribution.splits) {
        lines.paragraph(2, &statement);
    }
}

fn value_line(value: &Value) -> String {
    format!("{}: {}", value.value.join(", "), class_counts(value))
}

fn differences(lines: &mut Lines, difference: &Difference) {
    let pair = difference.title();
    match &difference.comparison {
        None => {
            let reason = difference.unavailable.as_deref().unwrap_or("not compared");
            lines.section(&pair, Some(reason));
        }
        Some(comparison) => {
            lines.section(
                &format!("{pair}, read as {}", comparison.format.name()),
                Some(&comparison.statement()),
            );
            numbers(lines, comparison);
        }
    }
}
