//! Commands as calculations: the folder in which a copy runs, the run, and the artifacts that it leaves.

use std::ffi::OsString;
use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use concord_protocol::limits::{OUTPUT_BYTES_MAX, STDERR_TAIL_BYTES};
use concord_protocol::{Artifact, Facts, JobId, JobSpec};
use lru::LruCache;
use memchr::memmem;

use crate::calc::artifacts::{ArtifactPatterns, ProducedArtifact};
use crate::calc::collect::collect;
use crate::calc::command::{self, Finished, Observer, Program, RunError, RunLimits, Running, Traces};
use crate::calc::folder_watch::FolderWatch;
use crate::calc::scratch::{Layout, RunFolder, Scratch, Scratches};
use crate::calc::varied::{self, Cores, Question, Reach, Setup, VariedProgram};
use crate::calc::{CalculationError, Output, Task};

/// Jobs whose commands are remembered, at most: the ones used last.
const JOBS_MAX: NonZeroUsize = NonZeroUsize::new(1_024).expect("not zero");

/// Folders that are watched at once, at most. The system gives a user a hundred or so watches.
const WATCHES_MAX: NonZeroUsize = NonZeroUsize::new(8).expect("not zero");

/// The fact that a file in the common folder changed while several copies ran there.
const FOLDER_CHANGED: &str = "run.folder_changed";

/// The fact that the output has the path of the folder in which the copy ran.
const FOLDER_IN_OUTPUT: &str = "run.folder_in_output";

/// The variable that names the job of a copy.
const JOB: &str = "CONCORD_JOB";

/// The variable that has the index of a copy, in six digits: every copy has an environment of the same length, because its
/// length can change how a program lays out its memory.
const COPY: &str = "CONCORD_COPY";

/// The variable that names the folder of its own in which a copy runs, if it has one.
const SCRATCH: &str = "CONCORD_SCRATCH";

/// Runs commands.
pub(super) struct Commands {
    /// The folders in which programs are searched, as in `PATH`.
    search_path: Option<OsString>,
    observer: Observer,
    scratches: Arc<Scratches>,
    own_files: Vec<PathBuf>,
    jobs: Mutex<LruCache<JobId, Arc<JobCommand>>>,
    /// A watch on each common folder; `None` where there can be none.
    watches: Mutex<LruCache<PathBuf, Option<Arc<FolderWatch>>>>,
    cores: Cores,
    reach: Reach,
}

/// The command of a job.
struct JobCommand {
    program: Program,
    patterns: ArtifactPatterns,
    place: RunPlace,
    /// For a job that varies something.
    setup: Option<Setup>,
}

/// Where the copies of a job run.
enum RunPlace {
    /// Each in a folder of its own.
    Own(Arc<Layout>),
    /// All in the folder from which the job was submitted.
    Common(CommonFolder),
}

/// The folder in which all copies of a job run.
#[derive(Default)]
struct CommonFolder {
    watch: Option<Arc<FolderWatch>>,
    /// Changes before the first copy of the job ran.
    changes_before: u64,
    running: AtomicUsize,
    /// Whether two copies ever ran at the same time.
    several: AtomicBool,
}

impl Commands {
    pub(super) fn new(search_path: Option<OsString>, temporary: PathBuf) -> Self {
        Self {
            search_path,
            observer: Observer::default(),
            scratches: Arc::new(Scratches::new(temporary)),
            own_files: Vec::new(),
            jobs: Mutex::new(LruCache::new(JOBS_MAX)),
            watches: Mutex::new(LruCache::new(WATCHES_MAX)),
            cores: Cores::default(),
            reach: Reach::default(),
        }
    }

    pub(super) fn with_own_files(self, own_files: Vec<PathBuf>) -> Self {
        Self { own_files, ..self }
    }

    /// Runs a command once. `folder` is the one from which the job was submitted.
    pub(super) fn run(
        &self,
        task: &Task,
        argv: &[String],
        folder: &Path,
        running: &Running,
    ) -> Result<Output, CalculationError> {
        let job = self.job(&task.spec, argv, folder)?;
        let VariedProgram { program, report } = job.program(task)?;
        let _busy =
            job.setup.as_ref().filter(|setup| setup.is_busy(task.copy)).map(|_| self.cores.keep_busy());
        let mut run = self.run_placed(&job, task, &program, running);
        if let Some(setup) = &job.setup {
            let settings = setup.settings(task.copy);
            let mut facts = Facts::default();
            if let Some(report) = &report {
                varied::record_report(&settings, report, &mut facts);
            }
            if let Ok(output) = &mut run {
                output.facts.record_all(&facts);
                setup.record_alone(&settings, &mut output.facts);
                self.reach.record(&task.spec.job, &settings, &mut output.facts, |question| {
                    self.ask(&job, task, &program, question, running)
                });
            }
        }
        run
    }

