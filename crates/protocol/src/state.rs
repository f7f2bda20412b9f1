use serde::{Deserialize, Serialize};

use crate::{Cause, Evidence, Timestamp, Verdict};

/// The state of a job: always a legal combination of the fields of a [`StateRecord`].
///
/// A store replaces a state as a whole, if the stored revision is still the one that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StateRecord", into = "StateRecord")]
pub struct JobState(StateRecord);

/// The fields of a state, as a store keeps them. [`JobState::try_from`] accepts only legal combinations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRecord {
    /// The verdict; `running` until the job is decided.
    pub verdict: Verdict,
    /// Why the job is inconclusive, or divergent though its copies agree.
    pub cause: Option<Cause>,
    /// The number of copies wanted now: as many as the user asked for, or more after an extension.
    pub copies: u32,
    /// The number of retries so far. A retry runs the copies without a digest again.
    pub round: u32,
    /// When the verdict is due.
    pub deadline_at: Timestamp,
    /// When the job got this verdict.
    pub decided_at: Option<Timestamp>,
    /// When the job ended. No copy is started afterwards.
    pub ended_at: Option<Timestamp>,
    /// The evidence for the verdict, from the outcomes that were stored when this state was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// The number of this write of the state, from 0: a version for conditional writes.
    pub revision: u64,
}

/// A record whose fields contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no job can be in this state: {0:?}")]
pub struct IllegalState(StateRecord);

impl StateRecord {
    fn is_legal(&self) -> bool {
        let (decided, ended) = (self.decided_at.is_some(), self.ended_at.is_some());
        match (self.verdict, self.cause) {
            (Verdict::Running, None) => !decided && !ended && self.evidence.is_none(),
            (Verdict::Divergent, None | Some(Cause::Drift)) => decided,
            (Verdict::Reproducible | Verdict::Cancelled, None)
            | (
                Verdict::Inconclusive,
                Some(Cause::Deadline | Cause::Failures | Cause::Coverage | Cause::Empty),
            ) => decided && ended,
            _ => false,
        }
    }
}

impl TryFrom<StateRecord> for JobState {
    type Error = IllegalState;

    fn try_from(record: StateRecord) -> Result<Self, IllegalState> {
        if record.is_legal() { Ok(Self(record)) } else { Err(IllegalState(record)) }
    }
}

impl From<JobState> for StateRecord {
    fn from(state: JobState) -> Self {
        state.0
    }
}

impl JobState {
    /// The state of a job that was just submitted.
    pub(crate) fn first(copies: u32, deadline_at: Timestamp) -> Self {
        Self(StateRecord {
            verdict: Verdict::Running,
            cause: None,
            copies,
            round: 0,
            deadline_at,
            decided_at: None,
            ended_at: None,
            evidence: None,
            revision: 0,
        })
    }

    /// The state that follows `self` in the same round. It has no evidence, because the evidence belongs to the old
    /// verdict.
    pub(crate) fn replaced(
        &self,
        verdict: Verdict,
        cause: Option<Cause>,
        ended_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let decided_at = match verdict {
            Verdict::Running => None,
            same if same == self.0.verdict => self.0.decided_at,
            _ => Some(now),
        };
        let revision = self.0.revision + 1;
        let record =
            StateRecord { verdict, cause, ended_at, decided_at, evidence: None, revision, ..self.0.clone() };
        debug_assert!(record.is_legal(), "{record:?}");
        Self(record)
    }

    /// `self` with another number of wanted copies.
    pub(crate) fn extended(self, copies: u32) -> Self {
        Self(StateRecord { copies, ..self.0 })
    }

    /// The state that follows `self` when the round gets another deadline, and nothing else changes.
    #[must_use]
    pub fn due_at(&self, deadline_at: Timestamp) -> Self {
        Self(StateRecord { deadline_at, revision: self.0.revision + 1, ..self.0.clone() })
    }

    /// `self` in the next round, with the deadline of that round.
    pub(crate) fn in_next_round(self, deadline_at: Timestamp) -> Self {
        Self(StateRecord { round: self.0.round + 1, deadline_at, ..self.0 })
    }

    /// `self` with the evidence for its verdict. A running job has no verdict and keeps no evidence.
    #[must_use]
    pub fn with_evidence(self, evidence: Option<Evidence>) -> Self {
        let evidence = evidence.filter(|_| self.0.verdict != Verdict::Running);
        Self(StateRecord { evidence, ..self.0 })
    }

    /// The verdict; `running` until the job is decided.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.0.verdict
    }

    /// Why the job is inconclusive, or divergent though its copies agree.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        self.0.cause
    }

    /// The number of copies wanted now: as many as the user asked for, or more after an extension.
    #[must_use]
    pub fn copies(&self) -> u32 {
        self.0.copies
    }

    /// The number of retries so far. A retry runs the copies without a digest again.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.0.round
    }

    /// When the verdict is due.
    #[must_use]
    pub fn deadline_at(&self) -> Timestamp {
        self.0.deadline_at
    }

    /// When the job got this verdict; `None` while it is running.
    #[must_use]
    pub fn decided_at(&self) -> Option<Timestamp> {
        self.0.decided_at
    }

    /// When the job ended; `None` while its copies may still be started.
    #[must_use]
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.0.ended_at
    }

    /// The evidence for the verdict.
    #[must_use]
    pub fn evidence(&self) -> Option<&Evidence> {
        self.0.evidence.as_ref()
    }

    /// The number of this write of the state, from 0.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.0.revision
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_legal_combinations_are_states() {
        let at = Some(Timestamp::from_unix_ms(1));
        let check = |verdict, cause, decided_at, ended_at, expect| {
            let JobState(record) = JobState::first(1, Timestamp::NEVER);
            let record = StateRecord { verdict, cause, decided_at, ended_at, ..record };
            let json = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<JobState>(&json).is_ok(), expect, "{json}");
            assert_eq!(JobState::try_from(record).is_ok(), expect, "{json}");
        };
        check(Verdict::Running, None, None, None, true);
        check(Verdict::Running, None, None, at, false);
        check(Verdict::Running, None, at, None, false);
        check(Verdict::Running, Some(Cause::Deadline), None, None, false);
        check(Verdict::Reproducible, None, at, at, true);
        check(Verdict::Reproducible, None, at, None, false);
        check(Verdict::Reproducible, None, None, at, false);
        check(Verdict::Reproducible, Some(Cause::Coverage), at, at, false);
        check(Verdict::Divergent, None, at, None, true);
        check(Verdict::Divergent, Some(Cause::Drift), at, at, true);
        check(Verdict::Divergent, None, None, None, false);
        check(Verdict::Divergent, Some(Cause::Failures), at, at, false);
        check(Verdict::Inconclusive, Some(Cause::Failures), at, at, true);
        check(Verdict::Inconclusive, Some(Cause::Empty), at, at, true);
        check(Verdict::Inconclusive, Some(Cause::Drift), at, at, false);
        check(Verdict::Inconclusive, None, at, at, false);
        check(Verdict::Inconclusive, Some(Cause::Deadline), at, None, false);
        check(Verdict::Cancelled, None, at, at, true);
        check(Verdict::Cancelled, None, at, None, false);
    }
}
