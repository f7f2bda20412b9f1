//! Finds the recorded facts that go together with the classes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{Classes, ObservedRun};
use concord_statistics::{Independence, Table, independence, ln_holm, p_value};

mod columns;
mod names;
mod sandboxes;
mod significance;
mod splits;

use columns::{Columns, Partition};
use names::Standing;
use sandboxes::SandboxUnits;
pub use sandboxes::UnitTest;
pub use significance::SIGNIFICANCE_LEVEL;
pub use splits::Split;

/// The largest number of values in the list of one separator: the most frequent ones first, then by name.
pub const VALUES_LISTED_MAX: usize = 50;

/// The largest number of classes in the list of one value: the most frequent ones of the job.
pub const CLASSES_LISTED_MAX: usize = 26;

/// The value that is shown for a fact that a run lacks.
const NO_VALUE: &str = "(none)";

/// A value, and the runs that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Value {
    /// One value for each of the separator's facts; `(none)` for a fact that the runs lack.
    pub value: Vec<String>,
    /// The number of runs that have the value.
    pub runs: u64,
    /// The number of runs by the label of their class; at most [`CLASSES_LISTED_MAX`] classes.
    pub classes: BTreeMap<String, u64>,
}

/// Facts that split the runs in the same way, and how well that split fits the classes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of its own of a printed object")]
pub struct Separator {
    /// The facts: possible causes first, identifiers last, then by name.
    pub facts: Vec<String>,
    /// Whether every value goes with exactly one class.
    pub perfect: bool,
    /// The p-value of the test of independence; see [`independence`]. At least 2.2e-308.
    pub p: f64,
    /// The p-value, corrected for the number of separators (Holm).
    pub p_holm: f64,
    /// Whether the corrected p-value is at most [`SIGNIFICANCE_LEVEL`]. The test counts copies as independent.
    pub significant: bool,
    /// Whether the p-value is exact; otherwise it is a bound that is never too small.
    pub exact: bool,
    /// Whether no two runs have the same value. Such a fact separates any classes.
    pub unique: bool,
    /// The same test with one unit per sandbox; `None` if a fact varies within a sandbox, or no sandbox is known.
    pub sandboxes: Option<UnitTest>,
    /// The values, by frequency; at most [`VALUES_LISTED_MAX`].
    pub values: Vec<Value>,
    /// The number of values.
    pub values_total: u64,
}

/// The facts that go together with the classes. A copy that gave two digests counts as two runs here.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attribution {
    /// The number of copies that gave a digest.
    pub copies: u64,
    /// The number of facts that vary. 0 if there are fewer than two classes, because then nothing is tested.
    pub facts_tested: u64,
    /// The number of facts that have the same value in all runs.
    pub facts_constant: u64,
    /// The separators that were tested: perfect and significant ones first, then by p-value.
    pub separators: Vec<Separator>,
    /// How the classes are spread over sandboxes, time and positions in the job; empty if a separator is significant.
    pub splits: Vec<Split>,
}

/// Tests every recorded fact against the classes that [`classify`](crate::classify) gave for the same runs.
#[must_use]
pub fn attribute(runs: &[ObservedRun<'_>], classes: &Classes) -> Attribution {
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&run| (runs[run].copy, classes.of_run[run]));
    // Sorted, so that the last digits of a sum do not depend on the order of the input.
    let in_order: Vec<_> = order.iter().map(|&run| runs[run]).collect();
    let of_run = order.iter().map(|&run| classes.of_run[run]).collect();
    attribute_in_order(&in_order, &Classes { classes: classes.classes.clone(), of_run })
}

