use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use concord_probes::Probe;
use concord_protocol::limits::{OUTPUT_BYTES_MAX, STDERR_TAIL_BYTES};
use concord_protocol::{Calculation, Facts, JobId};
use futures::future::{Either, select};

use super::command::{self, Limits, Observer, Program, RunError};
use super::function::{Functions, Target};
use super::runs::Runs;
use super::{Calculate, CalculationError, Output, Task};
use crate::Payload;
use crate::environment::peak_memory_mb;

/// The calculations that come with the program: what the job says, a probe, a command or a
/// function.
pub struct BuiltIn {
    runs: Arc<Runs>,
    /// The folders in which programs are looked for, as in `PATH`.
    search_path: Option<OsString>,
    functions: Option<Functions>,
    programs: Mutex<HashMap<JobId, Arc<Program>>>,
    observer: Observer,
}

/// A probe that took this long is worth the time to ask how much memory this process had at most.
const LONG_PROBE: Duration = Duration::from_millis(10);

/// Programs that are remembered, at most.
const PROGRAMS_MAX: usize = 1_024;

impl BuiltIn {
    /// Calculations whose commands are looked for along `search_path` and can be stopped through `runs`. They call no
    /// functions.
    #[must_use]
    pub fn new(runs: Arc<Runs>, search_path: Option<OsString>) -> Self {
        Self { runs, search_path, functions: None, programs: Mutex::default(), observer: Observer::default() }
    }

    /// The same, with `functions` to call.
    #[must_use]
    pub fn with_functions(self, functions: Functions) -> Self {
        Self { functions: Some(functions), ..self }
    }

    fn program(&self, job: &JobId, argv: &[String], folder: &Path) -> Result<Arc<Program>, CalculationError> {
        let mut programs = locked(&self.programs);
        if let Some(program) = programs.get(job) {
            return Ok(Arc::clone(program));
        }
        let found = Program::find(argv, folder, self.search_path.as_deref());
        let program = Arc::new(found.map_err(|error| failed(error.to_string(), &[]))?);
        if programs.len() >= PROGRAMS_MAX {
            programs.clear();
        }
        programs.insert(job.clone(), Arc::clone(&program));
        Ok(program)
    }

    fn command(&self, task: &Task, argv: &[String], folder: &Path) -> Result<Output, CalculationError> {
        let program = self.program(&task.spec.job, argv, folder)?;
        let stdin =
            task.payload.stdin().map_err(|error| failed(format!("no payload on stdin: {error}"), &[]))?;
        let limits = Limits {
            timeout: task.time_limit,
            output_bytes_max: OUTPUT_BYTES_MAX,
            stderr_tail_bytes: STDERR_TAIL_BYTES,
        };
        let running = self.runs.of(&task.spec.job).ok_or(CalculationError::Stopped)?;
        match command::run(&program, stdin, &limits, &running.commands, &self.observer) {
            Ok(finished) => Ok(Output {
                bytes: finished.output,
                stderr_tail: finished.stderr_tail,
                facts: finished.facts,
            }),
            Err(RunError::Stopped) => Err(CalculationError::Stopped),
            Err(error) => Err(failed(reason(&error), error.stderr_tail())),
        }
    }

    /// Runs a calculation that may be another than the job's.
    pub(crate) async fn run(
        &self,
        calculation: &Calculation,
        task: &Task,
    ) -> Result<Output, CalculationError> {
        match calculation {
            Calculation::Probe { .. } => probe(&task.payload),
            Calculation::Command { argv, folder } => self.command(task, argv, folder),
            Calculation::Function { name, qualifier, region } => {
                self.function(task, &Target { name, qualifier: qualifier.as_deref(), region }).await
            }
            Calculation::Deployed { .. } => {
                Err(failed("the calculation of a stack runs only there".to_owned(), &[]))
            }
        }
    }

    async fn function(&self, task: &Task, target: &Target<'_>) -> Result<Output, CalculationError> {
        let Some(functions) = &self.functions else {
            return Err(failed("this worker calls no functions".to_owned(), &[]));
        };
        let runs = self.runs.of(&task.spec.job).ok_or(CalculationError::Stopped)?;
        let called = functions.call(target, task.payload.blob(), task.time_limit);
        match select(pin!(called), pin!(runs.stopped())).await {
            Either::Left((called, _)) => called,
            Either::Right(_) => Err(CalculationError::Stopped),
        }
    }
}

impl Calculate for BuiltIn {
    async fn calculate(&self, task: Task) -> Result<Output, CalculationError> {
        self.run(&task.spec.calculation, &task).await
    }
}

fn probe(payload: &Payload) -> Result<Output, CalculationError> {
    let started = Instant::now();
    let bytes = Probe::parse(payload.bytes()).and_then(|probe| probe.run());
    let bytes = bytes.map_err(|error| failed(error.to_string(), &[]))?;
    let mut facts = Facts::default();
    if started.elapsed() >= LONG_PROBE
        && let Some(peak) = peak_memory_mb()
    {
        facts.record("run.peak_memory_mb", peak.to_string());
    }
    Ok(Output { bytes, facts, ..Output::default() })
}

/// The reason with the system's own words, which [`RunError`] keeps as its source.
fn reason(error: &RunError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn failed(reason: String, stderr_tail: &[u8]) -> CalculationError {
    CalculationError::Failed { reason, stderr_tail: stderr_tail.to_vec() }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
