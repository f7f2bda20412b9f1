use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::ROUNDS_MAX;
use crate::{Job, JobState, Roll, Timestamp};

/// What is said of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No verdict yet.
    Running,
    /// Every copy gave a digest, and all are equal.
    Reproducible,
    /// Two digests differ. Final.
    Divergent,
    /// Not every copy is accounted for with a digest.
    Inconclusive,
    /// Stopped by the user. Final.
    Cancelled,
}

impl Verdict {
    /// All of them, as help lists them.
    pub const ALL: [Self; 5] =
        [Self::Running, Self::Reproducible, Self::Divergent, Self::Inconclusive, Self::Cancelled];

    /// The word for it, the same everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Reproducible => "reproducible",
            Self::Divergent => "divergent",
            Self::Inconclusive => "inconclusive",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A text that names no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a verdict: {found:?}")]
pub struct VerdictError {
    /// What stood there.
    pub found: String,
}

impl FromStr for Verdict {
    type Err = VerdictError;

    fn from_str(text: &str) -> Result<Self, VerdictError> {
        let named = Self::ALL.into_iter().find(|verdict| verdict.as_str() == text);
        named.ok_or_else(|| VerdictError { found: text.to_owned() })
    }
}

/// Why a job is inconclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InconclusiveCause {
    /// Every copy ended, but some failed.
    Failures,
    /// The deadline passed before every copy ended.
    Deadline,
}

/// What happens to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Its outcomes call for this verdict.
    Decided(Verdict),
    /// The user stops it.
    Cancelled,
    /// The user has its copies without a digest run again.
    Retried,
}

/// A thing that cannot happen to a job as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", match event {
    Event::Decided(to) => format!("a {from} job cannot become {to}"),
    Event::Cancelled => format!("a {from} job has ended and cannot be cancelled"),
    Event::Retried => format!("a {from} job cannot be retried"),
})]
pub struct IllegalTransition {
    /// The verdict as it stands.
    pub from: Verdict,
    /// What was to happen.
    pub event: Event,
}

/// The legal transitions.
///
/// # Errors
/// Every pair that the match does not name.
pub fn next(from: Verdict, event: Event) -> Result<Verdict, IllegalTransition> {
    use Verdict::{Cancelled, Divergent, Inconclusive, Reproducible, Running};
    match (from, event) {
        (Running, Event::Decided(to @ (Running | Reproducible | Divergent | Inconclusive)))
        | (Inconclusive, Event::Decided(to @ (Inconclusive | Reproducible | Divergent)))
        | (Reproducible, Event::Decided(to @ (Reproducible | Divergent))) => Ok(to),
        (Running, Event::Cancelled) => Ok(Cancelled),
        (Inconclusive, Event::Retried) => Ok(Running),
        // What differs stays different: cancelling stops the rest of the copies, a retry runs those that failed.
        (Divergent, Event::Decided(Divergent) | Event::Cancelled | Event::Retried) => Ok(Divergent),
        (from, event) => Err(IllegalTransition { from, event }),
    }
}

/// The state that a job's roll calls for at `now`; `None` when it stands as it should.
///
/// Fails closed: `reproducible` needs a digest from every copy, all equal; failures or a passed deadline make
/// `inconclusive`; two digests make `divergent` at once, and nothing turns that back.
#[must_use]
pub fn decide(job: &Job, roll: &Roll, now: Timestamp) -> Option<JobState> {
    let Job { spec, state } = job;
    let reached = roll.reached(spec.copies, state.round);
    let overdue = now >= state.deadline_at;
    let (verdict, cause) = if reached.divergent {
        (Verdict::Divergent, None)
    } else if reached.produced {
        (Verdict::Reproducible, None)
    } else if reached.accounted {
        (Verdict::Inconclusive, Some(InconclusiveCause::Failures))
    } else if overdue {
        (Verdict::Inconclusive, Some(InconclusiveCause::Deadline))
    } else {
        (Verdict::Running, None)
    };
    // The roll may be older than the one that the state was decided from: failures that accounted for every copy stand.
    let cause = match (state.cause, cause) {
        (Some(InconclusiveCause::Failures), Some(_)) => state.cause,
        _ => cause,
    };
    // A final verdict stands whatever else comes in.
    let verdict = next(state.verdict, Event::Decided(verdict)).ok()?;
    let stops = reached.accounted || overdue || (reached.divergent && spec.policy.fail_fast);
    let ended_at = state.ended_at.or(stops.then_some(now));
    let unchanged = verdict == state.verdict && ended_at == state.ended_at && cause == state.cause;
    (!unchanged).then(|| replaced(state, verdict, cause, ended_at, now))
}

