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
