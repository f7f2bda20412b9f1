use std::collections::HashMap;

use super::{Standing, names};
use crate::{FactMap, ObservedRun};

/// A way to split the runs, and the facts that give this split.
pub(super) struct Partition {
    /// The facts, sorted by their standing, then by name.
    pub(super) facts: Vec<usize>,
    /// The block of each run, numbered from 0 by first appearance.
    pub(super) of_run: Vec<u32>,
}

/// The facts of all runs. Each fact has a column.
pub(super) struct Columns<'a> {
    names: Vec<&'a str>,
    /// For each fact, the number of each run's value, from 1; 0 if the run has no value.
    by_run: Vec<Vec<u32>>,
    values: Vec<Vec<&'a str>>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(runs: &[ObservedRun<'a>]) -> Self {
        let mut builder = Builder::new(runs.len());
        let mut environments = HashMap::<*const FactMap, Vec<(usize, u32)>>::new();
        for (place, run) in runs.iter().enumerate() {
            let shared = environments.entry(std::ptr::from_ref(run.environment)).or_insert_with(|| {
                run.environment.iter().map(|(name, value)| builder.number(name, value)).collect()
            });
            for &(fact, value) in &*shared {
                builder.columns[fact][place] = value;
            }
            for (name, value) in run.facts {
                let (fact, value) = builder.number(name, value);
                builder.columns[fact][place] = value;
            }
        }
        Self { names: builder.names, by_run: builder.columns, values: builder.values }
    }

    pub(super) fn name(&self, fact: usize) -> &'a str {
        self.names[fact]
    }

    pub(super) fn value(&self, fact: usize, run: usize) -> Option<&'a str> {
        let number = self.by_run[fact][run].checked_sub(1)?;
        self.values[fact].get(number as usize).copied()
    }

    /// The distinct splits into two or more blocks, and the number of facts that do not split the runs.
    pub(super) fn partitions(&self) -> (Vec<Partition>, u64) {
        let mut by_split = HashMap::<Vec<u32>, Vec<usize>>::new();
        let mut constant = 0;
        for (fact, column) in self.by_run.iter().enumerate() {
            if self.values[fact].len() < 2 && names::is_glimpsed(self.names[fact]) {
                constant += 1;
                continue;
            }
            let numbered = by_first_appearance(column, self.values[fact].len() + 1);
            if numbered.iter().all(|&block| block == 0) {
                constant += 1;
            } else {
                by_split.entry(numbered).or_default().push(fact);
            }
        }
        let sorted = |mut facts: Vec<usize>| {
            facts.sort_by_key(|&fact| (Standing::of(self.names[fact]), self.names[fact]));
            facts
        };
        let partition = |(of_run, facts)| Partition { facts: sorted(facts), of_run };
        (by_split.into_iter().map(partition).collect(), constant)
    }
}

fn by_first_appearance(column: &[u32], numbers: usize) -> Vec<u32> {
    const NEW: u32 = u32::MAX;
    let mut renumbered = vec![NEW; numbers];
    let mut next = 0;
    let mut block = |&number: &u32| {
        let block = &mut renumbered[number as usize];
        if *block == NEW {
            *block = next;
            next += 1;
        }
        *block
    };
    column.iter().map(&mut block).collect()
}

struct Builder<'a> {
    runs: usize,
    facts: HashMap<&'a str, usize>,
    names: Vec<&'a str>,
    columns: Vec<Vec<u32>>,
    values: Vec<Vec<&'a str>>,
    numbers: Vec<HashMap<&'a str, u32>>,
}

impl<'a> Builder<'a> {
    fn new(runs: usize) -> Self {
        let (names, columns, values, numbers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { runs, facts: HashMap::new(), names, columns, values, numbers }
    }

    /// The numbers of a fact and of its value.
    fn number(&mut self, name: &'a str, value: &'a str) -> (usize, u32) {
        let fact = *self.facts.entry(name).or_insert_with(|| {
            self.names.push(name);
            self.columns.push(vec![0; self.runs]);
            self.values.push(Vec::new());
            self.numbers.push(HashMap::new());
            self.names.len() - 1
        });
        let values = &mut self.values[fact];
        let number = *self.numbers[fact].entry(value).or_insert_with(|| {
            values.push(value);
            u32::try_from(values.len()).unwrap_or(u32::MAX)
        });
        (fact, number)
    }
}
