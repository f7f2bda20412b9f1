use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Digest, JobId, JobState, Timestamp, VariationPlan};

/// What turns payload bytes into output bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Calculation {
    /// A calculation that is built into Concord.
    Probe {
        /// The name of the probe, which the payload gives.
        name: String,
    },
    /// Any program. It reads the payload from standard input and writes the output to standard output.
    Command {
        /// The program, as the user named it, and its arguments. They are not passed through a shell.
        argv: Vec<String>,
        /// The folder in which the program runs.
        folder: PathBuf,
    },
    /// An existing AWS Lambda function. It gets the payload and replies with the output.
    Function {
        /// The name of the function, or its ARN without the qualifier.
        name: String,
        /// The version or alias; the latest version when absent.
        qualifier: Option<String>,
        /// The region of the function.
        region: String,
    },
    /// The calculation that the worker of a stack was deployed with.
    Deployed {
        /// The kind and the words of the calculation, as the stack names them: `probe`, `command python3 clmath.py`.
        description: String,
    },
}

impl Calculation {
    /// Whether another machine than the worker's computes, so that the worker's environment says nothing about it.
    #[must_use]
    pub fn hides_its_machine(&self) -> bool {
        match self {
            Self::Function { .. } => true,
            Self::Deployed { description } => description.starts_with("function "),
            Self::Probe { .. } | Self::Command { .. } => false,
        }
    }

    /// Whether its runs may write files that are looked for afterwards. The calculation that a stack was deployed with may.
    #[must_use]
    pub fn may_write_files(&self) -> bool {
        match self {
            Self::Command { .. } => true,
            Self::Deployed { description } => description != "probe" && !description.starts_with("function "),
            Self::Probe { .. } | Self::Function { .. } => false,
        }
    }

    /// Whether it runs on another machine, so that a copy only waits for it and needs no thread.
    #[must_use]
    pub fn runs_remotely(&self) -> bool {
        matches!(self, Self::Function { .. })
    }
}

/// What the user asks for, apart from the payload, the calculation and the number of copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a choice of the user that does not depend on the others"
)]
pub struct Policy {
    /// The number of runs that a copy gets before its failure is recorded: 1 to [`crate::limits::ATTEMPTS_MAX`].
    pub attempts: u32,
    /// Milliseconds from the submission (or the retry) to the deadline.
    pub timeout_ms: u64,
    /// Milliseconds that one run of a copy may take.
    pub copy_timeout_ms: u64,
    /// Whether no more copies are started once the job is divergent.
    pub fail_fast: bool,
    /// JSON pointer (RFC 6901) to the part of the output that is digested. When absent, the whole output is digested.
    pub select: Option<String>,
    /// The patterns of the files that count as the output, relative to the folder of the command. [`crate::Artifact::STDOUT`]
    /// names standard output. When empty, standard output is the output.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<String>,
    /// For artifacts with these names, a JSON pointer (RFC 6901) to the part that is digested.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub selections: BTreeMap<String, String>,
    /// Whether each copy runs in a folder of its own. A job with artifacts always does.
    #[serde(default, skip_serializing_if = "is_default")]
    pub scratch: bool,
    /// The folder for temporary files in which the folders of some copies are kept: of copies that failed, and of copies
    /// of each class. When absent, none is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_folders: Option<PathBuf>,
    /// The digest that every copy has to give. When absent, any digest on which all copies agree is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Digest>,
    /// Whether a job may be reproducible although every output is empty.
    #[serde(default, skip_serializing_if = "is_default")]
    pub allow_empty: bool,
    /// The format in which outputs are compared, by its name in `concord-difference`. When absent, the format is
    /// detected from the outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<String>,
    /// The tolerances for equivalence, as `concord-difference` parses them. They do not change the verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equivalent: Vec<String>,
    /// Whether the user accepts a divergent job if all outputs are within the tolerances. It does not change the verdict.
    #[serde(default, skip_serializing_if = "is_default")]
    pub accept_equivalent: bool,
    /// The level of confidence of the bounds that a report states, as a number in a text, such as `0.99`. When absent,
    /// it is 0.95. It does not change the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<String>,
    /// The number of different sandboxes that have to give a digest before the job is reproducible: at most
    /// [`crate::limits::SANDBOXES_MIN_MAX`]. 0 asks for none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub sandboxes_min: u32,
    /// For how many milliseconds from the start of a run its sandbox takes no other copy, if the fleet can arrange
    /// it: at most [`crate::limits::HOLD_MS_MAX`]. 0 means no longer than the run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub hold_ms: u64,
    /// The number of copies up to which the job is extended while its copies do not say enough: at most
    /// [`crate::limits::COPIES_MAX`]. 0 means that the job is never extended.
    #[serde(default, skip_serializing_if = "is_default")]
    pub copies_max: u32,
    /// The settings that differ between the copies by plan. When absent, all copies are alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variation: Option<VariationPlan>,
}

