//! An explanation as text for people, within 80 columns where names allow it.

use std::fmt::Write as _;

use concord_difference::Comparison;
use concord_explain::{Class, Coverage, Difference, Equivalence, Separator, Value};
use concord_protocol::Verdict;

use super::Explained;
use crate::text::{counted, elapsed, short, short_text};

/// Columns of a terminal that every text fits into.
const COLUMNS: usize = 80;

/// Pairs of classes whose numbers are shown, at most.
const PAIRS_SHOWN_MAX: usize = 3;

/// Classes, separators, values of a separator, paths and mismatches that are shown, at most, of each.
pub(super) const SHOWN_MAX: usize = 8;

/// The explanation of a job.
pub(crate) fn text(explained: &Explained, verdict: &str) -> String {
    let mut page = Page::default();
    let _ = writeln!(page.text, "{}  job {}", verdict, explained.job);
    page.paragraph(2, &explained.calculation);
    page.paragraph(
        2,
        &format!("payload {} ({} bytes)", short(&explained.payload.digest), explained.payload.bytes),
    );
    page.paragraph(2, &copies(explained));
    let summary = &explained.explanation.summary;
    page.section("What separates the outputs", summary.separates.as_deref());
    page.section("How far they differ", summary.difference.as_deref());
    page.section("What the verdict supports", Some(&summary.supports));
    page.paragraph(2, &coverage(&explained.explanation.coverage));
    if let Some(found) = &explained.explanation.equivalence {
        page.section("Within the tolerances?", Some(&equivalence(found)));
    }
    classes(&mut page, &explained.explanation.classes);
    failures(&mut page, explained);
    separators(&mut page, explained);
    let pairs = &explained.explanation.differences;
    for difference in pairs.iter().take(PAIRS_SHOWN_MAX) {
        differences(&mut page, difference);
    }
    if pairs.len() > PAIRS_SHOWN_MAX {
        page.head(&format!("… {} pairs in all: --format json has them", pairs.len()));
    }
    page.text
}

/// A text that grows by paragraphs.
#[derive(Default)]
pub(super) struct Page {
    pub(super) text: String,
}

impl Page {
    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{}", line.trim_end());
    }

    pub(super) fn paragraph(&mut self, indent: usize, words: &str) {
        let blank = " ".repeat(indent);
        let options = textwrap::Options::new(COLUMNS).initial_indent(&blank).subsequent_indent(&blank);
        self.line(&filled(words, options));
    }

    pub(super) fn head(&mut self, words: &str) {
        let _ = writeln!(self.text, "\n{words}");
    }

    pub(super) fn section(&mut self, head: &str, words: Option<&str>) {
        if let Some(words) = words {
            self.head(head);
            self.paragraph(2, words);
        }
    }
}

/// How many copies gave what.
pub(super) fn copies(explained: &Explained) -> String {
    let mut words = format!(
        "{} of {} gave a digest, {} distinct",
        explained.produced,
        counted(explained.copies as usize, "copy", "copies"),
        explained.explanation.classes.len()
    );
    if explained.failed > 0 {
        let _ = write!(words, "; {} failed", explained.failed);
    }
    let _ = write!(words, "; {}", elapsed(explained.elapsed_ms));
    if explained.copies_read < explained.copies {
        let _ = write!(words, ". Explained from the first {} copies", explained.copies_read);
    }
    words
}

/// Where the copies ran, in a sentence.
pub(crate) fn coverage(coverage: &Coverage) -> String {
    if coverage.copies == 0 {
        return "seen: nothing, since no copy gave a digest".to_owned();
    }
    if !coverage.host_seen {
        let callers = usize::try_from(coverage.sandboxes).unwrap_or(usize::MAX);
        let callers = counted(callers, "process", "processes");
        return format!("called from {callers} here; the machines that ran it are not seen");
    }
    let count = |count: u64, one: &str, many: &str| {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        (count > 0).then(|| counted(count, one, many))
    };
    let words: Vec<_> = [
        count(coverage.sandboxes, "sandbox", "sandboxes"),
        count(coverage.hosts, "host", "hosts"),
        count(coverage.cpu_kinds, "kind of CPU", "kinds of CPU"),
        count(coverage.canary_classes, "canary class", "canary classes"),
        count(coverage.architectures, "architecture", "architectures"),
        count(coverage.memory_sizes, "memory size", "memory sizes"),
    ]
    .into_iter()
    .flatten()
    .collect();
    format!("seen: {}", words.join(", "))
}

/// What the tolerances say, beside the verdict.
pub(crate) fn equivalence(equivalence: &Equivalence) -> String {
    let largest =
        equivalence.largest.as_deref().map_or_else(String::new, |largest| format!("; at most {largest}"));
    let word = if equivalence.equivalent { "equivalent" } else { "not equivalent" };
    format!("{word} under {}{largest}", equivalence.tolerances.join("; "))
}

/// A line of a report, wrapped so that it fits when it is indented by two.
pub(crate) fn wrapped(words: &str) -> String {
    filled(words, textwrap::Options::new(COLUMNS - 2).subsequent_indent("    "))
}

/// Wraps words; a number stays with the unit or sign that follows it.
fn filled(words: &str, options: textwrap::Options<'_>) -> String {
    const TOGETHER: [(&str, &str); 3] = [(" %", "\u{a0}%"), (" = ", "\u{a0}=\u{a0}"), (" ulp", "\u{a0}ulp")];
    let joined =
        TOGETHER.iter().fold(words.to_owned(), |words, (apart, joined)| words.replace(apart, joined));
    textwrap::fill(&joined, options).replace('\u{a0}', " ")
}

