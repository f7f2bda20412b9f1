//! The candidates of a study in the form that is computed fastest.

use super::blocks::Blocks;
use super::labelling::{Labelling, Shuffle};
use super::pairs::{SharedPairs, hits};
use super::profiles::Profiles;
use super::score::{Calibration, TwoByTwo, XLogX};
use super::study::{Candidate, Study, UNKNOWN};
use crate::probability::real;
use crate::runs::ln_runs;

/// The number of trial permutations that calibrate scores, and that of a large study.
const TRIALS: u32 = 200;
const TRIALS_OF_LARGE: u32 = 80;

/// A study of more units is large.
const UNITS_OF_SMALL_MAX: usize = 5_000;

/// The largest number of steps of an order in permutations. The best cut of the observed classes may lie anywhere.
const STEPS_MAX: usize = 64;

enum Test {
    /// Two blocks and two classes.
    Set {
        bits: Vec<u64>,
        scores: TwoByTwo,
    },
    Split(Blocks, Calibration),
    Cut {
        few: Blocks,
        calibration: Calibration,
        all: Blocks,
    },
    Runs {
        before: Vec<u32>,
        last: u32,
        scores: Vec<f64>,
    },
    /// Runs, with the scale of the trial permutations.
    CalibratedRuns {
        before: Vec<u32>,
        last: u32,
        expected: f64,
        calibration: Calibration,
    },
}

/// All tests of a study.
pub(super) struct Battery {
    tests: Vec<Test>,
    pairs: SharedPairs,
    profiles: Profiles,
    logs: XLogX,
    ln_weights: Vec<f64>,
    ln_weight_of_pair: f64,
    /// Reused: the marked units of each candidate, for pairs.
    of_single: Vec<u32>,
}

/// What one labelling gives.
pub(super) struct Scored {
    /// For each candidate, its score.
    pub(super) scores: Vec<f64>,
    /// The score of the best pair, and that pair.
    pub(super) pair: (f64, Option<(usize, usize)>),
}

impl Battery {
    pub(super) fn new(study: &Study, shuffle: &mut Shuffle, labelling: &Labelling) -> Self {
        let units = u32::try_from(study.classes.len()).unwrap_or(u32::MAX);
        let marked = u32::try_from(labelling.marked.len()).unwrap_or(u32::MAX);
        let classes = study.classes.iter().max().map_or(1, |&last| usize::from(last) + 1);
        let is_stratified = study.strata.is_some();
        let test = |candidate: &Candidate| {
            Test::new(candidate, classes, marked, units).stratified(candidate, classes, is_stratified)
        };
        let mut tests = Self {
            tests: study.candidates.iter().map(|weighted| test(&weighted.candidate)).collect(),
            pairs: SharedPairs::default(),
            profiles: Profiles::new(study.classes.len(), classes),
            logs: XLogX::new(study.classes.len()),
            ln_weights: study.candidates.iter().map(|weighted| weighted.ln_weight).collect(),
            ln_weight_of_pair: 0.0,
            of_single: vec![0; study.candidates.len()],
        };
        let sets: Vec<Option<Vec<u64>>> =
            study.candidates.iter().map(|weighted| set_of(&weighted.candidate)).collect();
        for &[left, right] in &study.pairs {
            if let (Some(one), Some(other)) = (&sets[left], &sets[right]) {
                tests.pairs.add([left, right], [one, other], marked, units);
            }
        }
        tests.ln_weight_of_pair =
            study.ln_weight_of_pairs - real(tests.pairs.combinations() as u64).max(1.0).ln();
        tests.share_kinds();
        tests.calibrate(shuffle);
        tests
    }

    /// Lets tests with few blocks share the kinds of units. Those with the fewest blocks come first.
    fn share_kinds(&mut self) {
        let mut blocks: Vec<&mut Blocks> = self
            .tests
            .iter_mut()
            .filter_map(|test| match test {
                Test::Split(blocks, _) | Test::Cut { few: blocks, .. } => Some(blocks),
                Test::Set { .. } | Test::Runs { .. } | Test::CalibratedRuns { .. } => None,
            })
            .collect();
        blocks.sort_by_key(|blocks| blocks.steps());
        for blocks in &mut blocks {
            blocks.share(&mut self.profiles);
        }
        for blocks in blocks {
            blocks.fix(&self.profiles);
        }
    }

