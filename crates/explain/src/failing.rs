//! What goes with the failures of a job.

use std::collections::BTreeSet;

use concord_protocol::{Facts, Failure, Outcome};

use crate::assessment::by_unit;
use crate::observed::Places;
use crate::statements::failing;
use crate::{Attribution, Classes, Design, ObservedRun, attribute, classify};

/// Facts that follow from a failure: the copy was attempted again, later in its process.
const OF_RETRIES: [&str; 6] = [
    "run.receive_count",
    "run.queue_wait_ms",
    "run.failed_attempts",
    "run.first_failure",
    "sandbox.call",
    "sandbox.start",
];

/// The label of the copies that did not fail.
const SUCCEEDED: &str = "succeeded";

/// What goes with the failures of a job.
pub(crate) struct Failing {
    pub(crate) attribution: Attribution,
    /// The sentence about it; absent when nothing goes with the failures beyond chance.
    pub(crate) sentence: Option<String>,
}

impl Failing {
    /// What goes with the failures, if some copies failed and others did not, or if they failed in several ways. Each copy
    /// counts once, with its first attempt if that is known. So a failure that a later attempt hid counts as a failure.
    pub(crate) fn of(outcomes: &[Outcome], places: &Places, design: &Design) -> Option<Self> {
        if outcomes.iter().map(label).collect::<BTreeSet<_>>().len() < 2 {
            return None;
        }
        let own: Vec<Facts> = outcomes.iter().map(of_first_attempt).collect();
        // When a first attempt ran, and how long, is not known.
        let is_timed = outcomes.iter().all(|outcome| first_failure(outcome).is_none());
        let nothing = Facts::default();
        let mut runs = Vec::with_capacity(outcomes.len());
        for (outcome, facts) in outcomes.iter().zip(&own) {
            runs.push(ObservedRun {
                copy: outcome.copy.index,
                digest: label(outcome),
                bytes: 0,
                started_at_ms: if is_timed { outcome.started_at.unix_ms } else { 0 },
                run_us: if is_timed { outcome.run_us } else { 0 },
                sandbox: outcome.environment.as_deref().map(|environment| environment.sandbox.as_str()),
                environment: places.facts_of(outcome).unwrap_or(&nothing),
                facts,
            });
        }
        let runs = by_unit(&runs, design.scope.unit);
        let attribution = attribute(&runs, &classes(&runs), design.scope);
        let sentence = failing(&attribution, design, SUCCEEDED);
        Some(Self { attribution, sentence })
    }
}

/// The reason of the first failure of a copy that was attempted again, if the worker knew it.
fn first_failure(outcome: &Outcome) -> Option<&str> {
    outcome.facts.get("run.first_failure")
}

/// How the first attempt ended, as far as that is known, in the words of a sentence about copies.
fn label(outcome: &Outcome) -> &str {
    let reason = first_failure(outcome).or(outcome.result.as_ref().err().map(Failure::reason));
    reason.map_or(SUCCEEDED, |reason| reason.strip_prefix("command ").unwrap_or(reason))
}

/// The facts of the first attempt.
fn of_first_attempt(outcome: &Outcome) -> Facts {
    let of_last = outcome.facts.iter().filter(|(name, _)| !name.starts_with(Facts::FIRST_ATTEMPT));
    let of_first = outcome
        .facts
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(Facts::FIRST_ATTEMPT)?, value)));
    Facts::gathered(of_last.chain(of_first).filter(|(name, _)| !OF_RETRIES.contains(name)))
}