fn classes(page: &mut Page, classes: &[Class]) {
    if classes.is_empty() {
        return;
    }
    page.head("class     copies  sandboxes       bytes   median run  digest");
    for class in classes.iter().take(SHOWN_MAX) {
        let Class { class: label, copies, sandboxes, bytes, run_us, digest, .. } = class;
        page.line(&format!(
            "{label:<5} {copies:>10} {sandboxes:>10} {bytes:>11} {:>12}  {}",
            microseconds(run_us.median),
            short_text(digest)
        ));
    }
    if classes.len() > SHOWN_MAX {
        page.line(&format!("… {} classes in all", classes.len()));
    }
}

fn failures(page: &mut Page, explained: &Explained) {
    let failures = &explained.explanation.failures;
    if failures.is_empty() {
        return;
    }
    page.head("copies  failed");
    for failed in failures.iter().take(SHOWN_MAX) {
        page.line(&format!("{:>6}  {}", failed.copies, failed.reason));
    }
}

fn separators(page: &mut Page, explained: &Explained) {
    let attribution = &explained.explanation.attribution;
    if explained.verdict != Verdict::Divergent && attribution.separators.is_empty() {
        return;
    }
    let named: Vec<_> =
        attribution.separators.iter().filter(|separator| is_worth_showing(separator)).collect();
    page.head(&format!(
        "facts: {} tested, {} the same in all copies",
        attribution.facts_tested, attribution.facts_constant
    ));
    for separator in named.iter().take(SHOWN_MAX) {
        page.paragraph(2, &separator.facts.join(", "));
        page.paragraph(4, &strength(separator));
        for value in separator.values.iter().take(SHOWN_MAX) {
            page.paragraph(6, &value_line(value));
        }
        if separator.values_total > SHOWN_MAX as u64 {
            page.paragraph(6, &format!("… {} values in all", separator.values_total));
        }
    }
    for split in &attribution.splits {
        page.paragraph(2, &split.statement);
    }
}

/// Perfect ones that are no mere identifiers, and significant ones.
pub(super) fn is_worth_showing(separator: &Separator) -> bool {
    separator.significant || (separator.perfect && !separator.unique)
}

/// How strong a separator is, in words.
pub(super) fn strength(separator: &Separator) -> String {
    let how = if separator.perfect { "separates perfectly" } else { "goes along with the classes" };
    let corrected = format!("p = {} after correction", p_value(separator.p_holm));
    let doubt = if separator.significant { "" } else { ": chance could do that too" };
    let sandboxes = separator.sandboxes.map_or_else(String::new, |test| {
        format!("; one vote a sandbox ({}): p = {}", test.n, p_value(test.p))
    });
    format!("{how}, {corrected}{doubt}{sandboxes}")
}

fn value_line(value: &Value) -> String {
    format!("{}: {}", value.value.join(", "), class_counts(value))
}

/// How many copies of each class have a value.
pub(super) fn class_counts(value: &Value) -> String {
    let counts = value.classes.iter().map(|(class, copies)| format!("{class} x {copies}"));
    counts.collect::<Vec<_>>().join(", ")
}

fn differences(page: &mut Page, difference: &Difference) {
    let pair = format!("{} and {}", difference.reference, difference.class);
    match &difference.comparison {
        None => {
            let reason = difference.unavailable.as_deref().unwrap_or("not compared");
            page.section(&pair, Some(reason));
        }
        Some(comparison) => {
            page.section(
                &format!("{pair}, read as {}", comparison.format.name()),
                Some(&comparison.statement()),
            );
            numbers(page, comparison);
        }
    }
}

pub(super) fn numbers(page: &mut Page, comparison: &Comparison) {
    if let Some(note) = &comparison.note {
        page.paragraph(2, note);
    }
    for mismatch in comparison.mismatches.iter().take(SHOWN_MAX) {
        let (left, right) = (shown(&mismatch.left), shown(&mismatch.right));
        let at = if mismatch.path.is_empty() { "the whole" } else { &mismatch.path };
        page.paragraph(
            2,
            &format!("{} at {at}: {left} and {right} ({} x)", mismatch.kind.name(), mismatch.count),
        );
    }
    let differing: Vec<_> = comparison.paths.iter().filter(|path| path.different > 0).collect();
    if !differing.is_empty() {
        page.line("  max ulp  max absolute  max relative  same bits  differ of       at");
    }
    for path in differing.iter().take(SHOWN_MAX) {
        let float =
            |number: Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.2e}"));
        page.line(&format!(
            "  {:>7}  {:>12}  {:>12}  {:>9} {:>8} {:<8}{}",
            path.ulp_max.as_deref().unwrap_or("-"),
            float(path.absolute_max),
            float(path.relative_max),
            path.common_bits_min.map_or_else(|| "-".to_owned(), |bits| bits.to_string()),
            path.different,
            path.compared,
            if path.path.is_empty() { "/" } else { &path.path },
        ));
    }
    if differing.len() > SHOWN_MAX {
        page.line(&format!("  … {} paths in all", comparison.paths_total));
    }
    if let Some(truncated) = &comparison.truncated {
        page.paragraph(2, truncated);
    }
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "nothing" } else { text }
}

/// A p-value to two digits.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { format!("{p:.1e}") } else { format!("{p:.3}") }
}

/// A time to three digits or so.
pub(super) fn microseconds(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} us"),
        1_000..1_000_000 => format!("{}.{:01} ms", us / 1_000, us / 100 % 10),
        _ => elapsed(us / 1_000),
    }
}
