use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use concord_probes::Probe;
use concord_protocol::limits::{OUTPUT_BYTES_MAX, STDERR_TAIL_BYTES};
use concord_protocol::{Calculation, JobId};

use super::command::{self, Limits, Program, RunError, Running};
use super::{Calculate, CalculationError, Output, Task};
use crate::Payload;

/// The calculations that come with the program: what the job says, a probe or a command.
pub struct BuiltIn {
    runs: Arc<Runs>,
    /// The folders in which programs are looked for, as in `PATH`.
    search_path: Option<OsString>,
    programs: Mutex<HashMap<JobId, Arc<Program>>>,
}

/// Programs that are remembered, at most.
const PROGRAMS_MAX: usize = 1_024;

impl BuiltIn {
    /// Calculations whose commands are looked for along `search_path` and can be stopped through `runs`.
    #[must_use]
    pub fn new(runs: Arc<Runs>, search_path: Option<OsString>) -> Self {
        Self { runs, search_path, programs: Mutex::default() }
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

    fn command(&self, task: Task<'_>, argv: &[String], folder: &Path) -> Result<Output, CalculationError> {
        let program = self.program(&task.spec.job, argv, folder)?;
        let stdin =
            task.payload.stdin().map_err(|error| failed(format!("no payload on stdin: {error}"), &[]))?;
        let limits = Limits {
            timeout: Duration::from_millis(task.spec.policy.copy_timeout_ms),
            output_bytes_max: OUTPUT_BYTES_MAX,
            stderr_tail_bytes: STDERR_TAIL_BYTES,
        };
        let running = self.runs.of(&task.spec.job).ok_or(CalculationError::Stopped)?;
        match command::run(&program, stdin, &limits, &running) {
            Ok(finished) => Ok(Output { bytes: finished.output, stderr_tail: finished.stderr_tail }),
            Err(RunError::Stopped) => Err(CalculationError::Stopped),
            Err(error) => Err(failed(reason(&error), error.stderr_tail())),
        }
    }
}

impl Calculate for BuiltIn {
    async fn calculate(&self, task: Task<'_>) -> Result<Output, CalculationError> {
        match &task.spec.calculation {
            Calculation::Probe { .. } => probe(task.payload),
            Calculation::Command { argv, folder } => self.command(task, argv, folder),
        }
    }
}

fn probe(payload: &Payload) -> Result<Output, CalculationError> {
    let bytes = Probe::parse(payload.bytes()).and_then(|probe| probe.run());
    bytes
        .map(|bytes| Output { bytes, stderr_tail: Vec::new() })
        .map_err(|error| failed(error.to_string(), &[]))
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

/// What runs in this process, by job, so that it can be stopped from outside.
#[derive(Debug, Default)]
pub struct Runs(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    stopped: bool,
    jobs: HashMap<JobId, Arc<Running>>,
}

impl Runs {
    /// Ends what runs for this job, and refuses to start more of it until [`Runs::forget`].
    pub fn stop(&self, job: &JobId) {
        if let Some(running) = locked(&self.0).jobs.get(job) {
            running.stop();
        }
    }

    /// Ends everything that runs, and refuses to start anything more.
    pub fn stop_all(&self) {
        let mut state = locked(&self.0);
        state.stopped = true;
        state.jobs.values().for_each(|running| running.stop());
    }

    /// The jobs that ran a command here, and were not forgotten.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobId> {
        locked(&self.0).jobs.keys().cloned().collect()
    }

    /// Forgets a job that has ended; if it is retried it may start again.
    pub fn forget(&self, job: &JobId) {
        locked(&self.0).jobs.remove(job);
    }

    fn of(&self, job: &JobId) -> Option<Arc<Running>> {
        let mut state = locked(&self.0);
        if state.stopped {
            return None;
        }
        if let Some(running) = state.jobs.get(job) {
            return Some(Arc::clone(running));
        }
        let running = Arc::new(Running::new());
        state.jobs.insert(job.clone(), Arc::clone(&running));
        Some(running)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
