use std::collections::{BTreeSet, HashMap};

use concord_statistics::{Table, UNKNOWN, independence, ln_holm, p_value};
use serde::Serialize;

use crate::{Classes, ObservedRun};

/// The test of a claim that does not count copies of one sandbox as independent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct UnitTest {
    /// The number of sandboxes.
    pub n: u64,
    /// The p-value, for this claim alone.
    pub p: f64,
    /// The p-value, corrected for the number of claims that are tested this way.
    pub p_holm: f64,
    /// How it was tested. If true, the classes were permuted within sandboxes: the fact varies within them. If false,
    /// each sandbox counts once, with the set of classes that it gave: the fact is the same in a whole sandbox.
    pub within: bool,
}

/// The known sandboxes as units of a test.
pub(super) struct SandboxUnits {
    /// The number of each run's sandbox, if it is known.
    of_run: Vec<Option<usize>>,
    /// For each sandbox, the number of the set of classes that it gave.
    gave: Vec<usize>,
}

impl SandboxUnits {
    pub(super) fn of(runs: &[ObservedRun<'_>], classes: &Classes) -> Self {
        let mut numbers = HashMap::<&str, usize>::new();
        let mut of_run = Vec::with_capacity(runs.len());
        for run in runs {
            let next = numbers.len();
            of_run.push(run.sandbox.map(|sandbox| *numbers.entry(sandbox).or_insert(next)));
        }
        let mut sets = vec![BTreeSet::new(); numbers.len()];
        for (&sandbox, &class) in of_run.iter().zip(&classes.of_run) {
            if let Some(sandbox) = sandbox {
                sets[sandbox].insert(class);
            }
        }
        let mut kinds = HashMap::<BTreeSet<usize>, usize>::new();
        let kind = |set| {
            let next = kinds.len();
            *kinds.entry(set).or_insert(next)
        };
        Self { gave: sets.into_iter().map(kind).collect(), of_run }
    }

    /// The number of sandboxes.
    pub(super) fn n(&self) -> u64 {
        self.gave.len() as u64
    }

    /// A stratum for each run: its sandbox. A run of an unknown sandbox has a stratum of its own.
    pub(super) fn strata(&self) -> Vec<u32> {
        let mut next = self.gave.len();
        let mut stratum = |sandbox: &Option<usize>| {
            sandbox.unwrap_or_else(|| {
                next += 1;
                next - 1
            })
        };
        self.of_run.iter().map(|sandbox| u32::try_from(stratum(sandbox)).unwrap_or(UNKNOWN)).collect()
    }

    /// Tests each split of the runs; `None` for a split that puts one sandbox into two blocks.
    pub(super) fn test_all(&self, splits: &[&[u32]]) -> Vec<Option<UnitTest>> {
        let tables: Vec<Option<Table>> = splits.iter().map(|blocks| self.table(blocks)).collect();
        let ln_ps: Vec<f64> = tables.iter().flatten().map(|table| independence(table).ln_p).collect();
        let mut corrected = ln_ps.iter().zip(ln_holm(&ln_ps));
        let mut unit_test = |table: &Table| {
            let (&ln_p, ln_p_holm) = corrected.next()?;
            Some(UnitTest { n: table.units(), p: p_value(ln_p), p_holm: p_value(ln_p_holm), within: false })
        };
        tables.iter().map(|table| table.as_ref().and_then(&mut unit_test)).collect()
    }

    fn table(&self, blocks: &[u32]) -> Option<Table> {
        if self.gave.is_empty() {
            return None;
        }
        let mut block_of = vec![None; self.gave.len()];
        for (&sandbox, &block) in self.of_run.iter().zip(blocks) {
            let Some(sandbox) = sandbox.filter(|_| block != UNKNOWN) else { continue };
            if block_of[sandbox].is_some_and(|known| known != block) {
                return None;
            }
            block_of[sandbox] = Some(block);
        }
        let units: Vec<_> = block_of
            .into_iter()
            .zip(&self.gave)
            .filter_map(|(block, &gave)| Some((usize::try_from(block?).ok()?, gave)))
            .collect();
        Some(Table::count(units.into_iter()))
    }
}