    /// Runs a program in the place of its job.
    fn run_placed(
        &self,
        job: &JobCommand,
        task: &Task,
        program: &Program,
        running: &Running,
    ) -> Result<Output, CalculationError> {
        match &job.place {
            RunPlace::Common(common) => {
                let _present = common.enter();
                let mut output = output(self.finished(task, program, running)?);
                common.record(&mut output.facts);
                Ok(output)
            }
            RunPlace::Own(layout) => {
                let scratch = self.scratch(layout)?;
                let run = self.run_in(&scratch, task, program, &job.patterns, running);
                let folder = RunFolder::new(scratch, &self.scratches);
                if task.spec.policy.keep_folders.is_some() {
                    task.left.put(folder);
                }
                run
            }
        }
    }

    /// Runs a program once more, so that a library reports; gives what the program printed, if it succeeds.
    fn ask(
        &self,
        job: &JobCommand,
        task: &Task,
        program: &Program,
        question: &Question<'_>,
        running: &Running,
    ) -> Option<Vec<u8>> {
        let variables = question.report.variables.iter();
        let program =
            variables.fold(program.clone(), |program, (name, value)| program.with_variable(name, value));
        let finished = match &job.place {
            RunPlace::Common(_) => self.finished(task, &program, running),
            RunPlace::Own(layout) => {
                let scratch = self.scratch(layout).ok()?;
                let program = in_scratch(&program, &scratch);
                let finished = self.finished(task, &program, running);
                drop(RunFolder::new(scratch, &self.scratches));
                finished
            }
        };
        let Finished { mut output, traces } = finished.ok()?;
        output.extend_from_slice(&traces.stderr_tail);
        Some(output)
    }

    fn scratch(&self, layout: &Arc<Layout>) -> Result<Scratch, CalculationError> {
        let no_folder = |error| CalculationError::failed(no_folder(self.scratches.place(), &error), []);
        self.scratches.take(layout).map_err(no_folder)
    }

    fn run_in(
        &self,
        scratch: &Scratch,
        task: &Task,
        program: &Program,
        patterns: &ArtifactPatterns,
        running: &Running,
    ) -> Result<Output, CalculationError> {
        let program = in_scratch(program, scratch);
        let mut output = output(self.finished(task, &program, running)?);
        if !patterns.is_empty() {
            let found = self.artifacts(scratch, patterns);
            output.artifacts = found.map_err(|reason| CalculationError::Failed {
                reason,
                stderr_tail: output.stderr_tail.clone(),
                facts: output.facts.clone(),
            })?;
        }
        if let Some(name) = names_folder(&output, patterns, scratch.path()) {
            output.facts.record(FOLDER_IN_OUTPUT, name);
        }
        Ok(output)
    }

    /// The artifacts that a copy left, or the reason why they cannot be read.
    fn artifacts(
        &self,
        scratch: &Scratch,
        patterns: &ArtifactPatterns,
    ) -> Result<Vec<ProducedArtifact>, String> {
        let entries = self.scratches.own_entries(scratch);
        let entries = entries.map_err(|error| format!("the folder of the copy cannot be read: {error}"))?;
        collect(scratch.path(), patterns, entries).map_err(|error| error.to_string())
    }

    fn finished(
        &self,
        task: &Task,
        program: &Program,
        running: &Running,
    ) -> Result<Finished, CalculationError> {
        let stdin = task
            .payload
            .stdin()
            .map_err(|error| CalculationError::failed(format!("no payload on stdin: {error}"), []))?;
        let limits = RunLimits {
            timeout: task.time_limit,
            output_bytes_max: OUTPUT_BYTES_MAX,
            stderr_tail_bytes: STDERR_TAIL_BYTES,
        };
        command::run(program, stdin, &limits, running, &self.observer).map_err(|error| match error {
            RunError::Stopped => CalculationError::Stopped,
            error => {
                let reason = reason(&error);
                let Traces { stderr_tail, facts } = error.traces().cloned().unwrap_or_default();
                CalculationError::Failed { reason, stderr_tail, facts }
            }
        })
    }

