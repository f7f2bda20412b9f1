//! Everything that is tested against the classes, with its share of the chance of a false claim.

use concord_statistics::{Candidate, PERMUTATIONS_MAX, Study, UNKNOWN, Weighted, real};

use super::columns::{Columns, Partition, Partitions};
use super::names::{self, Standing};
use super::orders::{By, Order, VALUES_OF_SETTING_MAX, by_number, by_place, in_order, is_number};
use crate::{Classes, ObservedRun};

/// The largest number of classes that are told apart. Rarer classes are tested together.
const CLASSES_TESTED_MAX: usize = 8;

/// The most facts that are combined in pairs, and the most words of the sets of all pairs.
const FACTS_PAIRED_MAX: usize = 64;
const WORDS_OF_PAIRS_MAX: usize = 150_000;

/// How the chance of a false claim is divided: facts and settings, whether a fact was seen, thresholds, a change in the job,
/// another pattern of places, consequences, pairs.
const SHARES: [(Family, f64); 7] = [
    (Family::Value, 0.5),
    (Family::Presence, 0.1),
    (Family::Threshold, 0.15),
    (Family::Change, 0.06),
    (Family::Place, 0.04),
    (Family::Consequence, 0.05),
    (Family::Pair, 0.1),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Value,
    Presence,
    Threshold,
    Change,
    Place,
    Consequence,
    Pair,
}

/// Where a candidate comes from. Numbers are places in [`Candidates`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Value(usize),
    Presence(usize),
    Threshold(usize),
    Change(usize),
    Blocks(usize),
    Parity,
}

/// The candidates of a job.
pub(super) struct Candidates {
    pub(super) partitions: Partitions,
    pub(super) numbers: Vec<Order>,
    pub(super) places: Vec<Order>,
    /// The block of each run by whether its copy has an odd index.
    pub(super) parity: Vec<u32>,
    /// The classes of the runs, at most [`CLASSES_TESTED_MAX`].
    pub(super) classes: Vec<u8>,
    /// The sources of the candidates of a study, in its order.
    pub(super) sources: Vec<Source>,
}

