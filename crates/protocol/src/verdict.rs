use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::ROUNDS_MAX;
use crate::{Job, JobState, Rollup, Timestamp};

/// What is said of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No verdict yet.
    Running,
    /// Every copy gave a digest, and all are equal.
    Reproducible,
    /// Two digests differ, or one from the digest that is expected. Final.
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

/// Why a job is inconclusive, or divergent though its copies agree. In the order of how much has to be known for it:
/// of an inconclusive job a later one is not replaced by an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The deadline passed before every copy ended.
    Deadline,
    /// Every copy ended, but some failed.
    Failures,
    /// Every copy gave one and the same digest, but in fewer sandboxes than the job asks for.
    Coverage,
    /// The copies gave another digest than the one that is expected, and agree with each other so far.
    Drift,
}

impl Cause {
    /// The word for it, the same everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Failures => "failures",
            Self::Coverage => "coverage",
            Self::Drift => "drift",
        }
    }
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
    /// More copies are wanted, since those that there are do not say enough.
    Extended,
}

/// A thing that cannot happen to a job as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", match event {
    Event::Decided(to) => format!("a {from} job cannot become {to}"),
    Event::Cancelled => format!("a {from} job has ended and cannot be cancelled"),
    Event::Retried => format!("a {from} job cannot be retried"),
    Event::Extended => format!("a {from} job cannot be extended"),
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
        (Inconclusive, Event::Retried) | (Running, Event::Extended) => Ok(Running),
        // What differs stays different: cancelling stops the rest of the copies, a retry runs those that failed, and an
        // extension looks for why.
        (Divergent, Event::Decided(Divergent) | Event::Cancelled | Event::Retried | Event::Extended) => {
            Ok(Divergent)
        }
        (from, event) => Err(IllegalTransition { from, event }),
    }
}

/// Whether the outcomes of a divergent job show what separates its digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separation {
    /// They do, or nobody asks.
    Found,
    /// They do not: more copies may show it.
    Open,
}

/// Whether [`decide`] needs to know the [`Separation`]: of a divergent job whose copies are all accounted for, and
/// which may be extended.
#[must_use]
pub fn asks_for_separation(job: &Job, rollup: &Rollup, now: Timestamp) -> bool {
    let reached = rollup.reached(job.state.copies, job.state.round);
    let asked = !job.spec.policy.fail_fast && reached.divergent && reached.accounted;
    asked && job.extended(now).is_some()
}

/// The state that a job's rollup calls for at `now`; `None` when it stands as it should.
///
/// Fails closed: `reproducible` needs a digest from every copy, all equal, equal to the expected one if there is one,
/// and from as many sandboxes as the job asks for; too few of them, failures or a passed deadline make `inconclusive`; two digests, or one that is not the expected one, make
/// `divergent` at once, and nothing turns that back.
///
/// A job that may be extended asks for twice as many copies instead of ending with too few sandboxes, or with a
/// divergence that nothing explains yet.
#[must_use]
pub fn decide(job: &Job, rollup: &Rollup, now: Timestamp, separation: Separation) -> Option<JobState> {
    let Job { spec, state } = job;
    let reached = rollup.reached(state.copies, state.round);
    let overdue = now >= state.deadline_at;
    let drifted =
        spec.policy.expect.is_some_and(|expected| rollup.witnesses.iter().any(|seen| *seen != expected));
    let (verdict, cause) = if reached.divergent {
        (Verdict::Divergent, None)
    } else if drifted {
        (Verdict::Divergent, Some(Cause::Drift))
    } else if reached.produced && rollup.sandboxes.len() < spec.policy.sandboxes_min {
        (Verdict::Inconclusive, Some(Cause::Coverage))
    } else if reached.produced {
        (Verdict::Reproducible, None)
    } else if reached.accounted {
        (Verdict::Inconclusive, Some(Cause::Failures))
    } else if overdue {
        (Verdict::Inconclusive, Some(Cause::Deadline))
    } else {
        (Verdict::Running, None)
    };
    let unexplained = separation == Separation::Open && asks_for_separation(job, rollup, now);
    if (cause == Some(Cause::Coverage) || unexplained)
        && let Some(copies) = job.extended(now)
    {
        let verdict = if unexplained { verdict } else { Verdict::Running };
        let verdict = next(next(state.verdict, Event::Decided(verdict)).ok()?, Event::Extended).ok()?;
        return Some(JobState { copies, ..replaced(state, verdict, None, None, now) });
    }
    let cause = latest_cause(state, verdict, cause);
    // A final verdict stands whatever else comes in.
    let verdict = next(state.verdict, Event::Decided(verdict)).ok()?;
    let divergent = verdict == Verdict::Divergent;
    let stops = reached.accounted || overdue || (divergent && spec.policy.fail_fast);
    let ended_at = state.ended_at.or(stops.then_some(now));
    let unchanged = verdict == state.verdict && ended_at == state.ended_at && cause == state.cause;
    (!unchanged).then(|| replaced(state, verdict, cause, ended_at, now))
}

/// The cause that stands when a rollup calls for `cause`: the rollup may be older than the one that the state was decided
/// from, and then knows less.
fn latest_cause(state: &JobState, verdict: Verdict, cause: Option<Cause>) -> Option<Cause> {
    match (state.verdict, verdict) {
        (Verdict::Inconclusive, Verdict::Inconclusive) => state.cause.max(cause),
        // Copies that differ among themselves were seen.
        (Verdict::Divergent, Verdict::Divergent) if state.cause.is_none() => None,
        _ => cause,
    }
}

fn replaced(
    state: &JobState,
    verdict: Verdict,
    cause: Option<Cause>,
    ended_at: Option<Timestamp>,
    now: Timestamp,
) -> JobState {
    let decided_at = match verdict {
        Verdict::Running => None,
        same if same == state.verdict => state.decided_at,
        _ => Some(now),
    };
    // What the verdict before rested on is not what this one does.
    let evidence = None;
    JobState { verdict, cause, ended_at, decided_at, evidence, revision: state.revision + 1, ..state.clone() }
}

impl Job {
    /// How many copies are wanted once more are: twice as many, up to the job's bound. None when that is reached, or when
    /// nothing more is started.
    fn extended(&self, now: Timestamp) -> Option<u32> {
        let Self { spec, state } = self;
        let open = state.ended_at.is_none() && now < state.deadline_at;
        let more = state.copies.saturating_mul(2).min(spec.policy.copies_max);
        (open && more > state.copies).then_some(more)
    }

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
        Ok(replaced(&self.state, verdict, self.kept_cause(), Some(now), now))
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
        let state = replaced(&self.state, verdict, self.kept_cause(), None, now);
        Ok(JobState {
            round: state.round + 1,
            deadline_at: now.plus_ms(self.spec.policy.timeout_ms),
            ..state
        })
    }

    /// The cause that stays when the user stops or retries a job: why it is divergent, which stays so.
    fn kept_cause(&self) -> Option<Cause> {
        self.state.cause.filter(|_| self.state.verdict == Verdict::Divergent)
    }
}

#[cfg(test)]
mod tests;