    /// The command of a job, which is looked up once.
    fn job(
        &self,
        spec: &JobSpec,
        argv: &[String],
        folder: &Path,
    ) -> Result<Arc<JobCommand>, CalculationError> {
        let mut jobs = locked(&self.jobs);
        if let Some(job) = jobs.get(&spec.job) {
            return Ok(Arc::clone(job));
        }
        let program = Program::find(argv, folder, self.search_path.as_deref())
            .map_err(|error| CalculationError::failed(error.to_string(), []))?;
        let patterns = ArtifactPatterns::parse(&spec.policy.artifacts)
            .map_err(|error| CalculationError::failed(error.to_string(), []))?;
        let place = if spec.policy.scratch || !patterns.is_empty() {
            let layout = Layout::of(folder, &patterns).map_err(|error| {
                CalculationError::failed(format!("cannot show {}: {error}", folder.display()), [])
            })?;
            RunPlace::Own(Arc::new(layout))
        } else {
            RunPlace::Common(CommonFolder::new(self.watch(folder)))
        };
        let setup = spec.policy.variation.as_ref().map(|plan| {
            let own = || self.scratches.own_folder();
            Setup::new(&spec.job, plan, argv, folder, self.search_path.as_deref(), own)
        });
        let setup = setup.transpose().map_err(|error| CalculationError::failed(error.to_string(), []))?;
        let job = Arc::new(JobCommand { program, patterns, place, setup });
        jobs.put(spec.job.clone(), Arc::clone(&job));
        Ok(job)
    }

    fn watch(&self, folder: &Path) -> Option<Arc<FolderWatch>> {
        let mut watches = locked(&self.watches);
        if let Some(watch) = watches.get(folder) {
            return watch.clone();
        }
        let watch = FolderWatch::start(folder, self.own_files.clone()).ok().map(Arc::new);
        watches.put(folder.to_owned(), watch.clone());
        watch
    }
}

impl JobCommand {
    /// The program of a copy: that of its job, with the settings that the job assigns to the copy, and told which copy it is.
    fn program(&self, task: &Task) -> Result<VariedProgram, CalculationError> {
        let varied = match &self.setup {
            Some(setup) => setup.program(task.copy),
            None => Ok(VariedProgram { program: self.program.clone(), report: None }),
        };
        let VariedProgram { program, report } =
            varied.map_err(|error| CalculationError::failed(error.to_string(), []))?;
        let copy = format!("{:06}", task.copy);
        let program = program.with_variable(JOB, task.spec.job.as_str()).with_variable(COPY, copy);
        Ok(VariedProgram { program, report })
    }
}

impl CommonFolder {
    fn new(watch: Option<Arc<FolderWatch>>) -> Self {
        let changes_before = watch.as_ref().map_or(0, |watch| watch.changes());
        Self { watch, changes_before, ..Self::default() }
    }

    /// Counts a copy that runs, until the value that is returned is dropped.
    fn enter(&self) -> Present<'_> {
        if self.running.fetch_add(1, Ordering::Relaxed) > 0 {
            self.several.store(true, Ordering::Relaxed);
        }
        Present(self)
    }

    /// Records that a file has changed while several copies ran.
    fn record(&self, facts: &mut Facts) {
        if self.several.load(Ordering::Relaxed)
            && let Some(watch) = &self.watch
            && let Some(changed) = watch.changed_since(self.changes_before)
        {
            facts.record(FOLDER_CHANGED, changed.to_string_lossy());
        }
    }
}

/// A copy that runs in a common folder.
struct Present<'a>(&'a CommonFolder);

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

fn output(finished: Finished) -> Output {
    let Finished { output, traces: Traces { stderr_tail, facts } } = finished;
    Output { bytes: output, stderr_tail, facts, artifacts: Vec::new() }
}

/// The program, to be run in a folder of its own, and told which one it is.
fn in_scratch(program: &Program, scratch: &Scratch) -> Program {
    program.in_folder(scratch.path().to_owned()).with_variable(SCRATCH, scratch.path())
}

/// Why there is no folder for a copy in the folder for temporary files, and what helps.
fn no_folder(place: &Path, error: &io::Error) -> String {
    let helps = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there, or name another one",
        _ => "name one that exists and can be written",
    };
    // An error that is not the system's own names a path, which differs from copy to copy.
    let error = error.raw_os_error().map_or_else(|| error.kind().to_string(), |_| error.to_string());
    format!("no folder for the copy in {}: {error}; {helps} with TMPDIR", place.display())
}

/// The first part of the output that has the path of `folder` in it.
fn names_folder(output: &Output, patterns: &ArtifactPatterns, folder: &Path) -> Option<String> {
    let path = folder.as_os_str().as_encoded_bytes();
    let has_path = |bytes: &[u8]| memmem::find(bytes, path).is_some();
    if (patterns.is_empty() || patterns.has_stdout()) && has_path(&output.bytes) {
        return Some(Artifact::STDOUT.to_owned());
    }
    let has = |artifact: &&ProducedArtifact| artifact.content.as_deref().is_some_and(has_path);
    output.artifacts.iter().find(has).map(|found| found.artifact.name.clone())
}

/// The reason, with the system's error, which is the source of the [`RunError`].
fn reason(error: &RunError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
