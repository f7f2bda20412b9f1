//! Mistakes that an adapter could make, to show that the checks find them.

use concord_protocol::{JobId, JobState, Outcome};

use crate::Memory;
use crate::conformance::examples::with;

/// A mistake in the adapter, or in what drives the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// A second, differing outcome takes the place of the first.
    SecondOutcomeOverwrites,
    /// A second, differing outcome is stored and never enters the feed.
    SecondOutcomeIsNotFed,
    /// A tally is replaced by what is to be merged into it.
    TallyIsReplaced,
    /// A rollup is replaced by what is to be merged into it.
    RollupIsReplaced,
    /// A state is written whatever stands there.
    StateIsOverwritten,
    /// A verdict is announced to nobody.
    AnnouncementIsDropped,
    /// A message is deleted when it is delivered.
    MessageIsDeletedEarly,
    /// A retried job is not looked at before its copies are put on the queue.
    RetryIsNotSettled,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::SecondOutcomeOverwrites,
        Self::SecondOutcomeIsNotFed,
        Self::TallyIsReplaced,
        Self::RollupIsReplaced,
        Self::StateIsOverwritten,
        Self::AnnouncementIsDropped,
        Self::MessageIsDeletedEarly,
        Self::RetryIsNotSettled,
    ];

    /// Spoils what is stored, so that recording this outcome does the wrong thing.
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

    /// Spoils what is stored once an outcome was kept beside the first.
    pub(super) fn after_second_outcome(self, memory: &Memory) {
        if self == Self::SecondOutcomeIsNotFed {
            memory.state().feed.pop_last();
        }
    }

    /// Spoils what is stored, so that the next merge does the wrong thing.
    pub(super) fn before_merge(self, memory: &Memory, job: &JobId, chunk: Option<u32>) {
        let mut state = memory.state();
        let Some(stored) = state.jobs.get_mut(job) else { return };
        match (self, chunk) {
            (Self::TallyIsReplaced, Some(chunk)) => drop(stored.tally.chunks.remove(&chunk)),
            (Self::RollupIsReplaced, None) => stored.rollup = concord_protocol::Rollup::default(),
            _ => {}
        }
    }

    /// The state that is written in place of the one that should be.
    pub(super) fn state(self, memory: &Memory, job: &JobId, state: JobState) -> JobState {
        match memory.state().jobs.get(job) {
            Some(stored) if self == Self::StateIsOverwritten => {
                with(&state, |record| record.revision = stored.job.state.revision() + 1)
            }
            _ => state,
        }
    }
}
