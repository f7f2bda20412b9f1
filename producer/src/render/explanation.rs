//! An explanation as text, within 80 columns unless names are longer.

use std::fmt::Write as _;

use concord_explain::{Class, Difference, Value};
use concord_protocol::Verdict;

use super::lines::Lines;
use super::numbers::numbers;
use super::sentences::{class_counts, copies, coverage, equivalence, strength, told};
use super::words::{SHOWN_MAX, microseconds, short, short_text};
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
        &format!("payload {} ({} bytes)", short(&explained.payload.digest), explained.payload.bytes),
    );
    lines.paragraph(2, &copies(explained));
    let summary = &explained.explanation.summary;
    lines.section("What separates the outputs", summary.separates.as_deref());
    lines.section("How far they differ", summary.difference.as_deref());
    lines.section("What the verdict supports", Some(&summary.supports));
    lines.paragraph(2, &coverage(&explained.explanation.coverage, explained.produced));
    if let Some(found) = &explained.explanation.equivalence {
        lines.section("Within the tolerances?", Some(&equivalence(found)));
    }
    classes(&mut lines, &explained.explanation.classes);
    failures(&mut lines, explained);
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

fn classes(lines: &mut Lines, classes: &[Class]) {
    if classes.is_empty() {
        return;
    }
    lines.head("class     copies  sandboxes       bytes   median run  digest");
    for class in classes.iter().take(SHOWN_MAX) {
        let Class { class: label, copies, sandboxes, bytes, run_us, digest, .. } = class;
        lines.line(&format!(
            "{label:<5} {copies:>10} {sandboxes:>10} {bytes:>11} {:>12}  {}",
            microseconds(run_us.median),
            short_text(digest)
        ));
    }
    if classes.len() > SHOWN_MAX {
        lines.line(&format!("… {} classes in all", classes.len()));
    }
}

fn failures(lines: &mut Lines, explained: &ExplainedJob) {
    let failures = &explained.explanation.failures;
    if failures.is_empty() {
        return;
    }
    lines.head("copies  failed");
    for failed in failures.iter().take(SHOWN_MAX) {
        lines.line(&format!("{:>6}  {}", failed.copies, failed.reason));
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
    for separator in named.iter().take(SHOWN_MAX) {
        lines.paragraph(2, &separator.facts.join(", "));
        lines.paragraph(4, &strength(separator));
        for value in separator.values.iter().take(SHOWN_MAX) {
            lines.paragraph(6, &value_line(value));
        }
        if separator.values_total > SHOWN_MAX as u64 {
            lines.paragraph(6, &format!("… {} values in all", separator.values_total));
        }
    }
    for pattern in attribution.patterns.iter().take(SHOWN_MAX) {
        lines.paragraph(2, &told(pattern));
    }
    for split in &attribution.splits {
        lines.paragraph(2, &split.statement);
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
