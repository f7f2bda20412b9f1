use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::candidates::Source;
use super::material::Material;
use super::orders::By;
use super::significance::SIGNIFICANCE_LEVEL;
use crate::{Classes, ObservedRun, Unit, p_told};
use concord_statistics::{Finding, StudyFindings};

/// How the classes are spread over something that is not a recorded fact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Split {
    /// What the classes are spread over: `sandbox`, `copy` (one copy gave two digests), `time`, `position`, `blocks`,
    /// `parity`.
    pub by: String,
    /// The finding, in a sentence.
    pub statement: String,
    /// The uncorrected p-value, as a bound by permutations; `None` if nothing is tested.
    pub p: Option<f64>,
}

/// All splits, the most informative ones first.
pub(super) fn splits(material: &Material<'_>, findings: &StudyFindings, unit: Unit) -> Vec<Split> {
    let mut found = Vec::new();
    found.extend(by_copy(material.runs, material.classes));
    found.extend(by_unit(material.runs, material.classes, unit));
    for (source, finding) in material.candidates.sources.iter().zip(&findings.candidates) {
        let (by, what) = match source {
            Source::Change(place) if material.candidates.places[*place].by == By::Start => {
                ("time", "The mix of classes changes with time")
            }
            Source::Change(_) => ("position", "The mix of classes changes at some copy"),
            Source::Blocks(place) if material.candidates.places[*place].by == By::Copy => {
                ("blocks", "Copies of one class come in blocks, or alternate")
            }
            Source::Parity => ("parity", "The mix of classes changes from even to odd copies"),
            _ => continue,
        };
        found.push(tested(by, what, finding, material.corrected(finding)));
    }
    found
}

fn tested(by: &str, what: &str, finding: &Finding, p_corrected: f64) -> Split {
    let statement = if p_corrected <= SIGNIFICANCE_LEVEL {
        format!("{what} ({} after correction)", p_told(p_corrected, true))
    } else {
        let (first, rest) = what.split_at(1);
        format!("no sign that {}{rest}", first.to_lowercase())
    };
    Split { by: by.to_owned(), statement, p: Some(finding.p_permuted) }
}

