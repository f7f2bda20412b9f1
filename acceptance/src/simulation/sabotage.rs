//! Deliberate mistakes of an adapter or of the fleet. They show that the checks find such mistakes.

use concord_protocol::{Cause, Job, JobId, JobState, Outcome, Timestamp, Verdict};

use crate::Memory;
use crate::conformance::examples::with;

/// A deliberate mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// A differing second outcome replaces the first.
    SecondOutcomeOverwrites,
    /// A differing second outcome is stored, but never enters the feed.
    SecondOutcomeIsNotFed,
    /// A tally is replaced instead of merged.
    TallyIsReplaced,
    /// A rollup is replaced instead of merged.
    RollupIsReplaced,
    /// A state is written, whatever the stored revision is.
    StateIsOverwritten,
    /// A verdict is never announced.
    AnnouncementIsDropped,
    /// A message is deleted when it is delivered.
    MessageIsDeletedEarly,
    /// A retried job is not settled before its copies are put on the queue.
    RetryIsNotSettled,
    /// A throttled call is taken for done.
    ThrottledOutcomeIsDropped,
    /// The changes of a job that could not be folded are acknowledged with the rest of their batch.
    WholeBatchIsAcknowledged,
    /// A change that comes after a later one of its job is taken for known.
    ChangesAreTakenToBeInOrder,
    /// A state is written anew for a change that had been folded before.
    ReplayIsWritten,
    /// A message about a deadline ends its job, whatever the time is.
    DeadlineIsTakenAsGiven,
}

impl Sabotage {
    /// All mistakes.
    pub const ALL: [Self; 13] = [
        Self::SecondOutcomeOverwrites,
        Self::SecondOutcomeIsNotFed,
        Self::TallyIsReplaced,
        Self::RollupIsReplaced,
        Self::StateIsOverwritten,
        Self::AnnouncementIsDropped,
        Self::MessageIsDeletedEarly,
        Self::RetryIsNotSettled,
        Self::ThrottledOutcomeIsDropped,
        Self::WholeBatchIsAcknowledged,
        Self::ChangesAreTakenToBeInOrder,
        Self::ReplayIsWritten,
        Self::DeadlineIsTakenAsGiven,
    ];

    /// Damages the store, so that recording this outcome goes wrong.
    pub(super) fn before_outcome(self, memory: &Memory, outcome: &Outcome) {
        let mut state = memory.state();
        let Some(stored) = state.jobs.get_mut(&outcome.copy.job) else { return };
        let first = stored.outcomes.get(&outcome.copy.index).and_then(|outcomes| outcomes.first());
        let differs = matches!((first.map(|first| &first.result), &outcome.result), (Some(Ok(first)), Ok(new))
            if first.digest != new.digest);
        if self == Self::SecondOutcomeOverwrites && differs {
            stored.outcomes.remove(&outcome.copy.index);
        }
    }

    /// Damages the store after a differing outcome was kept.
    pub(super) fn after_second_outcome(self, memory: &Memory) {
        if self == Self::SecondOutcomeIsNotFed {
            memory.state().feed.pop_last();
        }
    }

    /// Damages the store, so that the next merge goes wrong.
    pub(super) fn before_merge(self, memory: &Memory, job: &JobId, chunk: Option<u32>) {
        let mut state = memory.state();
        let Some(stored) = state.jobs.get_mut(job) else { return };
        match (self, chunk) {
            (Self::TallyIsReplaced, Some(chunk)) => drop(stored.tally.chunks.remove(&chunk)),
            (Self::RollupIsReplaced, None) => stored.rollup = concord_protocol::Rollup::default(),
            _ => {}
        }
    }

    /// The state that an aggregator writes for a change which had been folded before.
    pub(super) fn replayed(self, job: &Job, _: Timestamp) -> Option<JobState> {
        let is_over = job.state.ended_at().is_some() && job.state.verdict() == Verdict::Divergent;
        (self == Self::ReplayIsWritten && is_over).then(|| with(&job.state, |record| record.revision += 1))
    }

    /// The state that an aggregator writes for a message about a deadline at this time.
    pub(super) fn overdue(self, job: &Job, now: Timestamp) -> Option<JobState> {
        let is_open = job.state.verdict() == Verdict::Running;
        (self == Self::DeadlineIsTakenAsGiven && is_open).then(|| {
            with(&job.state, |record| {
                record.verdict = Verdict::Inconclusive;
                record.cause = Some(Cause::Deadline);
                (record.decided_at, record.ended_at) = (Some(now), Some(now));
                record.revision += 1;
            })
        })
    }

    /// The state to write instead of `state`.
    pub(super) fn state(self, memory: &Memory, job: &JobId, state: JobState) -> JobState {
        match memory.state().jobs.get(job) {
            Some(stored) if self == Self::StateIsOverwritten => {
                with(&state, |record| record.revision = stored.job.state.revision() + 1)
            }
            _ => state,
        }
    }
}
