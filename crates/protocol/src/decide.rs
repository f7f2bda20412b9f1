use crate::limits::ROUNDS_MAX;
use crate::transition::next;
use crate::{Cause, Event, IllegalTransition, Job, JobState, Rollup, Timestamp, Verdict};

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
    let reached = rollup.reached(job.state.copies(), job.state.round());
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
    let reached = rollup.reached(state.copies(), state.round());
    let overdue = now >= state.deadline_at();
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
        let verdict = next(next(state.verdict(), Event::Decided(verdict)).ok()?, Event::Extended).ok()?;
        return Some(state.replaced(verdict, None, None, now).extended(copies));
    }
    let cause = latest_cause(state, verdict, cause);
    // A final verdict stands whatever else comes in.
    let verdict = next(state.verdict(), Event::Decided(verdict)).ok()?;
    let divergent = verdict == Verdict::Divergent;
    let stops = reached.accounted || overdue || (divergent && spec.policy.fail_fast);
    let ended_at = state.ended_at().or(stops.then_some(now));
    let unchanged = verdict == state.verdict() && ended_at == state.ended_at() && cause == state.cause();
    (!unchanged).then(|| state.replaced(verdict, cause, ended_at, now))
}

/// The cause that stands when a rollup calls for `cause`: the rollup may be older than the one that the state was decided
/// from, and then knows less.
fn latest_cause(state: &JobState, verdict: Verdict, cause: Option<Cause>) -> Option<Cause> {
    match (state.verdict(), verdict) {
        (Verdict::Inconclusive, Verdict::Inconclusive) => state.cause().max(cause),
        // Copies that differ among themselves were seen.
        (Verdict::Divergent, Verdict::Divergent) if state.cause().is_none() => None,
        _ => cause,
    }
}

impl Job {
    /// How many copies are wanted once more are: twice as many, up to the job's bound. None when that is reached, or when
    /// nothing more is started.
    fn extended(&self, now: Timestamp) -> Option<u32> {
        let Self { spec, state } = self;
        let open = state.ended_at().is_none() && now < state.deadline_at();
        let more = state.copies().saturating_mul(2).min(spec.policy.copies_max);
        (open && more > state.copies()).then_some(more)
    }

    /// The state after the user cancelled the job.
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

    /// The state after the user had the copies without a digest run again: a new round with a deadline of its own.
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

    /// The cause that stays when the user stops or retries a job: why it is divergent, which stays so.
    fn kept_cause(&self) -> Option<Cause> {
        self.state.cause().filter(|_| self.state.verdict() == Verdict::Divergent)
    }
}

#[cfg(test)]
mod tests;
