use std::collections::{BTreeMap, HashMap};

use concord_protocol::Facts;
use concord_statistics::UNKNOWN;

use super::names::{self, Standing};
use super::sampled::Sampled;
use crate::ObservedRun;

/// The value that is shown for a variable that is not set.
pub(super) const NO_VALUE: &str = "(none)";

/// A way to split the runs, and the facts that give this split.
pub(super) struct Partition {
    /// The facts, sorted by their standing, then by name.
    pub(super) facts: Vec<usize>,
    /// The block of each run, numbered from 0 by first appearance; [`UNKNOWN`] for a run in which the facts were not
    /// observed.
    pub(super) of_run: Vec<u32>,
    /// The number of blocks.
    pub(super) blocks: usize,
}

/// The facts of all runs. Each fact has a column.
pub(super) struct Columns<'a> {
    names: Vec<&'a str>,
    /// For each fact, the number of each run's value, from 1; 0 if the run has no value.
    by_run: Vec<Vec<u32>>,
    values: Vec<Vec<&'a str>>,
    /// Whether anything is known of the environment of each run.
    has_facts: Vec<bool>,
    sampled: Sampled,
}

/// The splits by the facts of the runs.
pub(super) struct Partitions {
    /// By the values of facts: two or more.
    pub(super) by_value: Vec<Partition>,
    /// By whether facts were observed: block 1 if they were. A run that was not looked at is in no block of a fact that only
    /// a look from outside shows.
    pub(super) by_presence: Vec<Partition>,
    /// The number of facts that have one value wherever they were observed.
    pub(super) constant: u64,
}

impl<'a> Columns<'a> {
    /// The columns of runs. `separate` says whether each copy was a process of its own.
    pub(super) fn of(runs: &[ObservedRun<'a>], separate: bool) -> Self {
        let is_used = |name: &str| {
            let is_of_worker = separate && name == names::START_OF_SANDBOX;
            !is_of_worker && !name.starts_with(Facts::FIRST_ATTEMPT)
        };
        let mut builder = Builder::new(runs.len());
        let mut environments = HashMap::<*const Facts, Vec<(usize, u32)>>::new();
        for (place, run) in runs.iter().enumerate() {
            let shared = environments.entry(std::ptr::from_ref(run.environment)).or_insert_with(|| {
                run.environment.iter().map(|(name, value)| builder.number(name, value)).collect()
            });
            for &(fact, value) in &*shared {
                builder.columns[fact][place] = value;
            }
            for (name, value) in run.facts.iter().filter(|(name, _)| is_used(name)) {
                let (fact, value) = builder.number(name, value);
                builder.columns[fact][place] = value;
            }
        }
        let has_facts =
            runs.iter().map(|run| !(run.environment.is_empty() && run.facts.is_empty())).collect();
        let sampled = Sampled::of(runs);
        Self { names: builder.names, by_run: builder.columns, values: builder.values, has_facts, sampled }
    }

    pub(super) fn name(&self, fact: usize) -> &'a str {
        self.names[fact]
    }

    pub(super) fn names(&self) -> impl Iterator<Item = (usize, &'a str)> {
        self.names.iter().copied().enumerate()
    }

    pub(super) fn value(&self, fact: usize, run: usize) -> Option<&'a str> {
        let number = self.by_run[fact][run].checked_sub(1)?;
        self.values[fact].get(number as usize).copied()
    }

    /// Whether the value of a fact is known in a run. A variable that is missing is not set, and that is a value.
    fn is_known(&self, fact: usize, run: usize) -> bool {
        let has_value = self.by_run[fact][run] > 0;
        if !names::is_absence_a_value(self.names[fact]) {
            return has_value;
        }
        let is_known = self.sampled.knows_variable(self.names[fact], run);
        is_known.unwrap_or(has_value || self.has_facts[run])
    }

    /// The number of a run's value among the values of a fact.
    pub(super) fn value_number(&self, fact: usize, run: usize) -> Option<usize> {
        if !self.is_known(fact, run) {
            return None;
        }
        usize::try_from(self.by_run[fact][run].checked_sub(1)?).ok()
    }

    /// The number of values of a fact.
    pub(super) fn values_total(&self, fact: usize) -> usize {
        self.values[fact].len()
    }

    /// The values of a fact.
    pub(super) fn values(&self, fact: usize) -> &[&'a str] {
        &self.values[fact]
    }

    /// The distinct splits of the runs.
    pub(super) fn partitions(&self) -> Partitions {
        let (mut by_value, mut by_presence) = (BTreeMap::new(), BTreeMap::new());
        let mut constant = 0;
        for (fact, column) in self.by_run.iter().enumerate() {
            let known = |run: usize| self.is_known(fact, run);
            let (of_run, blocks) = by_first_appearance(column, self.values[fact].len() + 1, known);
            if blocks < 2 {
                constant += 1;
            } else {
                by_value.entry(of_run).or_insert_with(Vec::new).push(fact);
            }
            let seen = |run: usize| match known(run) {
                false if self.sampled.misses(self.names[fact], run) => UNKNOWN,
                known => u32::from(known),
            };
            let is_seen: Vec<u32> = (0..column.len()).map(seen).collect();
            if is_seen.contains(&0) && is_seen.contains(&1) {
                by_presence.entry(is_seen).or_insert_with(Vec::new).push(fact);
            }
        }
        let partition = |(of_run, mut facts): (Vec<u32>, Vec<usize>)| {
            facts.sort_by_key(|&fact| (Standing::of(self.names[fact]), self.names[fact]));
            let blocks =
                of_run.iter().filter(|&&block| block != UNKNOWN).max().map_or(0, |&last| last as usize + 1);
            Partition { facts, of_run, blocks }
        };
        Partitions {
            by_value: by_value.into_iter().map(partition).collect(),
            by_presence: by_presence.into_iter().map(partition).collect(),
            constant,
        }
    }
}

/// The blocks of a column, numbered by first appearance, and their number.
fn by_first_appearance(
    column: &[u32],
    numbers: usize,
    is_known: impl Fn(usize) -> bool,
) -> (Vec<u32>, usize) {
    let mut renumbered = vec![UNKNOWN; numbers];
    let mut next = 0;
    let mut block = |(run, &number): (usize, &u32)| {
        if !is_known(run) {
            return UNKNOWN;
        }
        let block = &mut renumbered[number as usize];
        if *block == UNKNOWN {
            *block = next;
            next += 1;
        }
        *block
    };
    let of_run = column.iter().enumerate().map(&mut block).collect();
    (of_run, next as usize)
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
