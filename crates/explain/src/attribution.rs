//! Finds what goes together with the classes: recorded facts, thresholds, place in the job, pairs.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::{Classes, ObservedRun, Unit};

mod by_sandbox;
mod candidates;
mod columns;
mod groups;
mod material;
mod names;
mod orders;
mod patterns;
mod precedence;
mod sampled;
mod sandboxes;
mod separators;
mod significance;
mod splits;

use by_sandbox::by_sandbox;
use candidates::{Candidates, Source};
use columns::Columns;
use material::Material;
pub use patterns::{Pattern, PatternKind};
use precedence::{claims_first, seen_follows};
use sandboxes::SandboxUnits;
pub use sandboxes::UnitTest;
use separators::Tested;
pub use separators::{CLASSES_LISTED_MAX, Separator, VALUES_LISTED_MAX, Value};
pub use significance::SIGNIFICANCE_LEVEL;
pub use splits::Split;

pub(crate) use groups::within;

/// The facts that go together with the classes. A copy that gave two digests counts as two runs here.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Attribution {
    /// The number of copies that gave a digest.
    pub copies: u64,
    /// The number of facts that vary. 0 if there are fewer than two classes, because then nothing is tested.
    pub facts_tested: u64,
    /// The number of facts that have the same value wherever they were observed.
    pub facts_constant: u64,
    /// The number of permutations behind the corrected p-values; 0 if none was needed.
    pub permutations: u64,
    /// The number of looks at the job that the p-values are corrected for.
    pub looks: u64,
    /// The separators: perfect and significant ones first, then other significant ones, then by p-value; consequences and
    /// facts that were not tested last.
    pub separators: Vec<Separator>,
    /// What else goes with the classes beyond chance, the best first.
    pub patterns: Vec<Pattern>,
    /// How the classes are spread over sandboxes, time and positions in the job; empty if a separator is significant.
    pub splits: Vec<Split>,
}

/// What attribution has to know of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The number of times at which the job may have been looked at and stopped. Each p-value is multiplied by it.
    pub looks: u64,
    /// Whether the place of a copy in the job may matter: its index and its start.
    pub placed: bool,
    /// What copies share.
    pub unit: Unit,
    /// Whether each copy was a process of its own, so that it says nothing whether the worker had run a copy before.
    pub separate: bool,
}

impl Default for Scope {
    fn default() -> Self {
        Self { looks: 1, placed: true, unit: Unit::default(), separate: false }
    }
}

/// Tests everything recorded against the classes that [`classify`](crate::classify) gave for the same runs.
#[must_use]
pub fn attribute(runs: &[ObservedRun<'_>], classes: &Classes, scope: Scope) -> Attribution {
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&run| (runs[run].copy, classes.of_run[run]));
    // Sorted, so that the last digits of a sum do not depend on the order of the input.
    let in_order: Vec<_> = order.iter().map(|&run| runs[run]).collect();
    let of_run = order.iter().map(|&run| classes.of_run[run]).collect();
    attribute_in_order(&in_order, &Classes { classes: classes.classes.clone(), of_run }, scope)
}

fn attribute_in_order(runs: &[ObservedRun<'_>], classes: &Classes, scope: Scope) -> Attribution {
    let columns = Columns::of(runs, scope.separate);
    let found = Attribution { copies: distinct_copies(runs), looks: scope.looks, ..Attribution::default() };
    if classes.classes.len() < 2 {
        return Attribution { facts_constant: columns.partitions().constant, ..found };
    }
    let candidates = Candidates::of(runs, classes, &columns, scope.placed);
    let partitions = &candidates.partitions;
    let tested: Vec<Tested<'_>> =
        partitions.by_value.iter().map(|partition| Tested::new(partition, classes)).collect();
    let exact = |source: Source| match source {
        Source::Value(place) => tested[place].exact(),
        Source::Presence(place) => Tested::new(&partitions.by_presence[place], classes).exact(),
        Source::Threshold(_) | Source::Change(_) | Source::Blocks(_) | Source::Parity => None,
    };
    let study = candidates.study(&columns, exact);
    // With a class for each run, nothing is tested: every order of the classes is as good as any other.
    let findings = if classes.classes.len() < runs.len() { study.test() } else { study.untested() };
    let units = SandboxUnits::of(runs, classes);
    let material = Material { runs, classes, columns: &columns, candidates: &candidates, looks: scope.looks };
    let mut separators = material.separators(&tested, &findings);
    let mut patterns = material.patterns(&findings);
    seen_follows(&mut patterns);
    by_sandbox(&candidates, study, &units, &mut separators, &mut patterns);
    let mut separators: Vec<Separator> = separators.into_iter().map(|found| found.separator).collect();
    claims_first(&mut separators);
    let is_explained = separators.iter().any(|separator| separator.significant);
    let splits = if is_explained { Vec::new() } else { splits::splits(&material, &findings, scope.unit) };
    let facts_tested = partitions.by_value.iter().map(|partition| partition.facts.len() as u64).sum();
    let facts_constant = partitions.constant;
    let permutations = findings.permutations;
    Attribution { facts_tested, facts_constant, permutations, separators, patterns, splits, ..found }
}

fn distinct_copies(runs: &[ObservedRun<'_>]) -> u64 {
    runs.iter().map(|run| run.copy).collect::<BTreeSet<_>>().len() as u64
}

#[cfg(test)]
mod tests;
