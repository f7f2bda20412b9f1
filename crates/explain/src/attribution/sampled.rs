//! Which runs were looked at from outside. A command that ends within a few milliseconds is not, so what only such a look
//! shows is unknown of it: its libraries, and variables that a wrapper set. Of a run that was looked at before its wrapper
//! started the program, the variables are unknown too.

use std::collections::{HashMap, HashSet};

use super::names;
use crate::ObservedRun;

/// The fact that every look at a command records.
const PEAK_MEMORY: &str = "run.peak_memory_mb";

/// The name of the process whose variables a look read last.
const PROGRAM: &str = "run.program";

/// Facts that only a look shows, beside variables.
const LIBRARIES: &str = "loaded.";

/// The runs that were looked at.
pub(super) struct Sampled {
    /// For each run.
    is_sampled: Vec<bool>,
    /// For each variable that differs from that of the worker in some run, whether its value is known in each run.
    known: HashMap<String, Vec<bool>>,
}

impl Sampled {
    pub(super) fn of(runs: &[ObservedRun<'_>]) -> Self {
        // For each variable, the programs in which it was seen.
        let mut seen = HashMap::<&str, HashSet<&str>>::new();
        for run in runs {
            for name in run.facts.names().filter(|name| names::is_absence_a_value(name)) {
                seen.entry(name).or_default().extend(program(run));
            }
        }
        let known = |(name, programs): (&str, HashSet<&str>)| {
            let is_comparable = |run: &ObservedRun<'_>| {
                is_sampled(run)
                    && (programs.is_empty() || program(run).is_some_and(|own| programs.contains(own)))
            };
            let is_known = |run: &ObservedRun<'_>| run.facts.get(name).is_some() || is_comparable(run);
            (name.to_owned(), runs.iter().map(is_known).collect())
        };
        Self {
            is_sampled: runs.iter().map(is_sampled).collect(),
            known: seen.into_iter().map(known).collect(),
        }
    }

    /// Whether the value of a variable is known in a run; `None` if no run differs from its worker in it.
    pub(super) fn knows_variable(&self, name: &str, run: usize) -> Option<bool> {
        self.known.get(name).map(|known| known[run])
    }

    /// Whether a run may have had the fact although it was not seen.
    pub(super) fn misses(&self, name: &str, run: usize) -> bool {
        let is_hidden = is_seen_by_looking(name) && !self.is_sampled[run] && self.is_sampled.contains(&true);
        is_hidden || self.known.contains_key(name)
    }
}

fn program<'a>(run: &ObservedRun<'a>) -> Option<&'a str> {
    run.facts.get(PROGRAM)
}

fn is_sampled(run: &ObservedRun<'_>) -> bool {
    run.facts.get(PEAK_MEMORY).is_some() || run.facts.names().any(is_seen_by_looking)
}

/// Whether only a look at the running program shows the fact, so that a longer run shows more.
pub(super) fn is_seen_by_looking(name: &str) -> bool {
    name.starts_with(LIBRARIES)
}