    fn calibrate(&mut self, shuffle: &mut Shuffle) {
        let needs =
            |test: &Test| matches!(test, Test::Split(..) | Test::Cut { .. } | Test::CalibratedRuns { .. });
        if !self.tests.iter().any(needs) {
            return;
        }
        let mut labelling = Labelling { marked: Vec::new(), bits: Vec::new() };
        let is_large = self.profiles.units() > UNITS_OF_SMALL_MAX;
        for _ in 0..if is_large { TRIALS_OF_LARGE } else { TRIALS } {
            shuffle.next(&mut labelling);
            self.profiles.count(&labelling);
            for test in &mut self.tests {
                match test {
                    Test::Split(blocks, calibration) => {
                        calibration.add(blocks.ln_ratio(&labelling, &self.profiles, &self.logs));
                    }
                    Test::Cut { few, calibration, .. } => {
                        calibration.add(few.best_cut(&labelling, &self.profiles, &self.logs).0);
                    }
                    Test::CalibratedRuns { before, last, expected, calibration } => {
                        calibration.add(far(runs(&labelling, before, *last), *expected));
                    }
                    Test::Set { .. } | Test::Runs { .. } => {}
                }
            }
        }
    }

    pub(super) fn ln_weight_of_pair(&self) -> f64 {
        self.ln_weight_of_pair
    }

    pub(super) fn score(&mut self, labelling: &Labelling, scored: &mut Scored) {
        self.profiles.count(labelling);
        let (logs, profiles) = (&self.logs, &self.profiles);
        scored.scores.clear();
        for (test, hits_of) in self.tests.iter_mut().zip(&mut self.of_single) {
            scored.scores.push(match test {
                Test::Set { bits, scores } => {
                    *hits_of = hits(bits, &labelling.bits);
                    scores.score(*hits_of, logs)
                }
                Test::Split(blocks, calibration) => {
                    calibration.score(blocks.ln_ratio(labelling, profiles, logs))
                }
                Test::Cut { few, calibration, .. } => {
                    calibration.score(few.best_cut(labelling, profiles, logs).0)
                }
                Test::Runs { before, last, scores } => scores[runs(labelling, before, *last)],
                Test::CalibratedRuns { before, last, expected, calibration } => {
                    calibration.score(far(runs(labelling, before, *last), *expected))
                }
            });
        }
        self.fill_singles_of_pairs();
        scored.pair = self.pairs.best(labelling, &self.of_single, &self.logs);
    }

    /// With more than two classes, pairs are about the most frequent class against the others.
    fn fill_singles_of_pairs(&mut self) {
        for (place, test) in self.tests.iter().enumerate() {
            if let Test::Split(blocks, _) = test {
                self.of_single[place] = blocks.marked_in_second();
            }
        }
    }

    /// The largest score of all, each reduced by the weight of its candidate.
    pub(super) fn largest(&self, scored: &Scored) -> f64 {
        let singles = scored.scores.iter().zip(&self.ln_weights).map(|(score, ln_weight)| score + ln_weight);
        let pair =
            if scored.pair.1.is_some() { scored.pair.0 + self.ln_weight_of_pair } else { f64::NEG_INFINITY };
        singles.fold(pair, f64::max)
    }

    /// The first block after the best cut of a candidate.
    pub(super) fn cut(&mut self, candidate: usize, labelling: &Labelling) -> Option<usize> {
        match &mut self.tests[candidate] {
            Test::Cut { all, .. } => Some(all.best_cut(labelling, &self.profiles, &self.logs).1),
            _ => None,
        }
    }

    pub(super) fn pairs(&self) -> &SharedPairs {
        &self.pairs
    }

    pub(super) fn of_single(&self) -> &[u32] {
        &self.of_single
    }

    /// The work of one labelling, in steps of about a nanosecond.
    pub(super) fn work(&self, labelling: &Labelling) -> usize {
        let marked = labelling.marked.len();
        let of_test = |test: &Test| match test {
            Test::Set { bits, .. } => bits.len() + 8,
            Test::Split(blocks, _) | Test::Cut { few: blocks, .. } => blocks.work(marked),
            Test::Runs { .. } | Test::CalibratedRuns { .. } => 2 * marked,
        };
        8 * marked + self.tests.iter().map(of_test).sum::<usize>() + self.pairs.work()
    }
}

