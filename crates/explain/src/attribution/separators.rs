//! Facts that split the runs, each with its test.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use concord_statistics::{Finding, Independence, StudyFindings, Table, UNKNOWN, independence, p_value};
use serde::Serialize;

use super::candidates::{Source, is_tested};
use super::columns::{NO_VALUE, Partition};
use super::groups::explained;
use super::material::Material;
use super::names::Standing;
use super::sandboxes::UnitTest;
use super::significance::SIGNIFICANCE_LEVEL;
use crate::Classes;

/// The largest number of values in the list of one separator: the most frequent ones first, then by name.
pub const VALUES_LISTED_MAX: usize = 50;

/// The largest number of classes in the list of one value: the most frequent ones of the job.
pub const CLASSES_LISTED_MAX: usize = 26;

/// A value, and the runs that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Value {
    /// One value for each of the separator's facts; `(none)` for a variable that is not set.
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
    /// Whether the facts follow from what a run did, so that they are no cause.
    pub consequence: bool,
    /// Whether the facts were tested. Identifiers, measurements and facts that differ in each run are not: equal values
    /// of them mean nothing.
    pub tested: bool,
    /// The p-value of the test of independence, for these facts alone. At least 2.2e-308.
    pub p: f64,
    /// The p-value, corrected for everything that was tested and for all looks at the job; 1 for facts that were not
    /// tested.
    pub p_holm: f64,
    /// Whether the corrected p-value is at most [`SIGNIFICANCE_LEVEL`]. The test counts copies as independent.
    pub significant: bool,
    /// Whether `p` is exact; otherwise it is a bound by permutations.
    pub exact: bool,
    /// Whether `p_holm` is a bound by permutations; otherwise it is a multiple of `p`.
    pub permuted: bool,
    /// Whether no two runs have the same value. Such a fact separates any classes.
    pub unique: bool,
    /// The share of the uncertainty about the class that the facts explain, from 0 to 1.
    pub explained: f64,
    /// The number of runs in which the facts were not observed. These are left out.
    pub not_seen: u64,
    /// A test that does not count copies of one sandbox as independent; absent without several sandboxes, or if the
    /// fact varies within them and nothing was claimed.
    pub sandboxes: Option<UnitTest>,
    /// The values, by frequency; at most [`VALUES_LISTED_MAX`].
    pub values: Vec<Value>,
    /// The number of values.
    pub values_total: u64,
}

/// A separator, and where it comes from.
pub(super) struct Sourced {
    pub(super) separator: Separator,
    /// The place of its partition.
    pub(super) place: usize,
}

/// A partition with its table.
pub(super) struct Tested<'a> {
    partition: &'a Partition,
    table: Table,
    found: Independence,
}

/// The rank of a separator; the smallest rank comes first. Two computations of equal p-values may differ in the last
/// digits, so a rank has p-values without these digits.
type Rank = (i64, bool, usize, Standing, String);

/// The number of ranks per unit of ln p. P-values with a relative difference below 1e-9 have the same rank.
const RANK_STEPS: f64 = 1e9;

impl<'a> Tested<'a> {
    pub(super) fn new(partition: &'a Partition, classes: &Classes) -> Self {
        let known = partition.of_run.iter().zip(&classes.of_run).filter(|(block, _)| **block != UNKNOWN);
        let pairs: Vec<_> = known.map(|(&block, &class)| (block as usize, class)).collect();
        let table = Table::count(pairs.into_iter());
        let found = independence(&table);
        Self { partition, table, found }
    }

    /// ln of the exact p-value, if there is one.
    pub(super) fn exact(&self) -> Option<f64> {
        self.found.exact.then_some(self.found.ln_p)
    }
}

