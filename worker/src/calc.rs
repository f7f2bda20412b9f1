//! Calculations: what turns payload bytes into output bytes.

mod built_in;
pub mod command;
mod runs;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use concord_protocol::{Facts, JobSpec};

use crate::Payload;

pub use built_in::{BuiltIn, NoFunctions};
pub use runs::Runs;

/// One run that is wanted.
#[derive(Clone, Debug)]
pub struct Task {
    /// The job it is for. The index of the copy is kept from a calculation: copies are to be alike.
    pub spec: Arc<JobSpec>,
    /// The payload, byte for byte as it was submitted.
    pub payload: Arc<Payload>,
    /// How long it may take.
    pub time_limit: Duration,
}

/// What a run gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The output: at most [`concord_protocol::limits::OUTPUT_BYTES_MAX`] bytes.
    pub bytes: Vec<u8>,
    /// The end of what it wrote to its standard error.
    pub stderr_tail: Vec<u8>,
    /// What the calculation itself knows of this run, such as the libraries that were loaded: it stands beside what the
    /// worker knows of every run, and in place of a fact of the same name.
    pub facts: Facts,
}

/// Why a run gave no output, named by what the worker does next.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalculationError {
    /// The calculation failed: it is attempted again, or the failure is recorded.
    #[error("{reason}")]
    Failed {
        /// Why, in few words that are the same for each copy which fails so.
        reason: String,
        /// The end of what it wrote to its standard error.
        stderr_tail: Vec<u8>,
    },
    /// It was stopped from outside: that is not an attempt, and the copy stays to be run.
    #[error("stopped")]
    Stopped,
}

/// Something that can be run on a payload. Implement it to build a worker of your own.
///
/// A calculation may block: whoever drives the worker gives it a thread of its own.
pub trait Calculate: Send + Sync {
    /// Runs it once.
    fn calculate(&self, task: Task) -> impl Future<Output = Result<Output, CalculationError>> + Send;
}