impl Candidates {
    pub(super) fn of(
        runs: &[ObservedRun<'_>],
        classes: &Classes,
        columns: &Columns<'_>,
        is_placed: bool,
    ) -> Self {
        let last = classes_told_apart(classes);
        let class = |&class: &usize| u8::try_from(class.min(last)).unwrap_or(u8::MAX);
        let mut candidates = Self {
            partitions: columns.partitions(),
            numbers: by_number(runs, columns),
            places: if is_placed { by_place(runs) } else { Vec::new() },
            parity: runs.iter().map(|run| run.copy % 2).collect(),
            classes: classes.of_run.iter().map(class).collect(),
            sources: Vec::new(),
        };
        let places = &candidates.places;
        let is_place = |order: &Order| {
            names::grows(order.by.name(columns)) && places.iter().any(|place| order.is_like(place))
        };
        candidates.numbers.retain(|order| !is_mere_name(&order.by, columns) && !is_place(order));
        candidates.sources = candidates.all_sources(columns, is_placed);
        candidates
    }

    fn all_sources(&self, columns: &Columns<'_>, is_placed: bool) -> Vec<Source> {
        let tested = |partition: &Partition| is_tested(partition, columns);
        let by_value = self.partitions.by_value.iter().enumerate();
        let values =
            by_value.filter(|(_, partition)| tested(partition)).map(|(place, _)| Source::Value(place));
        let mut sources: Vec<Source> = values.collect();
        sources.extend((0..self.partitions.by_presence.len()).map(Source::Presence));
        sources.extend((0..self.numbers.len()).map(Source::Threshold));
        sources
            .extend((0..self.places.len()).flat_map(|place| [Source::Change(place), Source::Blocks(place)]));
        if is_placed && self.parity.iter().any(|&parity| parity != self.parity[0]) {
            sources.push(Source::Parity);
        }
        sources
    }

    /// A study of all candidates. `ln_p` gives the exact p-values that are known, by the place of a split.
    pub(super) fn study(&self, columns: &Columns<'_>, ln_p: impl Fn(Source) -> Option<f64>) -> Study {
        let families: Vec<Family> = self.sources.iter().map(|&source| self.family(source, columns)).collect();
        let ln_weight = |family: Family| {
            let of_family = families.iter().filter(|&&other| other == family).count() as u64;
            let share = SHARES.iter().find(|(of, _)| *of == family).map_or(0.0, |(_, share)| *share);
            share.ln() - real(of_family.max(1)).ln()
        };
        let weighted = |(&source, &family): (&Source, &Family)| Weighted {
            candidate: self.candidate(source),
            ln_weight: ln_weight(family),
            ln_p: ln_p(source),
        };
        Study {
            classes: self.classes.clone(),
            strata: None,
            candidates: self.sources.iter().zip(&families).map(weighted).collect(),
            pairs: self.pairs(columns),
            ln_weight_of_pairs: ln_weight(Family::Pair),
            seed: self.seed(),
            permutations_max: PERMUTATIONS_MAX,
        }
    }

    fn family(&self, source: Source, columns: &Columns<'_>) -> Family {
        let standing = |partition: &Partition| Standing::of(columns.name(partition.facts[0]));
        match source {
            Source::Value(place) if standing(&self.partitions.by_value[place]) == Standing::Consequence => {
                Family::Consequence
            }
            Source::Value(_) => Family::Value,
            Source::Presence(place) if self.is_of_quick_run(place, columns) => Family::Consequence,
            Source::Presence(_) => Family::Presence,
            Source::Threshold(place)
                if Standing::of(self.numbers[place].by.name(columns)) == Standing::Consequence =>
            {
                Family::Consequence
            }
            Source::Threshold(_) => Family::Threshold,
            Source::Change(_) => Family::Change,
            Source::Blocks(_) | Source::Parity => Family::Place,
        }
    }

    /// Whether facts were seen just if the program ran long enough to be seen at all.
    fn is_of_quick_run(&self, place: usize, columns: &Columns<'_>) -> bool {
        let facts = &self.partitions.by_presence[place].facts;
        facts.iter().any(|&fact| Standing::of(columns.name(fact)) == Standing::Consequence)
    }

    /// Whether a candidate can only follow from what a run did.
    pub(super) fn is_consequence(&self, source: Source, columns: &Columns<'_>) -> bool {
        self.family(source, columns) == Family::Consequence
    }

    fn candidate(&self, source: Source) -> Candidate {
        let cut = |order: &Order| Candidate::Cut { step_of: order.step_of.clone(), steps: order.steps };
        match source {
            Source::Value(place) => split(&self.partitions.by_value[place]),
            Source::Presence(place) => split(&self.partitions.by_presence[place]),
            Source::Threshold(place) => cut(&self.numbers[place]),
            Source::Change(place) => cut(&self.places[place]),
            Source::Blocks(place) => Candidate::Runs { order: in_order(&self.places[place].step_of) },
            Source::Parity => Candidate::Split { block_of: self.parity.clone(), blocks: 2 },
        }
    }

    /// Pairs of facts that have two values, in every run. The choice does not depend on the classes.
    fn pairs(&self, columns: &Columns<'_>) -> Vec<[usize; 2]> {
        let words = self.classes.len().div_ceil(64).max(1);
        let mut facts_max = FACTS_PAIRED_MAX;
        while facts_max > 2 && facts_max * facts_max / 2 * words > WORDS_OF_PAIRS_MAX {
            facts_max -= 1;
        }
        let has_two_values = |source: Source| {
            let Source::Value(place) = source else { return None };
            let partition = &self.partitions.by_value[place];
            let seconds = partition.of_run.iter().filter(|&&block| block == 1).count();
            let firsts = partition.of_run.len() - seconds;
            let is_one = partition.blocks == 2 && !partition.of_run.contains(&UNKNOWN);
            let standing = Standing::of(columns.name(partition.facts[0]));
            (is_one && standing < Standing::Consequence)
                .then(|| (standing, std::cmp::Reverse(firsts.min(seconds))))
        };
        let sources = self.sources.iter().enumerate();
        let mut facts: Vec<_> =
            sources.filter_map(|(place, &source)| Some((has_two_values(source)?, place))).collect();
        facts.sort_unstable();
        facts.truncate(facts_max);
        let places: Vec<usize> = facts.into_iter().map(|(_, place)| place).collect();
        let pairs_of = |(number, &left): (usize, &usize)| {
            places[number + 1..].iter().map(move |&right| [left, right]).collect::<Vec<_>>()
        };
        places.iter().enumerate().flat_map(pairs_of).collect()
    }

    /// A seed from the sizes of the classes, so that the same outcomes give the same sentence.
    fn seed(&self) -> u64 {
        let mut sizes = [0_u64; CLASSES_TESTED_MAX];
        self.classes.iter().for_each(|&class| sizes[usize::from(class)] += 1);
        sizes.iter().fold(0xcbf2_9ce4_8422_2325, |seed, size| (seed ^ size).wrapping_mul(0x0100_0000_01b3))
    }
}

/// The number of classes that are tested alone. Rarer classes are tested together, with all of the same size: which of
/// these comes first depends on the order of the copies.
fn classes_told_apart(classes: &Classes) -> usize {
    let size = |place: usize| classes.classes.get(place).map(|class| class.copies);
    let mut last = CLASSES_TESTED_MAX - 1;
    if classes.classes.len() > CLASSES_TESTED_MAX {
        while last > 0 && size(last - 1) == size(last) {
            last -= 1;
        }
    }
    last
}

fn split(partition: &Partition) -> Candidate {
    Candidate::Split { block_of: partition.of_run.clone(), blocks: partition.blocks }
}

/// Whether a number only identifies something.
fn is_mere_name(by: &By, columns: &Columns<'_>) -> bool {
    let name = by.name(columns);
    Standing::of(name) == Standing::Identifier && name != "sandbox.call"
}

/// Whether equal values of the facts may mean something: not if they identify runs or places, differ in each run, or
/// are measurements.
pub(super) fn is_tested(partition: &Partition, columns: &Columns<'_>) -> bool {
    let known = partition.of_run.iter().filter(|&&block| block != UNKNOWN).count();
    let is_measured = partition.blocks > VALUES_OF_SETTING_MAX
        && partition.facts.iter().all(|&fact| is_number(columns, fact));
    let is_name = Standing::of(columns.name(partition.facts[0])) == Standing::Identifier;
    partition.blocks < known && !is_measured && !is_name
}
