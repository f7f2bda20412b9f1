//! What stands for AWS in a program that was built without it.

#![expect(
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "the signatures are the same as with AWS"
)]

use std::convert::Infallible;
use std::ops::Range;
use std::sync::Arc;

use concord_local::Store;
use concord_protocol::ports::Clock;
use concord_protocol::{Calculation, Job, JobId};
use concord_worker::NoFunctions;

use super::settings::StackSettings;
use crate::error::CliError;
use crate::result::finding::CheckFinding;
use crate::settings::{AwsChoice, StackChoice};

/// The error that AWS is not built in.
pub(crate) fn missing() -> Option<CliError> {
    Some(not_built())
}

/// Says that AWS is not built in, and how to build it.
fn not_built() -> CliError {
    let text = "this producer was built without AWS, which stacks, functions and doctor need";
    let hint = "build one with it: make install, or cargo install --path producer --features aws";
    CliError::failed(anyhow::anyhow!(text)).hint(hint)
}

/// Bytes of a payload that a function takes: none, since no function is called.
pub(crate) const REQUEST_BYTES_MAX: usize = 0;

/// A stack: there is none.
pub(crate) struct NoStack {
    pub(crate) flags: String,
    pub(crate) deployed: StackSettings,
    never: Infallible,
}

impl NoStack {
    /// Fails.
    pub(crate) async fn open(_: &StackChoice, _: &AwsChoice, _: Arc<dyn Clock>) -> Result<Self, CliError> {
        Err(not_built())
    }

    /// A ledger for the ports.
    pub(crate) fn ledger(&self) -> &Store {
        match self.never {}
    }

    pub(crate) fn calculation(&self) -> Calculation {
        match self.never {}
    }

    pub(crate) async fn is_enqueued(&self, _: &Job) -> Result<bool, CliError> {
        match self.never {}
    }

    pub(crate) async fn refold(&self, _: &Job) -> Result<usize, CliError> {
        match self.never {}
    }

    pub(crate) async fn enqueue(
        &self,
        _: &Job,
        _: impl FnMut(&JobId, Range<u32>) -> bool,
    ) -> Result<bool, CliError> {
        match self.never {}
    }
}

/// Examines nothing.
pub(crate) async fn examine(
    stack: &NoStack,
    _: impl FnMut(CheckFinding) -> Result<(), CliError>,
) -> Result<(), CliError> {
    match stack.never {}
}

/// Access to AWS: there is none.
pub(crate) struct NoAws(Infallible);

impl NoAws {
    /// Fails.
    pub(crate) async fn connect(_: &AwsChoice, _: Option<&str>) -> Result<Self, CliError> {
        Err(not_built())
    }

    pub(crate) fn region(&self) -> Result<String, CliError> {
        match self.0 {}
    }

    pub(crate) async fn check<'a>(
        &self,
        _: impl IntoIterator<Item = &'a Calculation>,
    ) -> Result<(), CliError> {
        match self.0 {}
    }

    pub(crate) fn functions(&self) -> NoFunctions {
        match self.0 {}
    }
}
