use crate::{CopyId, Digest, JobId, Outcome, SandboxHash, Timestamp, Verdict};

/// One entry of the change feed: what a write to the ledger changed.
///
/// A feed hands every change on at least once, in no promised order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A copy gave this digest, as its first outcome or beside it.
    Produced {
        /// The copy.
        copy: CopyId,
        /// The digest.
        digest: Digest,
        /// Where it ran; absent when nobody knows.
        sandbox: Option<SandboxHash>,
    },
    /// A copy failed in this round, after its last attempt.
    Failed {
        /// The copy.
        copy: CopyId,
        /// The round of the job.
        round: u32,
        /// The reason.
        reason: String,
    },
    /// The verdict of a job changed.
    Decided(Announcement),
}

/// A verdict that was recorded, for whoever waits for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The job.
    pub job: JobId,
    /// What the verdict is now.
    pub verdict: Verdict,
    /// When it became so.
    pub decided_at: Timestamp,
    /// The revision of the job's state which brought it: with the job, what tells a repeated announcement.
    pub revision: u64,
}

impl Change {
    /// What an outcome that was written changes.
    #[must_use]
    pub fn of_outcome(outcome: &Outcome) -> Self {
        let copy = outcome.copy.clone();
        match &outcome.result {
            Ok(produced) => Self::Produced { copy, digest: produced.digest, sandbox: outcome.sandbox() },
            Err(failure) => Self::Failed { copy, round: outcome.round, reason: failure.reason().to_owned() },
        }
    }

    /// The job that changed.
    #[must_use]
    pub fn job(&self) -> &JobId {
        match self {
            Self::Produced { copy, .. } | Self::Failed { copy, .. } => &copy.job,
            Self::Decided(announcement) => &announcement.job,
        }
    }
}
