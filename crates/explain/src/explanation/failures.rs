//! Why copies failed, and how many.

use std::collections::BTreeMap;

use concord_protocol::{Failure, Outcome};

use super::FailedCopies;
use crate::Census;

/// The reasons of the copies that gave no digest, the most frequent first.
pub(super) fn last(outcomes: &[Outcome], census: Option<&Census>) -> Vec<FailedCopies> {
    let Some(census) = census else {
        let failures = outcomes.iter().filter_map(|outcome| outcome.result.as_ref().err());
        return counted(failures.map(Failure::reason));
    };
    let of_reason =
        |(reason, copies): &(String, u32)| FailedCopies { reason: reason.clone(), copies: (*copies).into() };
    census.failures.iter().map(of_reason).collect()
}

/// The reason of a hidden failure if the earlier attempt ran in another process, which recorded nothing.
const UNKNOWN_FAILURE: &str = "an earlier attempt gave no outcome";

/// The reasons of first failures that a later attempt hid, the most frequent first.
pub(super) fn hidden(outcomes: &[Outcome]) -> Vec<FailedCopies> {
    let reason = |outcome: &'_ Outcome| match outcome.facts.get("run.first_failure") {
        Some(reason) => Some(reason.to_owned()),
        None => (outcome.attempt > 1).then(|| UNKNOWN_FAILURE.to_owned()),
    };
    let reasons: Vec<String> =
        outcomes.iter().filter(|outcome| outcome.result.is_ok()).filter_map(reason).collect();
    counted(reasons.iter().map(String::as_str))
}

/// How often each reason occurs, the most frequent first.
fn counted<'a>(reasons: impl Iterator<Item = &'a str>) -> Vec<FailedCopies> {
    let mut counts = BTreeMap::<&str, u64>::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    let mut failures: Vec<_> = counts
        .into_iter()
        .map(|(reason, copies)| FailedCopies { reason: reason.to_owned(), copies })
        .collect();
    failures.sort_by_key(|failed| std::cmp::Reverse(failed.copies));
    failures
}

#[cfg(test)]
mod tests {
    use concord_protocol::{CopyId, Digest, Facts, Produced, Timestamp};

    use super::*;

    #[test]
    fn an_attempt_that_another_process_lost_is_a_hidden_failure() {
        let outcome = |attempt: u32, first_failure: Option<&str>| Outcome {
            copy: CopyId { job: "j".parse().unwrap(), index: attempt },
            round: 0,
            attempt,
            result: Ok(Produced { digest: Digest::of(b"1"), bytes: 1 }),
            started_at: Timestamp::from_unix_ms(0),
            run_us: 1,
            stderr_tail: String::new(),
            environment: None,
            facts: first_failure.map(|reason| ("run.first_failure", reason)).into_iter().collect::<Facts>(),
        };
        let failed = Outcome { result: Err(Failure::new("exit code 1")), ..outcome(2, None) };
        let found = hidden(&[
            outcome(1, None),
            outcome(2, Some("exit code 1")),
            outcome(3, None),
            outcome(2, None),
            failed,
        ]);
        let found: Vec<_> = found.iter().map(|failed| (failed.reason.as_str(), failed.copies)).collect();
        assert_eq!(found, [(UNKNOWN_FAILURE, 2), ("exit code 1", 1)]);
    }
}
