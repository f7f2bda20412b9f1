//! Sentences about an explanation that several forms of a report share.

use std::fmt::Write as _;

use concord_explain::{Coverage, Equivalence, Pattern, Separator, Value};

use super::words::{counted, elapsed, p_value};
use crate::result::explanation::ExplainedJob;

/// How many copies gave a digest, failed, and were read.
pub(super) fn copies(explained: &ExplainedJob) -> String {
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
        let _ = write!(words, ". Explained from {} of them", explained.copies_read);
    }
    words
}

/// Where the copies ran, of the `produced` copies that gave a digest.
pub(super) fn coverage(coverage: &Coverage, produced: u32) -> String {
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
    let part = if coverage.copies < u64::from(produced) {
        format!(" (in {} of {produced} copies)", coverage.copies)
    } else {
        String::new()
    };
    format!("seen: {}{part}", words.join(", "))
}

/// Whether the outputs are within the tolerances, and the largest difference or what is beyond them.
pub(super) fn equivalence(equivalence: &Equivalence) -> String {
    let (word, because) = if equivalence.equivalent {
        ("equivalent", "; at most ")
    } else {
        ("not equivalent", ", because of ")
    };
    let largest =
        equivalence.largest.as_deref().map_or_else(String::new, |largest| format!("{because}{largest}"));
    format!("{word} under {}{largest}", equivalence.tolerances.join("; "))
}

/// Whether facts differ between two jobs, or in all runs of one: significant, or perfect without being a mere identifier.
pub(super) fn is_worth_showing(separator: &Separator) -> bool {
    separator.significant || (separator.perfect && !separator.unique)
}

/// How strongly a separator separates the classes.
pub(super) fn strength(separator: &Separator) -> String {
    let how = match (separator.perfect, separator.consequence) {
        (true, false) => "separates perfectly".to_owned(),
        (_, true) => "follows the classes".to_owned(),
        (false, false) => format!("explains {:.0} % of the classes", (100.0 * separator.explained).floor()),
    };
    let sign = if separator.permuted { "<=" } else { "=" };
    let corrected = format!("p {sign} {} after correction", p_value(separator.p_holm));
    let sandboxes = separator.sandboxes.map_or_else(String::new, |test| {
        let p = p_value(test.p);
        if test.within {
            format!("; within {} sandboxes: p <= {p}", test.n)
        } else {
            format!("; one vote a sandbox ({}): p = {p}", test.n)
        }
    });
    let not_seen = match usize::try_from(separator.not_seen).unwrap_or(usize::MAX) {
        0 => String::new(),
        copies => format!("; not seen in {}", counted(copies, "copy", "copies")),
    };
    format!("{how}, {corrected}{sandboxes}{not_seen}")
}

/// What else goes with the classes, with its test.
pub(super) fn told(pattern: &Pattern) -> String {
    let sign = if pattern.permuted { "<=" } else { "=" };
    let consequence = if pattern.consequence { "a consequence, " } else { "" };
    format!("{} ({consequence}p {sign} {} after correction)", pattern.statement, p_value(pattern.p_corrected))
}

/// How many copies of each class have this value.
pub(super) fn class_counts(value: &Value) -> String {
    let counts = value.classes.iter().map(|(class, copies)| format!("{class} x {copies}"));
    counts.collect::<Vec<_>>().join(", ")
}
