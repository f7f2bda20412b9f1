use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Digest, JobId, JobState, Timestamp};

/// What turns payload bytes into output bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Calculation {
    /// A calculation that is built in.
    Probe {
        /// Its name, as the payload gives it.
        name: String,
    },
    /// Any program: payload on standard input, output on standard output.
    Command {
        /// The program as the user named it, and its arguments. No shell reads them.
        argv: Vec<String>,
        /// The folder it runs in.
        folder: PathBuf,
    },
    /// An AWS Lambda function that exists: payload in, reply out.
    Function {
        /// Its name, or its ARN without the qualifier.
        name: String,
        /// The version or alias; the latest version when absent.
        qualifier: Option<String>,
        /// The region that has it.
        region: String,
    },
    /// What a stack's worker was deployed with.
    Deployed {
        /// The kind and its words, as the stack names them: `probe`, `command python3 clmath.py`.
        description: String,
    },
}

impl Calculation {
    /// Whether the machine that computes is not the worker's, so that the worker's environment says nothing of it.
    #[must_use]
    pub fn hides_its_machine(&self) -> bool {
        match self {
            Self::Function { .. } => true,
            Self::Deployed { description } => description.starts_with("function "),
            Self::Probe { .. } | Self::Command { .. } => false,
        }
    }

    /// Whether it runs on other machines and is only waited for here, so that a copy needs no thread of its own.
    #[must_use]
    pub fn runs_elsewhere(&self) -> bool {
        matches!(self, Self::Function { .. })
    }
}

/// What the user asked of a job beyond its copies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Runs that a copy gets before its failure is recorded: 1 to [`crate::limits::ATTEMPTS_MAX`].
    pub attempts: u32,
    /// Milliseconds from submission (or retry) to the deadline.
    pub timeout_ms: u64,
    /// Milliseconds that one run of a copy may take.
    pub copy_timeout_ms: u64,
    /// Whether copies stop being started once the job is divergent.
    pub fail_fast: bool,
    /// JSON pointer (RFC 6901) to the part of the output that is digested; all of it when absent.
    pub select: Option<String>,
    /// The digest that every copy is to give; any that they agree on when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Digest>,
    /// The format in which outputs are compared, by its name in `concord-difference`; when absent, the outputs themselves
    /// decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<String>,
    /// Tolerances under which differing outputs count as equivalent, as `concord-difference` parses them. They
    /// decide no verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub equivalent: Vec<String>,
    /// Different sandboxes that have to give a digest for the job to be reproducible: at most
    /// [`crate::limits::SANDBOXES_MIN_MAX`]; 0 when it does not matter.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sandboxes_min: u32,
    /// Milliseconds from the start of a run during which its sandbox takes no other copy, where the fleet can see to
    /// that: at most [`crate::limits::HOLD_MS_MAX`]; 0 for no longer than the run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hold_ms: u64,
    /// Copies up to which the job is extended while the copies that there are do not say enough: at most
    /// [`crate::limits::COPIES_MAX`]; 0 for never.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub copies_max: u32,
}

fn is_zero<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}

impl Policy {
    /// A policy that asks nothing but these bounds, which [`Policy`] describes.
    #[must_use]
    pub fn bounds(attempts: u32, timeout_ms: u64, copy_timeout_ms: u64) -> Self {
        Self {
            attempts,
            timeout_ms,
            copy_timeout_ms,
            fail_fast: false,
            select: None,
            expect: None,
            equivalent: Vec::new(),
            read_as: None,
            sandboxes_min: 0,
            hold_ms: 0,
            copies_max: 0,
        }
    }
}

/// What a job is: fixed once it was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    /// Its name.
    pub job: JobId,
    /// The submission it came with.
    pub submission: JobId,
    /// When it was submitted.
    pub submitted_at: Timestamp,
    /// Digest of the payload.
    pub payload_digest: Digest,
    /// Bytes of the payload.
    pub payload_bytes: u64,
    /// Copies that were asked for: 1 to [`crate::limits::COPIES_MAX`]. How many are wanted now, [`JobState`] says.
    pub copies: u32,
    /// What runs.
    pub calculation: Calculation,
    /// What was asked beyond that.
    pub policy: Policy,
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// What it is.
    pub spec: Arc<JobSpec>,
    /// How it stands.
    pub state: JobState,
}

impl JobSpec {
    /// Copies that the job may ever want.
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
    /// Whether a copy of the given round should still be run: not once the job ended, its deadline has passed, or a
    /// retry has started a newer round.
    #[must_use]
    pub fn wants(&self, round: u32, now: Timestamp) -> bool {
        self.state.ended_at().is_none() && self.state.round() == round && now < self.state.deadline_at()
    }
}
