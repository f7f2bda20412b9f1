#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use concord_probes::Probe;
use concord_protocol::limits::{OUTPUT_BYTES_MAX, STDERR_TAIL_BYTES};
use concord_protocol::ports::InvokeFunction;
use concord_protocol::{Calculation, Facts, FunctionReply, FunctionTarget, Invocation, InvokeError, JobId};
use futures::future::{Either, select};
use lru::LruCache;

use super::command::{self, Observer, Program, RunError, RunLimits};
use super::runs::Runs;
use super::{Calculate, CalculationError, Output, Task};
use crate::Payload;
use crate::environment::peak_memory_mb;

/// The calculations that come with the program: the job says whether a probe, a command or a function runs. Functions are
/// called through `F`.
pub struct BuiltIn<F = NoFunctions> {
    runs: Arc<Runs>,
    /// The folders in which programs are searched, as in `PATH`.
    search_path: Option<OsString>,
    functions: Option<F>,
    programs: Mutex<LruCache<JobId, Arc<Program>>>,
    observer: Observer,
}

/// For a probe that took this long, the peak memory of this process is recorded.
const LONG_PROBE: Duration = Duration::from_millis(10);

/// Programs that are remembered, at most: the ones used last.
const PROGRAMS_MAX: NonZeroUsize = NonZeroUsize::new(1_024).expect("not zero");

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
    #[must_use]
    pub fn new(runs: Arc<Runs>, search_path: Option<OsString>) -> Self {
        Self {
            runs,
            search_path,
            functions: None,
            programs: Mutex::new(LruCache::new(PROGRAMS_MAX)),
            observer: Observer::default(),
        }
    }

    /// The same calculations, with calls of functions through `functions`; without them a function is a failure.
    #[must_use]
    pub fn with_functions<F>(self, functions: Option<F>) -> BuiltIn<F> {
        let Self { runs, search_path, programs, observer, functions: _ } = self;
        BuiltIn { runs, search_path, functions, programs, observer }
    }
}

impl<F: InvokeFunction> BuiltIn<F> {
    fn program(&self, job: &JobId, argv: &[String], folder: &Path) -> Result<Arc<Program>, CalculationError> {
        let mut programs = locked(&self.programs);
        if let Some(program) = programs.get(job) {
            return Ok(Arc::clone(program));
        }
        let found = Program::find(argv, folder, self.search_path.as_deref());
        let program = Arc::new(found.map_err(|error| failed(error.to_string(), &[]))?);
        programs.put(job.clone(), Arc::clone(&program));
        Ok(program)
    }

    fn command(&self, task: &Task, argv: &[String], folder: &Path) -> Result<Output, CalculationError> {
        let program = self.program(&task.spec.job, argv, folder)?;
        let stdin =
            task.payload.stdin().map_err(|error| failed(format!("no payload on stdin: {error}"), &[]))?;
        let limits = RunLimits {
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
                let target = FunctionTarget { name, qualifier: qualifier.as_deref(), region };
                self.function(task, target).await
            }
            Calculation::Deployed { .. } => {
                Err(failed("the calculation of a stack runs only there".to_owned(), &[]))
            }
        }
    }

    async fn function(&self, task: &Task, target: FunctionTarget<'_>) -> Result<Output, CalculationError> {
        let Some(functions) = &self.functions else {
            return Err(failed("this worker calls no functions".to_owned(), &[]));
        };
        let runs = self.runs.of(&task.spec.job).filter(|runs| !runs.is_stopped());
        let runs = runs.ok_or(CalculationError::Stopped)?;
        let invocation = Invocation { target, payload: task.payload.shared(), timeout: task.time_limit };
        let called = pin!(functions.invoke_function(invocation));
        match select(called, pin!(runs.stopped())).await {
            Either::Left((Ok(reply), _)) => {
                Ok(Output { bytes: reply.bytes, stderr_tail: reply.log_tail, facts: reply.facts })
            }
            Either::Left((Err(error), _)) => Err(CalculationError::Failed {
                reason: error.to_string(),
                stderr_tail: error.into_log_tail(),
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
    let bytes = bytes.map_err(|error| failed(error.to_string(), &[]))?;
    let mut facts = Facts::default();
    if started.elapsed() >= LONG_PROBE
        && let Some(peak) = peak_memory_mb()
    {
        facts.record("run.peak_memory_mb", peak.to_string());
    }
    Ok(Output { bytes, facts, ..Output::default() })
}

/// The reason, with the system's error, which is the source of the [`RunError`].
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
