//! Which runs were looked at from outside. A command that ends within a few milliseconds is not, so what only such a look
//! shows is unknown of it: its libraries, and variables that a wrapper set.

use std::collections::HashMap;

use super::names;
use crate::ObservedRun;

/// The fact that every look at a command records.
const PEAK_MEMORY: &str = "run.peak_memory_mb";

/// Facts that only a look shows, beside variables.
const LIBRARIES: &str = "loaded.";

/// The runs that were looked at.
pub(super) struct Sampled {
    /// For each run.
    is_sampled: Vec<bool>,
    /// For each variable that differs from that of the worker in some run, whether each run has a value of its own.
    own: HashMap<String, Vec<bool>>,
}

impl Sampled {
    pub(super) fn of(runs: &[ObservedRun<'_>]) -> Self {
        let mut own = HashMap::<String, Vec<bool>>::new();
        for (place, run) in runs.iter().enumerate() {
            for name in run.facts.keys().filter(|name| names::is_absence_a_value(name)) {
                own.entry(name.clone()).or_insert_with(|| vec![false; runs.len()])[place] = true;
            }
        }
        Self { is_sampled: runs.iter().map(is_sampled).collect(), own }
    }

    /// Whether the value of a variable is known in a run; `None` if no run differs from its worker in it.
    pub(super) fn knows_variable(&self, name: &str, run: usize) -> Option<bool> {
        self.own.get(name).map(|own| own[run] || self.is_sampled[run])
    }

    /// Whether a run may have had the fact although it was not seen.
    pub(super) fn misses(&self, name: &str, run: usize) -> bool {
        let needs_look = is_seen_by_looking(name) || self.own.contains_key(name);
        needs_look && !self.is_sampled[run] && self.is_sampled.contains(&true)
    }
}

fn is_sampled(run: &ObservedRun<'_>) -> bool {
    run.facts.contains_key(PEAK_MEMORY) || run.facts.keys().any(|name| is_seen_by_looking(name))
}

/// Whether only a look at the running program shows the fact, so that a longer run shows more.
pub(super) fn is_seen_by_looking(name: &str) -> bool {
    name.starts_with(LIBRARIES)
}
