mod commands;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use concord_probes::Probe;
use concord_protocol::ports::InvokeFunction;
use concord_protocol::{Calculation, Facts, FunctionReply, FunctionTarget, Invocation, InvokeError};
use futures::future::{Either, select};

use commands::Commands;

use super::runs::Runs;
use super::{Calculate, CalculationError, Output, Task};
use crate::Payload;
use crate::environment::peak_memory_mb;

/// The calculations that come with the program: the job says whether a probe, a command or a function runs. Functions are
/// called through `F`.
pub struct BuiltIn<F = NoFunctions> {
    runs: Arc<Runs>,
    functions: Option<F>,
    commands: Commands,
}

/// For a probe that took this long, the peak memory of this process is recorded.
const LONG_PROBE: Duration = Duration::from_millis(10);

/// Calls no functions: the type has no values.
#[derive(Clone, Copy, Debug)]
pub enum NoFunctions {}

impl InvokeFunction for NoFunctions {
    async fn invoke_function(&self, _: Invocation<'_>) -> Result<FunctionReply, InvokeError> {
        match *self {}
    }
}

impl BuiltIn {
    /// Calculations whose commands are searched in `search_path` and can be stopped through `runs`. They call no functions.
    /// Commands that need a folder of their own get one below `temporary`.
    #[must_use]
    pub fn new(runs: Arc<Runs>, search_path: Option<OsString>, temporary: PathBuf) -> Self {
        Self { runs, functions: None, commands: Commands::new(search_path, temporary) }
    }

    /// The same calculations. Files whose full path begins with one of `own_files` belong to this process: when they
    /// change, no command has changed them.
    #[must_use]
    pub fn with_own_files(self, own_files: Vec<PathBuf>) -> Self {
        Self { commands: self.commands.with_own_files(own_files), ..self }
    }

    /// The same calculations, with calls of functions through `functions`; without them a function is a failure.
    #[must_use]
    pub fn with_functions<F>(self, functions: Option<F>) -> BuiltIn<F> {
        let Self { runs, commands, functions: _ } = self;
        BuiltIn { runs, functions, commands }
    }
}

impl<F: InvokeFunction> BuiltIn<F> {
    /// Runs a calculation that may be another than the job's.
    pub(crate) async fn run(
        &self,
        calculation: &Calculation,
        task: &Task,
    ) -> Result<Output, CalculationError> {
        match calculation {
            Calculation::Probe { .. } => only_output(task).and_then(|()| probe(&task.payload)),
            Calculation::Command { argv, folder } => {
                let runs = self.runs.of(&task.spec.job).ok_or(CalculationError::Stopped)?;
                self.commands.run(task, argv, folder, &runs.commands)
            }
            Calculation::Function { name, qualifier, region } => {
                let target = FunctionTarget { name, qualifier: qualifier.as_deref(), region };
                self.function(task, target).await
            }
            Calculation::Deployed { .. } => {
                Err(CalculationError::failed("the calculation of a stack runs only there", []))
            }
        }
    }

    async fn function(&self, task: &Task, target: FunctionTarget<'_>) -> Result<Output, CalculationError> {
        only_output(task)?;
        let Some(functions) = &self.functions else {
            return Err(CalculationError::failed("this worker calls no functions", []));
        };
        let runs = self.runs.of(&task.spec.job).filter(|runs| !runs.is_stopped());
        let runs = runs.ok_or(CalculationError::Stopped)?;
        let invocation = Invocation { target, payload: task.payload.shared(), timeout: task.time_limit };
        let called = pin!(functions.invoke_function(invocation));
        match select(called, pin!(runs.stopped())).await {
            Either::Left((Ok(reply), _)) => Ok(Output {
                bytes: reply.bytes,
                stderr_tail: reply.log_tail,
                facts: reply.facts,
                ..Output::default()
            }),
            Either::Left((Err(error), _)) => Err(CalculationError::Failed {
                reason: error.to_string(),
                stderr_tail: error.into_log_tail(),
                facts: Facts::default(),
            }),
            Either::Right(_) => Err(CalculationError::Stopped),
        }
    }
}

impl<F: InvokeFunction> Calculate for BuiltIn<F> {
    async fn calculate(&self, task: Task) -> Result<Output, CalculationError> {
        self.run(&task.spec.calculation, &task).await
    }
}

fn probe(payload: &Payload) -> Result<Output, CalculationError> {
    let started = Instant::now();
    let bytes = Probe::parse(payload.bytes()).and_then(|probe| probe.run());
    let bytes = bytes.map_err(|error| CalculationError::failed(error.to_string(), []))?;
    let mut facts = Facts::default();
    if started.elapsed() >= LONG_PROBE
        && let Some(peak) = peak_memory_mb()
    {
        facts.record("run.peak_memory_mb", peak.to_string());
    }
    Ok(Output { bytes, facts, ..Output::default() })
}

/// Fails for a job whose output is files: only a command writes files.
fn only_output(task: &Task) -> Result<(), CalculationError> {
    if task.spec.policy.artifacts.is_empty() {
        return Ok(());
    }
    Err(CalculationError::failed("only a command has artifacts", []))
}