fn attribute_in_order(runs: &[ObservedRun<'_>], classes: &Classes) -> Attribution {
    let columns = Columns::of(runs);
    let (partitions, facts_constant) = columns.partitions();
    let copies = distinct_copies(runs);
    if classes.classes.len() < 2 {
        return Attribution {
            copies,
            facts_tested: 0,
            facts_constant,
            separators: Vec::new(),
            splits: Vec::new(),
        };
    }
    let facts_tested = partitions.iter().map(|partition| partition.facts.len() as u64).sum();
    let mut tested: Vec<Tested> = partitions
        .into_iter()
        .map(|partition| {
            let pairs =
                partition.of_run.iter().map(|&block| block as usize).zip(classes.of_run.iter().copied());
            let table = Table::count(pairs);
            let found = independence(&table);
            Tested { partition, perfect: table.is_perfect(), blocks: table.values().len(), found }
        })
        .collect();
    tested.sort_by_cached_key(|tested| tested.rank(&columns));
    let corrected = ln_holm(&tested.iter().map(|tested| tested.found.ln_p).collect::<Vec<_>>());
    let splits_of_runs: Vec<&[u32]> = tested.iter().map(|tested| &tested.partition.of_run[..]).collect();
    let by_sandbox = SandboxUnits::of(runs, classes).test_all(&splits_of_runs);
    let mut separators: Vec<Separator> = tested
        .iter()
        .zip(corrected)
        .zip(by_sandbox)
        .map(|((tested, ln_p_holm), by_sandbox)| tested.separator(ln_p_holm, by_sandbox, &columns, classes))
        .collect();
    // The sort is stable, so the order within each of the two groups stays.
    separators.sort_by_key(|separator| !(separator.perfect && separator.significant));
    let is_explained = separators.iter().any(|separator| separator.significant);
    let splits = if is_explained { Vec::new() } else { splits::splits(runs, classes) };
    Attribution { copies, facts_tested, facts_constant, separators, splits }
}

fn distinct_copies(runs: &[ObservedRun<'_>]) -> u64 {
    runs.iter().map(|run| run.copy).collect::<BTreeSet<_>>().len() as u64
}

struct Tested {
    partition: Partition,
    perfect: bool,
    blocks: usize,
    found: Independence,
}

/// The rank of a separator; the smallest rank comes first. Two computations of equal p-values may differ in the last
/// digits, so a rank has p-values without these digits.
type Rank = (i64, bool, bool, usize, Standing, String);

/// The number of ranks per unit of ln p. P-values with a relative difference below 1e-9 have the same rank.
const RANK_STEPS: f64 = 1e9;

impl Tested {
    fn rank(&self, columns: &Columns<'_>) -> Rank {
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm of a p-value is far above -1e9")]
        let ln_p = (self.found.ln_p * RANK_STEPS).round() as i64;
        let first = columns.name(self.partition.facts[0]);
        let standing = Standing::of(first);
        (ln_p, !self.perfect, standing == Standing::Identifier, self.blocks, standing, first.to_owned())
    }

    fn separator(
        &self,
        ln_p_holm: f64,
        sandboxes: Option<UnitTest>,
        columns: &Columns<'_>,
        classes: &Classes,
    ) -> Separator {
        let p_holm = p_value(ln_p_holm);
        Separator {
            facts: self.partition.facts.iter().map(|&fact| columns.name(fact).to_owned()).collect(),
            perfect: self.perfect,
            p: p_value(self.found.ln_p),
            p_holm,
            significant: p_holm <= SIGNIFICANCE_LEVEL,
            exact: self.found.exact,
            unique: self.blocks == self.partition.of_run.len(),
            sandboxes,
            values: self.values(columns, classes),
            values_total: self.blocks as u64,
        }
    }

    fn values(&self, columns: &Columns<'_>, classes: &Classes) -> Vec<Value> {
        let mut blocks = vec![(0_u64, 0_usize); self.blocks];
        for (run, &block) in self.partition.of_run.iter().enumerate() {
            blocks[block as usize] = (blocks[block as usize].0 + 1, run);
        }
        let value_of = |run: usize| -> Vec<&str> {
            self.partition.facts.iter().map(|&fact| columns.value(fact, run).unwrap_or(NO_VALUE)).collect()
        };
        let mut order: Vec<usize> = (0..self.blocks).collect();
        order.sort_by_cached_key(|&block| (std::cmp::Reverse(blocks[block].0), value_of(blocks[block].1)));
        order.truncate(VALUES_LISTED_MAX);
        let places: BTreeMap<usize, usize> =
            order.iter().enumerate().map(|(place, &block)| (block, place)).collect();
        let mut counts = vec![BTreeMap::<usize, u64>::new(); order.len()];
        for (&block, &class) in self.partition.of_run.iter().zip(&classes.of_run) {
            if let Some(&place) = places.get(&(block as usize)) {
                *counts[place].entry(class).or_default() += 1;
            }
        }
        let labelled = |counts: BTreeMap<usize, u64>| {
            let listed = counts.into_iter().take(CLASSES_LISTED_MAX);
            listed.map(|(class, runs)| (classes.classes[class].class.clone(), runs)).collect()
        };
        let value = |(block, counts): (usize, BTreeMap<usize, u64>)| Value {
            value: value_of(blocks[block].1).into_iter().map(str::to_owned).collect(),
            runs: blocks[block].0,
            classes: labelled(counts),
        };
        order.into_iter().zip(counts).map(value).collect()
    }
}

/// Whether a fact only identifies a sandbox or a host.
pub(crate) fn is_identifier(fact: &str) -> bool {
    Standing::of(fact) == Standing::Identifier
}

#[cfg(test)]
mod tests;