impl Test {
    fn new(candidate: &Candidate, classes: usize, marked: u32, units: u32) -> Self {
        match candidate {
            Candidate::Split { block_of, blocks } => match set_of(candidate) {
                Some(bits) if classes == 2 => {
                    let block = bits.iter().map(|word| word.count_ones()).sum();
                    Self::Set { bits, scores: TwoByTwo::new(block, marked, units) }
                }
                _ => Self::Split(Blocks::new(block_of, *blocks, classes), Calibration::default()),
            },
            Candidate::Cut { step_of, steps } => {
                let (few, of_step) = thinned(step_of, *steps);
                Self::Cut {
                    few: Blocks::new(&few, of_step, classes),
                    calibration: Calibration::default(),
                    all: Blocks::new(step_of, *steps, classes),
                }
            }
            Candidate::Runs { order } => {
                let mut before = vec![UNKNOWN; order.len()];
                for pair in order.windows(2) {
                    before[pair[1] as usize] = pair[0];
                }
                let scores = ln_runs(u64::from(marked), u64::from(units - marked));
                let scores = scores.into_iter().map(|ln_p| -ln_p).collect();
                Self::Runs { before, last: order.last().copied().unwrap_or(UNKNOWN), scores }
            }
        }
    }
}

impl Test {
    /// The same test, with a score on the scale of the permutations within strata. A fact that is the same in each whole
    /// stratum then scores nothing, however well it goes with the classes between strata.
    fn stratified(self, candidate: &Candidate, classes: usize, is_stratified: bool) -> Self {
        match (self, candidate) {
            (Self::Set { .. }, Candidate::Split { block_of, blocks }) if is_stratified => {
                Self::Split(Blocks::new(block_of, *blocks, classes), Calibration::default())
            }
            (Self::Runs { before, last, scores }, _) if is_stratified => {
                let expected = real(scores.len() as u64) / 2.0;
                Self::CalibratedRuns { before, last, expected, calibration: Calibration::default() }
            }
            (test, _) => test,
        }
    }
}

/// How far a number of runs is from the expected one; never 0.
fn far(runs: usize, expected: f64) -> f64 {
    1.0 + (real(runs as u64) - expected).abs()
}

/// The same order in at most [`STEPS_MAX`] steps, and their number.
fn thinned(step_of: &[u32], steps: usize) -> (Vec<u32>, usize) {
    let mut units = vec![0_usize; steps];
    for &step in step_of.iter().filter(|&&step| step != UNKNOWN) {
        units[step as usize] += 1;
    }
    let least = units.iter().sum::<usize>().div_ceil(STEPS_MAX);
    let (mut joined, mut next, mut in_step) = (Vec::with_capacity(steps), 0_u32, 0);
    for units in units {
        joined.push(next);
        in_step += units;
        if in_step >= least {
            (next, in_step) = (next + 1, 0);
        }
    }
    let of = |&step: &u32| if step == UNKNOWN { UNKNOWN } else { joined[step as usize] };
    (step_of.iter().map(of).collect(), joined.last().map_or(0, |&last| last as usize + 1))
}

/// The units of the second block, if there are two blocks and every unit is in one.
fn set_of(candidate: &Candidate) -> Option<Vec<u64>> {
    let Candidate::Split { block_of, blocks: 2 } = candidate else { return None };
    let mut bits = vec![0; block_of.len().div_ceil(64)];
    for (unit, &block) in block_of.iter().enumerate() {
        if block == UNKNOWN {
            return None;
        }
        bits[unit / 64] |= u64::from(block) << (unit % 64);
    }
    Some(bits)
}

/// The number of runs of marked and of other units, in the order in which each unit but the first has one before it.
pub(super) fn runs(labelling: &Labelling, before: &[u32], last: u32) -> usize {
    let is_marked = |unit: u32| labelling.bits[unit as usize / 64] >> (unit % 64) & 1 == 1;
    let (mut starts, mut first_is_marked) = (0, 0);
    for &(unit, _) in &labelling.marked {
        let before = before[unit as usize];
        first_is_marked += usize::from(before == UNKNOWN);
        starts += usize::from(before == UNKNOWN || !is_marked(before));
    }
    2 * starts + 1 - first_is_marked - usize::from(is_marked(last))
}