/// The split by copy. If one copy gave two digests, a difference between sandboxes is not needed to explain it.
fn by_copy(runs: &[ObservedRun<'_>], classes: &Classes) -> Option<Split> {
    let mut gave = BTreeMap::<u32, BTreeSet<usize>>::new();
    for (run, &class) in runs.iter().zip(&classes.of_run) {
        gave.entry(run.copy).or_default().insert(class);
    }
    let several: Vec<u32> =
        gave.iter().filter(|(_, classes)| classes.len() > 1).map(|(&copy, _)| copy).collect();
    let statement = match several[..] {
        [] => return None,
        [copy] => format!("copy {copy} gave two digests when it was run twice"),
        [first, ..] => {
            format!("{} copies gave two digests when they were run twice, copy {first} first", several.len())
        }
    };
    Some(Split { by: "copy".to_owned(), statement, p: None })
}

/// The split by what copies share: by sandbox, or by machine.
fn by_unit(runs: &[ObservedRun<'_>], classes: &Classes, unit: Unit) -> Option<Split> {
    let [one, many] = unit.nouns();
    let mut gave = BTreeMap::<&str, (u64, BTreeSet<usize>)>::new();
    for (run, &class) in runs.iter().zip(&classes.of_run) {
        if let Some(sandbox) = run.sandbox {
            let known = gave.entry(sandbox).or_default();
            known.0 += 1;
            known.1.insert(class);
        }
    }
    let repeated: Vec<_> = gave.values().filter(|(runs, _)| *runs >= 2).collect();
    let several = repeated.iter().filter(|(_, classes)| classes.len() > 1).count();
    let statement = match (gave.len(), repeated.len(), several) {
        (0, _, _) => return None,
        (1, 0, _) => {
            format!("the one {one} ran one copy, so it is unknown whether it would give several classes")
        }
        (all, 0, _) => format!(
            "each of {all} {many} ran one copy, so it is unknown whether one would give several classes"
        ),
        (1, 1, 1) if unit == Unit::Machine => "one machine gave more than one class".to_owned(),
        (_, 1, 1) => format!("the one {one} with 2 or more copies gave more than one class"),
        (_, all, several) if several == all => {
            format!("every one of {all} {many} with 2 or more copies gave more than one class")
        }
        (_, all, 0) => format!(
            "no {one} gave more than one class ({all} ran 2 or more copies): look for what differs between {many}"
        ),
        (_, all, several) => {
            format!("{several} of {all} {many} with 2 or more copies gave more than one class")
        }
    };
    Some(Split { by: "sandbox".to_owned(), statement, p: None })
}

#[cfg(test)]
mod tests {
    use concord_protocol::Facts;

    use super::*;
    use crate::{Scope, attribute, classify};

    fn found(runs: &[(u32, &str, Option<&str>, u64)]) -> Vec<(String, String)> {
        found_by(runs, Unit::Sandbox)
    }

    fn found_by(runs: &[(u32, &str, Option<&str>, u64)], unit: Unit) -> Vec<(String, String)> {
        let nothing = Facts::default();
        let run = |&(copy, digest, sandbox, started_at_ms)| ObservedRun {
            copy,
            digest,
            bytes: 0,
            started_at_ms,
            run_us: 0,
            sandbox,
            environment: &nothing,
            facts: &nothing,
        };
        let runs: Vec<_> = runs.iter().map(run).collect();
        attribute(&runs, &classify(&runs), Scope { unit, ..Scope::default() })
            .splits
            .into_iter()
            .map(|split| (split.by, split.statement))
            .collect()
    }

    fn check(found: &[(String, String)], by: &str, expect: Option<&str>) {
        let statement = found.iter().find(|split| split.0 == by).map(|split| split.1.as_str());
        assert_eq!(statement, expect, "{by}");
    }

    #[test]
    fn a_change_over_time_is_distinguished_from_one_over_positions() {
        let runs: Vec<_> = (0..40_u32)
            .map(|copy| (copy, if copy % 2 == 0 { "a" } else { "b" }, Some("s"), u64::from(copy % 2)))
            .collect();
        let found = found(&runs);
        check(&found, "copy", None);
        check(&found, "sandbox", Some("the one sandbox with 2 or more copies gave more than one class"));
        check(&found, "time", Some("The mix of classes changes with time (p <= 1.0e-4 after correction)"));
        check(&found, "position", Some("no sign that the mix of classes changes at some copy"));
        check(
            &found,
            "parity",
            Some("The mix of classes changes from even to odd copies (p <= 1.0e-4 after correction)"),
        );
    }

    #[test]
    fn copies_of_one_machine_have_no_sandboxes() {
        let one = [(0, "a", Some("m"), 0), (1, "b", Some("m"), 0)];
        check(&found_by(&one, Unit::Machine), "sandbox", Some("one machine gave more than one class"));
        let two = [one[0], one[1], (2, "a", Some("n"), 0), (3, "a", Some("n"), 0)];
        let expect = "1 of 2 machines with 2 or more copies gave more than one class";
        check(&found_by(&two, Unit::Machine), "sandbox", Some(expect));
    }

    #[test]
    fn a_copy_with_two_digests_is_reported() {
        let found = found(&[(0, "a", None, 0), (1, "a", None, 0), (1, "b", None, 1)]);
        check(&found, "copy", Some("copy 1 gave two digests when it was run twice"));
        check(&found, "sandbox", None);
    }

    #[test]
    fn sandboxes_with_one_class_each_are_reported() {
        let runs = [(0, "a", Some("s"), 0), (1, "a", Some("s"), 0), (2, "b", Some("t"), 0)];
        let expect = "no sandbox gave more than one class (1 ran 2 or more copies): look for what differs between sandboxes";
        check(&found(&runs), "sandbox", Some(expect));
        let expect =
            "each of 2 sandboxes ran one copy, so it is unknown whether one would give several classes";
        check(&found(&runs[1..]), "sandbox", Some(expect));
    }
}
