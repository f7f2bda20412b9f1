//! Sentences about an explanation that several forms of a report share.

use std::fmt::Write as _;

use concord_explain::{
    Coverage, Equivalence, Pattern, SIGNIFICANCE_LEVEL, Separator, Split, Unit, UnitTest, Value, p_told,
};

use super::words::{counted, elapsed, grouped};
use crate::result::explanation::ExplainedJob;

/// How many copies gave a digest, failed, and were read.
pub(super) fn copies(explained: &ExplainedJob) -> String {
    let mut words = format!(
        "{} of {} gave a digest, {} distinct",
        grouped(explained.produced.into()),
        counted(explained.copies as usize, "copy", "copies"),
        grouped(explained.distinct_digests as u64)
    );
    if explained.failed > 0 {
        let _ = write!(words, "; {} failed", grouped(explained.failed.into()));
    }
    let _ = write!(words, "; {}", elapsed(explained.elapsed_ms));
    if explained.copies_read < explained.copies {
        let _ = write!(words, ". Explained from {} of these copies", grouped(explained.copies_read.into()));
    }
    words
}

/// Where the copies ran, of the `produced` copies that gave a digest.
pub(super) fn coverage(coverage: &Coverage, unit: Unit, produced: u32) -> String {
    if coverage.copies == 0 {
        return "seen: nothing, since no copy gave a digest".to_owned();
    }
    let count = |count: u64, before: &str, one: &str, many: &str| {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        (count > 0).then(|| format!("{before}{}", counted(count, one, many)))
    };
    if unit == Unit::Unseen || !coverage.host_seen {
        let callers = count(coverage.sandboxes, "", "process", "processes").unwrap_or_default();
        return format!("called from {callers} here; the machines that ran it are not seen");
    }
    let copies = if coverage.copies < u64::from(produced) {
        format!("{} of {} copies", grouped(coverage.copies), grouped(produced.into()))
    } else {
        counted(produced as usize, "copy", "copies")
    };
    let sandboxes = count(coverage.sandboxes, " in ", "sandbox", "sandboxes");
    let place =
        [sandboxes.filter(|_| unit == Unit::Sandbox), count(coverage.hosts, " on ", "machine", "machines")];
    let kinds = [
        count(coverage.cpu_kinds, ", ", "kind of CPU", "kinds of CPU"),
        count(coverage.canary_classes, ", ", "canary class", "canary classes"),
        count(coverage.architectures, ", ", "architecture", "architectures"),
        count(coverage.memory_sizes, ", ", "memory size", "memory sizes"),
    ];
    let words: String = place.into_iter().chain(kinds).flatten().collect();
    format!("seen: {copies}{words}")
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

/// How strongly a separator separates the classes. Each p-value is a corrected one.
pub(super) fn strength(separator: &Separator, unit: Unit) -> String {
    let how = match (separator.perfect, separator.consequence) {
        (true, false) => "separates perfectly".to_owned(),
        (_, true) => "follows the classes".to_owned(),
        (false, false) => format!("explains {:.0} % of the classes", (100.0 * separator.explained).floor()),
    };
    let p = p_told(separator.p_holm, separator.permuted);
    let shared = separator.sandboxes.map_or_else(String::new, |test| by_unit(test, unit));
    let not_seen = match usize::try_from(separator.not_seen).unwrap_or(usize::MAX) {
        0 => String::new(),
        copies => format!("; not seen in {}", counted(copies, "copy", "copies")),
    };
    format!("{how}, {p} after correction{shared}{not_seen}")
}

/// What else goes with the classes, with its test.
pub(super) fn told(pattern: &Pattern, unit: Unit) -> String {
    let consequence = if pattern.consequence { "a consequence, " } else { "" };
    let p = p_told(pattern.p_corrected, pattern.permuted);
    let shared = pattern.sandboxes.map_or_else(String::new, |test| by_unit(test, unit));
    format!("{} ({consequence}{p} after correction{shared})", pattern.statement)
}

/// The test that does not count copies of one sandbox, or of one machine, as independent.
fn by_unit(test: UnitTest, unit: Unit) -> String {
    let [one, many] = unit.nouns();
    let all = counted(usize::try_from(test.n).unwrap_or(usize::MAX), one, many);
    let p = p_told(test.p_holm, test.within);
    let chance = if test.p_holm > SIGNIFICANCE_LEVEL { ", maybe chance" } else { "" };
    if test.within {
        format!("; within {all} {p}{chance}")
    } else {
        format!("; with one vote for each of {all} {p}{chance}")
    }
}

/// How the classes are spread over what is no fact. Where that is beyond chance, a pattern says so already; what shows no
/// sign is one sentence.
pub(super) fn spread(splits: &[Split]) -> Vec<String> {
    let (tested, seen): (Vec<_>, Vec<_>) = splits.iter().partition(|split| split.p.is_some());
    let clean: Vec<_> =
        tested.iter().filter_map(|split| split.statement.strip_prefix("no sign that ")).collect();
    let clean = (!clean.is_empty()).then(|| format!("no sign that {}", clean.join(", nor that ")));
    seen.into_iter().map(|split| split.statement.clone()).chain(clean).collect()
}

/// The failures that a later attempt hid, as the head of a list.
pub(super) fn hidden_failures_head(explained: &ExplainedJob) -> String {
    let read = if explained.copies_read < explained.copies {
        format!(", of {} copies that were read", grouped(explained.copies_read.into()))
    } else {
        String::new()
    };
    format!("failed at first, and gave a digest at a later attempt{read}")
}

/// How many copies of each class have this value.
pub(super) fn class_counts(value: &Value) -> String {
    let counts = value.classes.iter().map(|(class, copies)| format!("{class} x {}", grouped(*copies)));
    counts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COVERAGE: Coverage = Coverage {
        copies: 20,
        sandboxes: 3,
        hosts: 1,
        cpu_kinds: 1,
        canary_classes: 2,
        architectures: 1,
        memory_sizes: 0,
        host_seen: true,
    };

    #[test]
    fn only_a_stack_has_sandboxes() {
        let check = |unit, produced, expect: &str| assert_eq!(coverage(&COVERAGE, unit, produced), expect);
        check(
            Unit::Machine,
            20,
            "seen: 20 copies on 1 machine, 1 kind of CPU, 2 canary classes, 1 architecture",
        );
        check(
            Unit::Sandbox,
            30,
            "seen: 20 of 30 copies in 3 sandboxes on 1 machine, 1 kind of CPU, 2 canary classes, 1 architecture",
        );
        check(Unit::Unseen, 20, "called from 3 processes here; the machines that ran it are not seen");
    }

    #[test]
    fn a_test_by_machine_does_not_speak_of_sandboxes() {
        let test = |within| UnitTest { n: 3, p: 0.01, p_holm: 0.061_2, within };
        assert_eq!(by_unit(test(true), Unit::Machine), "; within 3 machines p <= 0.062, maybe chance");
        let votes = "; with one vote for each of 3 sandboxes p = 0.061, maybe chance";
        assert_eq!(by_unit(test(false), Unit::Sandbox), votes);
    }

    #[test]
    fn what_a_pattern_says_is_not_said_twice() {
        let split =
            |by: &str, statement: &str, p| Split { by: by.to_owned(), statement: statement.to_owned(), p };
        let splits = [
            split("sandbox", "one machine gave more than one class", None),
            split(
                "position",
                "The mix of classes changes at some copy (p <= 1.0e-4 after correction)",
                Some(1e-4),
            ),
            split("time", "no sign that the mix of classes changes with time", Some(0.4)),
            split("parity", "no sign that the mix of classes changes from even to odd copies", Some(0.4)),
        ];
        let clean = "no sign that the mix of classes changes with time, nor that the mix of classes changes from even to \
                     odd copies";
        assert_eq!(spread(&splits), ["one machine gave more than one class", clean]);
        assert!(spread(&splits[1..2]).is_empty());
    }
}