/// The classes of the runs by their labels. The copies that succeeded come first: sentences speak of the other classes.
fn classes(runs: &[ObservedRun<'_>]) -> Classes {
    let Classes { mut classes, mut of_run } = classify(runs);
    if let Some(succeeded) = classes.iter().position(|class| class.digest == SUCCEEDED) {
        classes[..=succeeded].rotate_right(1);
        for place in &mut of_run {
            *place = if *place == succeeded { 0 } else { *place + usize::from(*place < succeeded) };
        }
    }
    for class in &mut classes {
        class.class.clone_from(&class.digest);
    }
    Classes { classes, of_run }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use concord_protocol::{CopyId, Digest, Environment, Produced, Timestamp};

    use super::*;
    use crate::Stage;

    /// A copy with its facts; `Some` is the reason of a failure.
    fn outcome(index: u32, failure: Option<&str>, facts: &[(&str, String)]) -> Outcome {
        let environment = Environment {
            sandbox: "s".to_owned(),
            identity: Facts::default(),
            facts: [("cpu.vendor", "x")].into_iter().collect(),
        };
        Outcome {
            copy: CopyId { job: "j".parse().unwrap(), index },
            round: 0,
            attempt: 1,
            result: failure.map_or(Ok(Produced { digest: Digest::of(b"1"), bytes: 1 }), |reason| {
                Err(Failure::new(reason))
            }),
            started_at: Timestamp { unix_ms: index.into() },
            run_us: 1,
            stderr_tail: String::new(),
            environment: Some(Arc::new(environment)),
            facts: facts.iter().map(|(name, value)| (*name, value.clone())).collect(),
        }
    }

    fn found(outcomes: &[Outcome]) -> Option<String> {
        Failing::of(outcomes, &Places::of(outcomes), &Design::plain(Stage::Ended))?.sentence
    }

    #[test]
    fn the_fact_that_goes_with_failures_is_named() {
        let copy = |copy: u32| {
            let threads = if copy % 4 == 1 { "3" } else { "2" };
            let failure = (copy % 4 == 1).then_some("command exited with code 3");
            let facts = [
                ("variable.OMP_NUM_THREADS", threads.to_owned()),
                ("run.receive_count", if failure.is_some() { "2" } else { "1" }.to_owned()),
                ("run.queue_wait_ms", if failure.is_some() { "200" } else { "1" }.to_owned()),
                ("cpu.parity", (copy % 3).to_string()),
            ];
            outcome(copy, failure, &facts)
        };
        let told = found(&(0..40).map(copy).collect::<Vec<_>>()).unwrap();
        assert!(
            told.starts_with(
                "variable.OMP_NUM_THREADS separates the failures perfectly: exited with code 3 in all 10 copies with 3, \
                 in none of the 30 with 2 (p = "
            ),
            "{told}"
        );
    }

    #[test]
    fn a_failure_that_a_later_attempt_hid_counts_with_the_facts_of_that_attempt() {
        let copy = |copy: u32| {
            let failed = copy % 4 == 1;
            let mut facts = vec![("reported.seed", "7".to_owned()), ("run.receive_count", "1".to_owned())];
            if failed {
                facts.extend([
                    ("first_attempt.reported.seed", "13".to_owned()),
                    ("run.failed_attempts", "1".to_owned()),
                    ("run.first_failure", "command was killed by signal 11".to_owned()),
                    ("run.receive_count", "2".to_owned()),
                ]);
            }
            outcome(copy, None, &facts)
        };
        let told = found(&(0..40).map(copy).collect::<Vec<_>>()).unwrap();
        assert!(
            told.contains("was killed by signal 11 in all 10 copies with 13, in none of the 30 with 7"),
            "{told}"
        );
    }

    #[test]
    fn what_follows_from_a_second_attempt_goes_with_no_failure() {
        let copy = |copy: u32| {
            let failed = [2, 9, 17].contains(&copy);
            let call = if failed { 19 + copy } else { copy + 1 };
            let mut facts = vec![("sandbox.call", call.to_string()), ("sandbox.start", "warm".to_owned())];
            facts.extend(failed.then(|| ("run.first_failure", "command exited with code 3".to_owned())));
            outcome(copy, None, &facts)
        };
        assert_eq!(found(&(0..20).map(copy).collect::<Vec<_>>()), None);
    }

    #[test]
    fn nothing_is_told_where_nothing_is_known() {
        assert_eq!(found(&[]), None);
        let same = |failure| (0..40).map(|copy| outcome(copy, failure, &[])).collect::<Vec<_>>();
        assert_eq!(found(&same(None)), None);
        assert_eq!(found(&same(Some("command exited with code 3"))), None);
        // Failures at random: nothing goes with them.
        let failed = [3, 4, 11, 17, 18, 26, 33];
        let at_random = |copy: u32| {
            let failure = failed.contains(&copy).then_some("command exited with code 3");
            outcome(copy, failure, &[("cpu.parity", (copy % 2).to_string())])
        };
        assert_eq!(found(&(0..40).map(at_random).collect::<Vec<_>>()), None);
    }
}
