use std::collections::BTreeSet;

use serde::Serialize;

use crate::ObservedRun;

/// How many different environments gave digests, as far as facts were recorded. A count is 0 if no run has the fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The number of copies.
    pub copies: u64,
    /// The number of sandboxes.
    pub sandboxes: u64,
    /// The number of hosts: starts of a machine, by `host.boot_id`.
    pub hosts: u64,
    /// The number of kinds of processor, by vendor, family, model, stepping and name together.
    pub cpu_kinds: u64,
    /// The number of classes of the canary, by `canary.class`.
    pub canary_classes: u64,
    /// The number of architectures, by `host.architecture`.
    pub architectures: u64,
    /// The number of memory sizes of sandboxes, by `sandbox.memory_mb`.
    pub memory_sizes: u64,
    /// Whether any run knew its host.
    pub host_seen: bool,
}

/// The facts that together identify a kind of processor, on any architecture.
pub const CPU_KIND_FACTS: [&str; 9] = [
    "cpu.vendor",
    "cpu.family",
    "cpu.model",
    "cpu.stepping",
    "cpu.model_name",
    "cpu.implementer",
    "cpu.part",
    "cpu.variant",
    "cpu.revision",
];

impl Coverage {
    /// The coverage of `runs`.
    #[must_use]
    pub fn of(runs: &[ObservedRun<'_>]) -> Self {
        let hosts = distinct(runs, &["host.boot_id"]);
        Self {
            copies: runs.iter().map(|run| run.copy).collect::<BTreeSet<_>>().len() as u64,
            sandboxes: runs.iter().filter_map(|run| run.sandbox).collect::<BTreeSet<_>>().len() as u64,
            hosts,
            cpu_kinds: distinct(runs, &CPU_KIND_FACTS),
            canary_classes: distinct(runs, &["canary.class"]),
            architectures: distinct(runs, &["host.architecture"]),
            memory_sizes: distinct(runs, &["sandbox.memory_mb"]),
            host_seen: hosts > 0,
        }
    }
}

/// Distinct combinations of the facts `names`, among runs that have any of them.
fn distinct<'a>(runs: &[ObservedRun<'a>], names: &[&str]) -> u64 {
    let mut found = BTreeSet::<Vec<Option<&'a str>>>::new();
    let mut last = None;
    for run in runs {
        // Runs of one environment are mostly next to each other.
        let place = (std::ptr::from_ref(run.environment), run.facts.is_empty());
        if last != Some(place) || !place.1 {
            found.insert(names.iter().map(|name| run.fact(name)).collect());
        }
        last = Some(place);
    }
    found.remove(&vec![None; names.len()]);
    found.len() as u64
}

#[cfg(test)]
mod tests {
    use concord_protocol::Facts;

    use super::*;

    #[test]
    fn known_environments_are_counted_once() {
        let facts = |pairs: &[(&str, &str)]| -> Facts {
            pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let environments = [
            facts(&[("cpu.vendor", "AMD"), ("cpu.model", "1"), ("host.architecture", "x86_64")]),
            facts(&[("cpu.vendor", "Intel"), ("cpu.model", "1"), ("host.architecture", "x86_64")]),
            facts(&[]),
        ];
        let own =
            [facts(&[]), facts(&[("sandbox.memory_mb", "128")]), facts(&[("sandbox.memory_mb", "256")])];
        let run = |copy: u32, environment: usize, own_facts: usize| ObservedRun {
            copy,
            digest: "d",
            bytes: 0,
            started_at_ms: 0,
            run_us: 0,
            sandbox: (environment < 2).then_some("s"),
            environment: &environments[environment],
            facts: &own[own_facts],
        };
        let found = Coverage::of(&[
            run(0, 0, 0),
            run(1, 0, 1),
            run(2, 0, 2),
            run(2, 1, 0),
            run(3, 2, 0),
            run(4, 0, 0),
        ]);
        let expect = Coverage {
            copies: 5,
            sandboxes: 1,
            hosts: 0,
            cpu_kinds: 2,
            canary_classes: 0,
            architectures: 1,
            memory_sizes: 2,
            host_seen: false,
        };
        assert_eq!(found, expect);
    }
}