fn replaced(
    state: &JobState,
    verdict: Verdict,
    cause: Option<InconclusiveCause>,
    ended_at: Option<Timestamp>,
    now: Timestamp,
) -> JobState {
    let decided_at = match verdict {
        Verdict::Running => None,
        same if same == state.verdict => state.decided_at,
        _ => Some(now),
    };
    JobState { verdict, cause, ended_at, decided_at, revision: state.revision + 1, ..state.clone() }
}

impl Job {
    /// The state after the user cancelled the job.
    ///
    /// # Errors
    /// When the job has ended.
    pub fn cancelled(&self, now: Timestamp) -> Result<JobState, IllegalTransition> {
        let illegal = IllegalTransition { from: self.state.verdict, event: Event::Cancelled };
        if self.state.ended_at.is_some() {
            return Err(illegal);
        }
        let verdict = next(self.state.verdict, Event::Cancelled)?;
        Ok(replaced(&self.state, verdict, None, Some(now), now))
    }

    /// The state after the user had the copies without a digest run again: a new round with a deadline of its own.
    ///
    /// # Errors
    /// When the job has not ended, is final, or has had [`ROUNDS_MAX`] rounds.
    pub fn retried(&self, now: Timestamp) -> Result<JobState, IllegalTransition> {
        let illegal = IllegalTransition { from: self.state.verdict, event: Event::Retried };
        if self.state.ended_at.is_none() || self.state.round >= ROUNDS_MAX {
            return Err(illegal);
        }
        let verdict = next(self.state.verdict, Event::Retried)?;
        let state = replaced(&self.state, verdict, None, None, now);
        Ok(JobState {
            round: state.round + 1,
            deadline_at: now.plus_ms(self.spec.policy.timeout_ms),
            ..state
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Verdict::{Cancelled, Divergent, Inconclusive, Reproducible, Running};
    use super::*;
    use crate::limits::ROUNDS_MAX;
    use crate::{Calculation, CopySet, Digest, JobSpec, Policy};

    /// What becomes of a job, by its verdict: decided to be each of [`Verdict::ALL`], cancelled, retried.
    const TRANSITIONS: [(Verdict, [Option<Verdict>; 7]); 5] = [
        (
            Running,
            [
                Some(Running),
                Some(Reproducible),
                Some(Divergent),
                Some(Inconclusive),
                None,
                Some(Cancelled),
                None,
            ],
        ),
        (Reproducible, [None, Some(Reproducible), Some(Divergent), None, None, None, None]),
        (Divergent, [None, None, Some(Divergent), None, None, Some(Divergent), Some(Divergent)]),
        (
            Inconclusive,
            [None, Some(Reproducible), Some(Divergent), Some(Inconclusive), None, None, Some(Running)],
        ),
        (Cancelled, [None; 7]),
    ];

    #[test]
    fn what_is_not_legal_is_an_error() {
        for (from, expected) in TRANSITIONS {
            let decided = Verdict::ALL.map(Event::Decided);
            let events = decided.into_iter().chain([Event::Cancelled, Event::Retried]);
            for (event, expect) in events.zip(expected) {
                assert_eq!(
                    next(from, event),
                    expect.ok_or(IllegalTransition { from, event }),
                    "{from} {event:?}"
                );
            }
        }
    }

    const DEADLINE: Timestamp = Timestamp { unix_ms: 2_000 };

    fn job(verdict: Verdict, fail_fast: bool) -> Job {
        let spec = JobSpec {
            job: "j".parse().unwrap(),
            submission: "j".parse().unwrap(),
            submitted_at: Timestamp::from_unix_ms(1_000),
            payload_digest: Digest::of(b""),
            payload_bytes: 0,
            copies: 1_500,
            calculation: Calculation::Probe { name: "echo".to_owned() },
            policy: Policy { attempts: 2, timeout_ms: 1_000, copy_timeout_ms: 1, fail_fast, select: None },
        };
        let state = JobState { verdict, ..spec.first_state() };
        Job { spec: spec.into(), state }
    }

    fn roll(witnesses: &[&[u8]], produced: u32, accounted: u32) -> Roll {
        Roll {
            witnesses: witnesses.iter().map(|output| Digest::of(output)).collect::<BTreeSet<_>>(),
            produced: CopySet::first(produced),
            round: 0,
            accounted: CopySet::first(accounted),
        }
    }

    /// A verdict, and whether the job has ended with it; `None` when nothing changes.
    fn decided(job: &Job, roll: &Roll, now: u64) -> Option<(Verdict, bool)> {
        let state = decide(job, roll, Timestamp::from_unix_ms(now))?;
        assert_eq!(state.revision, job.state.revision + 1);
        Some((state.verdict, state.ended_at.is_some()))
    }

    #[test]
    fn it_fails_closed() {
        let running = job(Running, false);
        let (agreed, differ): (&[&[u8]], &[&[u8]]) = (&[b"a"], &[b"a", b"b"]);
        let check =
            |roll: Roll, now, expect| assert_eq!(decided(&running, &roll, now), expect, "{roll:?} at {now}");
        check(roll(&[], 0, 0), 1_999, None);
        check(roll(agreed, 1, 0), 1_999, None);
        check(roll(agreed, 2, 0), 1_999, Some((Reproducible, true)));
        check(roll(agreed, 2, 0), 5_000, Some((Reproducible, true)));
        check(roll(agreed, 1, 2), 1_999, Some((Inconclusive, true)));
        check(roll(&[], 0, 2), 1_999, Some((Inconclusive, true)));
        check(roll(agreed, 1, 0), 2_000, Some((Inconclusive, true)));
        check(roll(differ, 0, 0), 1_000, Some((Divergent, false)));
        check(roll(differ, 2, 0), 1_000, Some((Divergent, true)));
        check(roll(differ, 1, 0), 2_000, Some((Divergent, true)));
        assert_eq!(decided(&job(Running, true), &roll(differ, 0, 0), 1_000), Some((Divergent, true)));
    }

    #[test]
    fn what_is_final_stays_and_what_is_late_counts() {
        let (agreed, differ): (&[&[u8]], &[&[u8]]) = (&[b"a"], &[b"a", b"b"]);
        let ended = |verdict| {
            let mut job = job(verdict, false);
            job.state.ended_at = Some(DEADLINE);
            job
        };
        let check = |verdict, roll: Roll, expect| assert_eq!(decided(&ended(verdict), &roll, 3_000), expect);
        check(Reproducible, roll(differ, 2, 0), Some((Divergent, true)));
        check(Inconclusive, roll(agreed, 2, 0), Some((Reproducible, true)));
        check(Divergent, roll(agreed, 2, 0), None);
        check(Cancelled, roll(differ, 2, 0), None);
    }

    #[test]
    fn a_retry_is_a_new_round_with_a_deadline_of_its_own() {
        let mut job = job(Inconclusive, false);
        let now = Timestamp::from_unix_ms(9_000);
        assert!(job.retried(now).is_err(), "it has not ended");
        job.state.ended_at = Some(DEADLINE);
        let state = job.retried(now).unwrap();
        assert_eq!((state.verdict, state.round, state.ended_at), (Running, 1, None));
        assert_eq!((state.deadline_at, state.decided_at), (Timestamp::from_unix_ms(10_000), None));
        assert!(job.cancelled(now).is_err(), "it has ended");
        job.state.round = ROUNDS_MAX;
        assert!(job.retried(now).is_err(), "enough is enough");
    }
}