impl Material<'_> {
    /// All separators, by rank.
    pub(super) fn separators(&self, tested: &[Tested<'_>], findings: &StudyFindings) -> Vec<Sourced> {
        let mut by_place = BTreeMap::<usize, &Finding>::new();
        for (source, finding) in self.candidates.sources.iter().zip(&findings.candidates) {
            if let Source::Value(place) = source {
                by_place.insert(*place, finding);
            }
        }
        let mut ranked: Vec<(Rank, usize)> = (0..tested.len())
            .map(|place| (self.rank(&tested[place], by_place.get(&place).copied()), place))
            .collect();
        ranked.sort();
        let sourced = |(_, place): (Rank, usize)| Sourced {
            separator: self.separator(&tested[place], by_place.get(&place).copied()),
            place,
        };
        ranked.into_iter().map(sourced).collect()
    }

    fn rank(&self, tested: &Tested<'_>, finding: Option<&Finding>) -> Rank {
        let ln_p = finding.map_or(tested.found.ln_p, |finding| -finding.score);
        #[expect(clippy::cast_possible_truncation, reason = "a logarithm of a p-value is far above -1e9")]
        let ln_p = (ln_p * RANK_STEPS).round() as i64;
        let first = self.columns.name(tested.partition.facts[0]);
        (ln_p, !tested.table.is_perfect(), tested.partition.blocks, Standing::of(first), first.to_owned())
    }

    fn separator(&self, tested: &Tested<'_>, finding: Option<&Finding>) -> Separator {
        let Tested { partition, table, found } = tested;
        let known = table.units();
        let p = match finding {
            _ if found.exact => p_value(found.ln_p),
            Some(finding) => finding.p_permuted,
            None => 1.0,
        };
        let p_holm = finding.map_or(1.0, |finding| self.corrected(finding).max(p));
        Separator {
            facts: partition.facts.iter().map(|&fact| self.columns.name(fact).to_owned()).collect(),
            perfect: table.is_perfect(),
            consequence: Standing::of(self.columns.name(partition.facts[0])) == Standing::Consequence,
            tested: is_tested(partition, self.columns),
            p,
            p_holm,
            significant: p_holm <= SIGNIFICANCE_LEVEL,
            exact: found.exact,
            permuted: finding.is_some_and(|finding| !finding.exact),
            unique: partition.blocks as u64 == known,
            explained: explained(table),
            not_seen: partition.of_run.len() as u64 - known,
            sandboxes: None,
            values: self.values(partition),
            values_total: partition.blocks as u64,
        }
    }

    fn values(&self, partition: &Partition) -> Vec<Value> {
        let mut blocks = vec![(0_u64, 0_usize); partition.blocks];
        let known = || partition.of_run.iter().enumerate().filter(|(_, block)| **block != UNKNOWN);
        for (run, &block) in known() {
            blocks[block as usize] = (blocks[block as usize].0 + 1, run);
        }
        let value_of = |run: usize| -> Vec<&str> {
            partition.facts.iter().map(|&fact| self.columns.value(fact, run).unwrap_or(NO_VALUE)).collect()
        };
        let mut order: Vec<usize> = (0..partition.blocks).collect();
        order.sort_by_cached_key(|&block| (Reverse(blocks[block].0), value_of(blocks[block].1)));
        order.truncate(VALUES_LISTED_MAX);
        let places: BTreeMap<usize, usize> =
            order.iter().enumerate().map(|(place, &block)| (block, place)).collect();
        let mut counts = vec![BTreeMap::<usize, u64>::new(); order.len()];
        for (run, &block) in known() {
            if let Some(&place) = places.get(&(block as usize)) {
                *counts[place].entry(self.classes.of_run[run]).or_default() += 1;
            }
        }
        let labelled = |counts: BTreeMap<usize, u64>| {
            let listed = counts.into_iter().take(CLASSES_LISTED_MAX);
            listed.map(|(class, runs)| (self.classes.classes[class].class.clone(), runs)).collect()
        };
        let value = |(block, counts): (usize, BTreeMap<usize, u64>)| Value {
            value: value_of(blocks[block].1).into_iter().map(str::to_owned).collect(),
            runs: blocks[block].0,
            classes: labelled(counts),
        };
        order.into_iter().zip(counts).map(value).collect()
    }
}
