//! Samples what a command runs with, from outside while it runs: libraries, variables, memory.
//!
//! A sample reads a few files of `/proc`. It starts no thread, stops no process and never fails: a fact that cannot be read
//! is not recorded. A command that ends before the first of [`SAMPLES_AT_MS`] is not sampled.

mod libraries;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use concord_protocol::Facts;
use rustix::process::Pid;

use crate::environment::{Variables, kilobytes, text};
use libraries::{Builds, Loaded};

/// Milliseconds after its start at which a command is sampled. Each is about three times the one before: so the last
/// sample comes after at least a third of any run, and even the longest run has few samples.
const SAMPLES_AT_MS: [u64; 10] = [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000];

/// Output that comes earlier does not show that a command has finished its preparations.
const OUTPUT_COUNTS_AFTER: Duration = Duration::from_millis(5);

/// Generations of descendants that are followed, at most, from a command to the process that calculates: a shell, `env`,
/// an interpreter.
const GENERATIONS_MAX: usize = 8;

/// Room for the variables of a process at first, and at most. They share a quarter of the stack's bound with the arguments
/// (`execve(2)`), 2 MiB by default.
const ENVIRON_BYTES: usize = 64 * 1024;
const ENVIRON_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Value of a variable that the worker has and the command does not have.
const NOT_SET: &str = "(not set)";

/// The variable that glibc parses in place.
const TUNABLES: &str = "GLIBC_TUNABLES";

/// What the sampler remembers between runs: one for all threads of a process.
#[derive(Debug, Default)]
pub struct Observer {
    builds: Builds,
    own_variables: OnceLock<Variables>,
}

impl Observer {
    /// The variables of this process, from which commands inherit.
    fn own_variables(&self) -> &Variables {
        self.own_variables.get_or_init(|| variables(Path::new("/proc/self")).unwrap_or_default())
    }
}

/// Samples one run.
pub(super) struct Sampler<'a> {
    observer: &'a Observer,
    leader: Pid,
    started: Instant,
    /// How many of [`SAMPLES_AT_MS`] have passed.
    passed: usize,
    output_counted: bool,
    peak_kilobytes: u64,
    /// The variables of the process that was sampled last.
    variables: Option<Variables>,
    facts: Facts,
}

impl<'a> Sampler<'a> {
    /// Samples the group of `leader`, which was started at `started`.
    pub(super) fn new(observer: &'a Observer, leader: Pid, started: Instant) -> Self {
        let facts = Facts::default();
        Self {
            observer,
            leader,
            started,
            passed: 0,
            output_counted: false,
            peak_kilobytes: 0,
            variables: None,
            facts,
        }
    }

    /// How long to wait until the next sample is due, at most `remaining`.
    pub(super) fn wait_at_most(&self, remaining: Option<Duration>) -> Option<Duration> {
        let next = SAMPLES_AT_MS.get(self.passed).copied().map(Duration::from_millis);
        let due = next.map(|at| at.saturating_sub(self.started.elapsed()));
        [due, remaining].into_iter().flatten().min()
    }

    /// Takes a sample if one is due; only one when several are.
    pub(super) fn sample_if_due(&mut self) {
        if self.passed < SAMPLES_AT_MS.len() {
            let passed = passed(self.started.elapsed());
            if passed > self.passed {
                self.passed = passed;
                self.sample();
            }
        }
    }

    /// Takes a sample before the first output is read: a process that writes much is then still there.
    pub(super) fn output_came(&mut self) {
        if !self.output_counted && self.started.elapsed() >= OUTPUT_COUNTS_AFTER {
            self.output_counted = true;
            self.sample();
        }
    }

    /// The facts of all samples; the last value of a name counts.
    pub(super) fn into_facts(mut self) -> Facts {
        if let Some(variables) = &self.variables {
            for (name, value) in variables.unlike(self.observer.own_variables()) {
                self.facts.record(&format!("variable.{name}"), value.unwrap_or(NOT_SET));
            }
        }
        self.facts
    }

