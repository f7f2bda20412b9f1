//! Calculations turn payload bytes into output bytes.

mod artifacts;
mod built_in;
mod collect;
pub mod command;
mod folder_watch;
mod runs;
mod scratch;
mod varied;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use concord_protocol::{Facts, JobSpec};

use crate::Payload;

pub use artifacts::{ArtifactPatternError, ArtifactPatterns, ProducedArtifact};
pub use built_in::{BuiltIn, NoFunctions};
pub use collect::{CollectError, read_artifacts};
pub use runs::Runs;
pub(crate) use scratch::{LeftFolder, RunFolder, remove_folder};
pub use varied::HAS_PRELOAD;

/// One run to do.
#[derive(Clone, Debug)]
pub struct Task {
    /// The job of the run.
    pub spec: Arc<JobSpec>,
    /// The index of the copy in its job. Copies are alike but for the settings that the job assigns to this index.
    pub copy: u32,
    /// The payload, with the bytes that were submitted.
    pub payload: Arc<Payload>,
    /// How long the run may take.
    pub time_limit: Duration,
    /// Where a calculation of this crate leaves the folder of the run.
    pub(crate) left: LeftFolder,
}

impl Task {
    /// A run of the copy of `spec` with this index on `payload`, which may take `time_limit`.
    #[must_use]
    pub fn new(spec: Arc<JobSpec>, copy: u32, payload: Arc<Payload>, time_limit: Duration) -> Self {
        Self { spec, copy, payload, time_limit, left: LeftFolder::default() }
    }
}

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The output: at most [`concord_protocol::limits::OUTPUT_BYTES_MAX`] bytes. For a job with artifacts it counts only if
    /// they name standard output.
    pub bytes: Vec<u8>,
    /// The files that the calculation wrote, if the job asks for artifacts: at most
    /// [`concord_protocol::limits::ARTIFACTS_MAX`].
    pub artifacts: Vec<ProducedArtifact>,
    /// The end of its standard error.
    pub stderr_tail: Vec<u8>,
    /// Facts of this run that only the calculation knows, such as the loaded libraries. They are recorded beside the facts of
    /// the worker, and replace those of the same name.
    pub facts: Facts,
}

/// Why a run gave no output. The variants are named by what the worker does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalculationError {
    /// The calculation failed: the worker attempts it again, or records the failure.
    #[error("{reason}")]
    Failed {
        /// Why, in a few words that are the same for all copies that fail in this way.
        reason: String,
        /// The end of its standard error.
        stderr_tail: Vec<u8>,
        /// What was recorded of the run.
        facts: Facts,
    },
    /// The run was stopped from outside. That is not an attempt: the copy is still to be run.
    #[error("stopped")]
    Stopped,
}

impl CalculationError {
    /// A failure for this reason, with the end of its standard error and no facts.
    #[must_use]
    pub fn failed(reason: impl Into<String>, stderr_tail: impl Into<Vec<u8>>) -> Self {
        Self::Failed { reason: reason.into(), stderr_tail: stderr_tail.into(), facts: Facts::default() }
    }
}

/// A calculation that can be run on a payload. Implement it to build a worker of your own.
///
/// A calculation may block: the caller of the worker gives it its own thread.
pub trait Calculate: Send + Sync {
    /// Runs the calculation once.
    fn calculate(&self, task: Task) -> impl Future<Output = Result<Output, CalculationError>> + Send;
}
