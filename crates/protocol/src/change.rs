use crate::{CopyId, Digest, JobId, Outcome, SandboxHash, Timestamp, Verdict};

/// One entry of the change feed: what a write to the ledger changed.
///
/// A feed delivers every change at least once, in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A copy gave this digest, in its first outcome or in a differing second one.
    Produced {
        /// The copy.
        copy: CopyId,
        /// The digest.
        digest: Digest,
        /// The sandbox that ran the copy; absent when it is unknown.
        sandbox: Option<SandboxHash>,
    },
    /// A copy failed in this round, at its last attempt.
    Failed {
        /// The copy.
        copy: CopyId,
        /// The round of the job in which the copy failed.
        round: u32,
        /// The reason of the failure.
        reason: String,
    },
    /// The verdict of a job changed.
    Decided(Announcement),
}

/// A verdict that was recorded, to be announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The job.
    pub job: JobId,
    /// The verdict of the job now.
    pub verdict: Verdict,
    /// When the job got this verdict.
    pub decided_at: Timestamp,
    /// The revision of the state that brought the verdict. The job and the revision identify a repeated announcement.
    pub revision: u64,
}

impl Change {
    /// The change that an outcome makes when it is written.
    #[must_use]
    pub fn of_outcome(outcome: &Outcome) -> Self {
        let copy = outcome.copy.clone();
        match &outcome.result {
            Ok(produced) => Self::Produced { copy, digest: produced.digest, sandbox: outcome.sandbox() },
            Err(failure) => Self::Failed { copy, round: outcome.round, reason: failure.reason().to_owned() },
        }
    }

    /// The job that the change belongs to.
    #[must_use]
    pub fn job(&self) -> &JobId {
        match self {
            Self::Produced { copy, .. } | Self::Failed { copy, .. } => &copy.job,
            Self::Decided(announcement) => &announcement.job,
        }
    }
}
