use crate::limits::ROUNDS_MAX;
use crate::transition::next;
use crate::{Cause, Digest, Event, IllegalTransition, Job, JobState, Rollup, Timestamp, Verdict};

/// Whether the outcomes of a divergent job show what separates its digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separation {
    /// They show it, or no one asked.
    Found,
    /// They do not show it yet. More copies may.
    Open,
}

/// Whether [`decide`] needs to know the [`Separation`]: only if the job is divergent, every copy is accounted for,
/// and the job may be extended.
#[must_use]
pub fn asks_for_separation(job: &Job, rollup: &Rollup, now: Timestamp) -> bool {
    let reached = rollup.reached(job.state.copies(), job.state.round());
    let asked = !job.spec.policy.fail_fast && reached.divergent && reached.accounted;
    asked && job.extended(now).is_some()
}

/// The next state of a job, by its rollup at `now`; `None` when the state does not change.
///
/// Fails closed. A job is `reproducible` when every copy gave a digest, all digests are equal (and equal to the
/// expected one, if there is one), the outputs are not empty, and they came from as many sandboxes as the job asks for.
/// Empty outputs, too few sandboxes, failures or a passed deadline make it `inconclusive`. Two digests, or one that is not the expected one, make it
/// `divergent` at once, and it stays divergent.
///
/// A job that may be extended does not end with too few sandboxes or with an unexplained divergence. It asks for
/// twice as many copies instead.
#[must_use]
pub fn decide(job: &Job, rollup: &Rollup, now: Timestamp, separation: Separation) -> Option<JobState> {
    let Job { spec, state } = job;
    let reached = rollup.reached(state.copies(), state.round());
    let overdue = now >= state.deadline_at();
    let drifted =
        spec.policy.expect.is_some_and(|expected| rollup.witnesses.iter().any(|seen| *seen != expected));
    let (verdict, cause) = if reached.divergent {
        (Verdict::Divergent, None)
    } else if drifted {
        (Verdict::Divergent, Some(Cause::Drift))
    } else if reached.produced && !spec.policy.accepts_empty() && rollup.witnesses.contains(&Digest::EMPTY) {
        (Verdict::Inconclusive, Some(Cause::Empty))
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
        let verdict = next(next(state.verdict(), Event::Decided(verdict)).ok()?, Event::Extended).ok()?;
        return Some(state.replaced(verdict, None, None, now).extended(copies));
    }
    let cause = latest_cause(state, verdict, cause);
    // A final verdict stays, whatever comes in later.
    let verdict = next(state.verdict(), Event::Decided(verdict)).ok()?;
    let divergent = verdict == Verdict::Divergent;
    let stops = reached.accounted || overdue || (divergent && spec.policy.fail_fast);
    let ended_at = state.ended_at().or(stops.then_some(now));
    let unchanged = verdict == state.verdict() && ended_at == state.ended_at() && cause == state.cause();
    (!unchanged).then(|| state.replaced(verdict, cause, ended_at, now))
}

/// The cause to record when the rollup gives `cause`. The rollup may be older than the one that decided `state`. It
/// then knows less, and must not replace the cause.
fn latest_cause(state: &JobState, verdict: Verdict, cause: Option<Cause>) -> Option<Cause> {
    match (state.verdict(), verdict) {
        (Verdict::Inconclusive, Verdict::Inconclusive) => state.cause().max(cause),
        // An earlier rollup showed two digests that differ. That is worse than drift.
        (Verdict::Divergent, Verdict::Divergent) if state.cause().is_none() => None,
        _ => cause,
    }
}

impl Job {
    /// The number of copies after the next extension: twice as many, up to the bound of the job. `None` when the
    /// bound is reached, the job has ended or its deadline has passed.
    fn extended(&self, now: Timestamp) -> Option<u32> {
        let Self { spec, state } = self;
        let open = state.ended_at().is_none() && now < state.deadline_at();
        let more = state.copies().saturating_mul(2).min(spec.policy.copies_max);
        (open && more > state.copies()).then_some(more)
    }

    /// The state after the user cancels the job.
    ///
    /// # Errors
    /// When the job has ended.
    pub fn cancelled(&self, now: Timestamp) -> Result<JobState, IllegalTransition> {
        let illegal = IllegalTransition { from: self.state.verdict(), event: Event::Cancelled };
        if self.state.ended_at().is_some() {
            return Err(illegal);
        }
        let verdict = next(self.state.verdict(), Event::Cancelled)?;
        Ok(self.state.replaced(verdict, self.kept_cause(), Some(now), now))
    }

    /// The state after the user retries the job: a new round, with a new deadline, for the copies without a digest.
    ///
    /// # Errors
    /// When the job has not ended, is final, or has had [`ROUNDS_MAX`] rounds.
    pub fn retried(&self, now: Timestamp) -> Result<JobState, IllegalTransition> {
        let illegal = IllegalTransition { from: self.state.verdict(), event: Event::Retried };
        if self.state.ended_at().is_none() || self.state.round() >= ROUNDS_MAX {
            return Err(illegal);
        }
        let verdict = next(self.state.verdict(), Event::Retried)?;
        let state = self.state.replaced(verdict, self.kept_cause(), None, now);
        Ok(state.in_next_round(now.plus_ms(self.spec.policy.timeout_ms)))
    }

    /// The cause to keep when the user cancels or retries a job. A divergent job stays divergent, so its cause stays.
    fn kept_cause(&self) -> Option<Cause> {
        self.state.cause().filter(|_| self.state.verdict() == Verdict::Divergent)
    }
}

#[cfg(test)]
mod tests;