    /// Samples the leader and its newest descendant, whose facts replace those of the leader.
    fn sample(&mut self) {
        let leader = process(self.leader.as_raw_nonzero().get());
        let newest = newest_descendant(&leader);
        let of_leader = self.look_at(&leader);
        let of_newest = newest.as_deref().and_then(|newest| self.look_at(newest));
        // If the newest process is gone meanwhile, what was seen of it before says more than what is seen of the leader.
        let says_more = newest.is_some() && self.variables.is_some();
        if let Some((variables, program)) = of_newest.or_else(|| of_leader.filter(|_| !says_more)) {
            self.variables = Some(variables);
            self.facts.record("run.program", program);
        }
        if self.peak_kilobytes > 0 {
            self.facts.record("run.peak_memory_mb", (self.peak_kilobytes / 1024).to_string());
        }
    }

    /// Records libraries and memory of a process; gives its variables and the name of its program. Nothing is recorded when
    /// the process is gone: the facts of earlier samples stay.
    fn look_at(&mut self, folder: &Path) -> Option<(Variables, String)> {
        let maps = text(&folder.join("maps")).filter(|maps| !maps.is_empty())?;
        for (library, file) in Loaded::of(&maps).describe(&self.observer.builds) {
            self.facts.record(&format!("loaded.{library}"), file);
        }
        let status = text(&folder.join("status")).unwrap_or_default();
        self.peak_kilobytes = self.peak_kilobytes.max(kilobytes(&status, "VmHWM").unwrap_or_default());
        let name = || text(&folder.join("comm")).map(|name| name.trim_end().to_owned());
        let program = name()?;
        let variables = variables(folder).filter(|variables| !is_being_read(variables))?;
        // A process may become another program between two reads.
        (name()? == program).then_some((variables, program))
    }
}

/// Whether a process is just starting and glibc parses its tunables: for a moment they end at each `=` and `:`.
fn is_being_read(variables: &Variables) -> bool {
    variables.get(TUNABLES).is_some_and(|tunables| !tunables.is_empty() && !tunables.contains('='))
}

/// How many of [`SAMPLES_AT_MS`] have passed after `elapsed`.
fn passed(elapsed: Duration) -> usize {
    SAMPLES_AT_MS.iter().take_while(|at| Duration::from_millis(**at) <= elapsed).count()
}

fn process(pid: i32) -> PathBuf {
    Path::new("/proc").join(pid.to_string())
}

/// The last child of the last child and so on, of main threads only; `None` when there is none.
fn newest_descendant(leader: &Path) -> Option<PathBuf> {
    let child = |folder: &PathBuf| {
        let pid = folder.file_name()?.to_str()?;
        let children = text(&folder.join("task").join(pid).join("children"))?;
        children.split_whitespace().next_back()?.parse().ok().map(process)
    };
    let mut line = std::iter::successors(Some(leader.to_owned()), child).take(GENERATIONS_MAX).skip(1);
    line.by_ref().last()
}

/// The variables with which a process was started; `None` when it is gone.
fn variables(folder: &Path) -> Option<Variables> {
    let environ = environ(folder)?;
    (!environ.is_empty()).then(|| Variables::parse(&environ))
}

/// The whole of the variables of a process, or nothing. For the length of one read the kernel keeps the memory of a process
/// that exits; between two reads it does not, so the variables must come in one.
fn environ(folder: &Path) -> Option<Vec<u8>> {
    let mut room = ENVIRON_BYTES;
    while room <= ENVIRON_BYTES_MAX {
        let mut bytes = vec![0; room];
        let read = File::open(folder.join("environ")).and_then(|mut file| file.read(&mut bytes)).ok()?;
        if read < room {
            bytes.truncate(read);
            return Some(bytes);
        }
        room *= 8;
    }
    None
}
