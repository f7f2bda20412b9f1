//! What a command runs with, seen from outside while it runs: libraries, variables, memory.
//!
//! A look reads a few files of `/proc`. It starts no thread, stops no process and never fails: what cannot be read is
//! not recorded. A command that is over within the first of [`LOOKS_AT_MS`] is not looked at.

mod libraries;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use concord_protocol::Facts;
use rustix::process::Pid;

use crate::environment::{Variables, kilobytes, text};
use libraries::{Builds, Loaded};

/// Milliseconds after its start at which a command is looked at. Each is about three times the one before: so the last
/// look comes after at least a third of any run, and even the longest has few.
const LOOKS_AT_MS: [u64; 10] = [10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000];

/// The earliest time at which output is taken as a sign that a command is through with its preparations.
const OUTPUT_COUNTS_AFTER: Duration = Duration::from_millis(5);

/// Generations below a command that are followed down to the process that calculates: a shell, `env`, an interpreter.
const GENERATIONS_MAX: usize = 8;

/// Value of a variable that the command lacks and the worker has.
const NOT_SET: &str = "(not set)";

/// The variable that glibc takes apart where it stands.
const TUNABLES: &str = "GLIBC_TUNABLES";

/// What is remembered between runs: one for all threads of a process.
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

/// The looks at one run.
pub(super) struct Looks<'a> {
    observer: &'a Observer,
    leader: Pid,
    started: Instant,
    /// Of [`LOOKS_AT_MS`], those whose time has passed.
    passed: usize,
    output_counted: bool,
    peak_kilobytes: u64,
    /// Of the process that was looked at last.
    variables: Option<Variables>,
    facts: Facts,
}

impl<'a> Looks<'a> {
    /// Looks at the group of `leader`, which was started at `started`.
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

    /// How long may be waited until a look is due, if it is to be no longer than `remaining`.
    pub(super) fn wait_at_most(&self, remaining: Option<Duration>) -> Option<Duration> {
        let next = LOOKS_AT_MS.get(self.passed).copied().map(Duration::from_millis);
        let due = next.map(|at| at.saturating_sub(self.started.elapsed()));
        [due, remaining].into_iter().flatten().min()
    }

    /// Looks if it is time to; of several times that have passed, once.
    pub(super) fn look_if_due(&mut self) {
        if self.passed < LOOKS_AT_MS.len() {
            let passed = passed(self.started.elapsed());
            if passed > self.passed {
                self.passed = passed;
                self.look();
            }
        }
    }

    /// Looks if this is the first output, before it is read: whoever writes much is then still there.
    pub(super) fn output_came(&mut self) {
        if !self.output_counted && self.started.elapsed() >= OUTPUT_COUNTS_AFTER {
            self.output_counted = true;
            self.look();
        }
    }

    /// What was seen; of a name that was seen several times, the last.
    pub(super) fn into_facts(mut self) -> Facts {
        if let Some(variables) = &self.variables {
            for (name, value) in variables.unlike(self.observer.own_variables()) {
                self.facts.record(&format!("variable.{name}"), value.unwrap_or(NOT_SET));
            }
        }
        self.facts
    }

    /// Looks at the leader and at its newest descendant, whose facts stand in place of the leader's.
    fn look(&mut self) {
        let leader = process(self.leader.as_raw_nonzero().get());
        let newest = newest_descendant(&leader);
        for folder in [Some(leader), newest].into_iter().flatten() {
            // Empty when the process is gone: what was seen before stays.
            let Some(maps) = text(&folder.join("maps")).filter(|maps| !maps.is_empty()) else { continue };
            for (library, file) in Loaded::of(&maps).describe(&self.observer.builds) {
                self.facts.record(&format!("loaded.{library}"), file);
            }
            if let Some(variables) = variables(&folder).filter(|variables| !is_being_read(variables)) {
                self.variables = Some(variables);
            }
            let status = text(&folder.join("status")).unwrap_or_default();
            self.peak_kilobytes = self.peak_kilobytes.max(kilobytes(&status, "VmHWM").unwrap_or_default());
        }
        if self.peak_kilobytes > 0 {
            self.facts.record("run.peak_memory_mb", (self.peak_kilobytes / 1024).to_string());
        }
    }
}

/// Whether a process is just starting and glibc reads its tunables, which for a moment end at each `=` and `:`.
fn is_being_read(variables: &Variables) -> bool {
    variables.get(TUNABLES).is_some_and(|tunables| !tunables.is_empty() && !tunables.contains('='))
}

/// How many of [`LOOKS_AT_MS`] have passed after such a time.
fn passed(elapsed: Duration) -> usize {
    LOOKS_AT_MS.iter().take_while(|at| Duration::from_millis(**at) <= elapsed).count()
}

fn process(pid: i32) -> PathBuf {
    Path::new("/proc").join(pid.to_string())
}

/// The last child of the last child and so on, of main threads alone; `None` where there is none.
fn newest_descendant(leader: &Path) -> Option<PathBuf> {
    let child = |folder: &PathBuf| {
        let pid = folder.file_name()?.to_str()?;
        let children = text(&folder.join("task").join(pid).join("children"))?;
        children.split_whitespace().next_back()?.parse().ok().map(process)
    };
    let mut line = std::iter::successors(Some(leader.to_owned()), child).take(GENERATIONS_MAX).skip(1);
    line.by_ref().last()
}

fn variables(folder: &Path) -> Option<Variables> {
    let environ = std::fs::read(folder.join("environ")).ok()?;
    // That of a process that is gone is empty.
    (!environ.is_empty()).then(|| Variables::parse(&environ))
}