fn is_default<V: Default + PartialEq>(value: &V) -> bool {
    *value == V::default()
}

/// Deliveries beyond the attempts of a copy before it is given up.
const RECEIVES_SPARE: u32 = 3;

/// Milliseconds by which a message stays hidden beyond the time that its copy may take.
const VISIBILITY_MARGIN_MS: u64 = 60_000;

impl Policy {
    /// Whether an output without a byte is a result. If not, copies that agree on it show nothing.
    #[must_use]
    pub fn accepts_empty(&self) -> bool {
        self.allow_empty || self.expect == Some(Digest::EMPTY)
    }

    /// A policy with these three bounds, which [`Policy`] describes, and nothing else.
    #[must_use]
    pub fn bounds(attempts: u32, timeout_ms: u64, copy_timeout_ms: u64) -> Self {
        Self {
            attempts,
            timeout_ms,
            copy_timeout_ms,
            fail_fast: false,
            select: None,
            artifacts: Vec::new(),
            selections: BTreeMap::new(),
            scratch: false,
            keep_folders: None,
            expect: None,
            allow_empty: false,
            equivalent: Vec::new(),
            accept_equivalent: false,
            read_as: None,
            confidence: None,
            sandboxes_min: 0,
            hold_ms: 0,
            copies_max: 0,
            variation: None,
        }
    }

    /// The number of deliveries after which a queue that belongs to a store gives a copy up.
    #[must_use]
    pub fn receives_max(&self) -> u32 {
        self.attempts.saturating_add(RECEIVES_SPARE)
    }

    /// How many milliseconds a queue that belongs to a store hides a delivered message.
    #[must_use]
    pub fn hidden_ms(&self) -> u64 {
        self.copy_timeout_ms + VISIBILITY_MARGIN_MS
    }
}

/// What was submitted. It does not change afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The id of the job.
    pub job: JobId,
    /// The submission that the job belongs to.
    pub submission: JobId,
    /// When the job was submitted.
    pub submitted_at: Timestamp,
    /// The digest of the payload.
    pub payload_digest: Digest,
    /// The length of the payload in bytes.
    pub payload_bytes: u64,
    /// The number of copies that the user asked for: 1 to [`crate::limits::COPIES_MAX`]. [`JobState`] has the number
    /// that is wanted now.
    pub copies: u32,
    /// The calculation that every copy runs.
    pub calculation: Calculation,
    /// What else the user asked for.
    pub policy: Policy,
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What was submitted.
    pub spec: Arc<JobSpec>,
    /// The current state.
    pub state: JobState,
}

impl JobSpec {
    /// The largest number of copies that the job may ever want.
    #[must_use]
    pub fn copies_most(&self) -> u32 {
        self.copies.max(self.policy.copies_max)
    }

    /// The state of a job that was just submitted.
    #[must_use]
    pub fn first_state(&self) -> JobState {
        JobState::first(self.copies, self.submitted_at.plus_ms(self.policy.timeout_ms))
    }
}

impl Job {
    /// Whether a copy of the given round should still be run. It should not if the job has ended, the deadline has
    /// passed, or a retry has started a newer round.
    #[must_use]
    pub fn wants(&self, round: u32, now: Timestamp) -> bool {
        self.state.ended_at().is_none() && self.state.round() == round && now < self.state.deadline_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_delivered_three_times_more_than_it_is_attempted() {
        assert_eq!(Policy::bounds(2, 1, 1).receives_max(), 5);
        assert_eq!(Policy::bounds(u32::MAX, 1, 1).receives_max(), u32::MAX);
        assert_eq!(Policy::bounds(1, 1, 5_000).hidden_ms(), 65_000);
    }
}
