//! Pairs of facts with two values each: both together, one without the other, neither, or exactly one of them.

use std::collections::BTreeMap;

use super::labelling::Labelling;
use super::score::{TwoByTwo, XLogX};

/// How two facts with two values each make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Combination {
    /// The left fact has its second value or not, and the right fact too: the units with exactly these two.
    Both {
        /// Whether the left fact has its second value.
        left: bool,
        /// Whether the right fact has its second value.
        right: bool,
    },
    /// Exactly one of the facts has its second value.
    Either,
}

impl Combination {
    /// The same combination with the two facts exchanged.
    #[must_use]
    pub fn turned(self) -> Self {
        match self {
            Self::Both { left, right } => Self::Both { left: right, right: left },
            Self::Either => Self::Either,
        }
    }
}

/// Two facts, by their places among the candidates, and their combinations that are new.
pub(super) struct Pair {
    pub(super) left: usize,
    pub(super) right: usize,
    bits: Vec<u64>,
    /// The combinations, each with its number of units and the place of its scores.
    combinations: Vec<(Combination, u32, usize)>,
}

/// All pairs, and the scores that they share.
#[derive(Default)]
pub(super) struct SharedPairs {
    pub(super) list: Vec<Pair>,
    scores: Vec<TwoByTwo>,
    by_block: BTreeMap<u32, usize>,
}

fn ones(bits: impl Iterator<Item = u64>) -> u32 {
    bits.map(u64::count_ones).sum()
}

pub(super) fn hits(left: &[u64], right: &[u64]) -> u32 {
    ones(left.iter().zip(right).map(|(left, right)| left & right))
}

impl SharedPairs {
    /// Adds the pair of two sets of units, if some combination of them is another split than each alone.
    pub(super) fn add(&mut self, [left, right]: [usize; 2], sets: [&[u64]; 2], marked: u32, units: u32) {
        let bits: Vec<u64> = sets[0].iter().zip(sets[1]).map(|(left, right)| left & right).collect();
        let both = ones(bits.iter().copied());
        let [ones_left, ones_right] = sets.map(|set| ones(set.iter().copied()));
        let sizes = all(both, ones_left, ones_right, units);
        let mut combinations = Vec::new();
        for (combination, block) in sizes.into_iter().filter(|(combination, _)| is_new(*combination, &sizes))
        {
            let scores = *self.by_block.entry(block).or_insert_with(|| {
                self.scores.push(TwoByTwo::new(block, marked, units));
                self.scores.len() - 1
            });
            combinations.push((combination, block, scores));
        }
        if !combinations.is_empty() {
            self.list.push(Pair { left, right, bits, combinations });
        }
    }

    pub(super) fn combinations(&self) -> usize {
        self.list.iter().map(|pair| pair.combinations.len()).sum()
    }

    /// The largest score, and whose it is. `of_single` gives the marked units of each fact alone.
    pub(super) fn best(
        &self,
        labelling: &Labelling,
        of_single: &[u32],
        logs: &XLogX,
    ) -> (f64, Option<(usize, usize)>) {
        let marked = u32::try_from(labelling.marked.len()).unwrap_or(u32::MAX);
        let mut best = (0.0, None);
        for (place, pair) in self.list.iter().enumerate() {
            let both = hits(&pair.bits, &labelling.bits);
            let counts = all(both, of_single[pair.left], of_single[pair.right], marked);
            for (number, (combination, _, scores)) in pair.combinations.iter().enumerate() {
                let hits = counts[index(*combination)].1;
                let score = self.scores[*scores].score(hits, logs);
                if score > best.0 + 1e-9 {
                    best = (score, Some((place, number)));
                }
            }
        }
        best
    }

    /// The combination with its number of units, and how many of these are marked.
    pub(super) fn counts(
        &self,
        (place, number): (usize, usize),
        labelling: &Labelling,
        of_single: &[u32],
    ) -> (Combination, u32, u32) {
        let pair = &self.list[place];
        let (combination, block, _) = pair.combinations[number];
        let marked = u32::try_from(labelling.marked.len()).unwrap_or(u32::MAX);
        let both = hits(&pair.bits, &labelling.bits);
        let counts = all(both, of_single[pair.left], of_single[pair.right], marked);
        (combination, block, counts[index(combination)].1)
    }

    /// The work of one labelling, in words.
    pub(super) fn work(&self) -> usize {
        self.list.iter().map(|pair| pair.bits.len() + 4 * pair.combinations.len()).sum()
    }
}

/// The number of units of each combination.
fn all(both: u32, left: u32, right: u32, units: u32) -> [(Combination, u32); 5] {
    let cell = |left, right, count| (Combination::Both { left, right }, count);
    [
        cell(false, false, units + both - left - right),
        cell(false, true, right - both),
        cell(true, false, left - both),
        cell(true, true, both),
        (Combination::Either, left + right - 2 * both),
    ]
}

fn index(combination: Combination) -> usize {
    match combination {
        Combination::Both { left, right } => 2 * usize::from(left) + usize::from(right),
        Combination::Either => 4,
    }
}

/// Whether a combination splits the units in another way than each fact alone. With four cells that have units, every
/// combination does. If one cell is empty, only the opposite cell does.
fn is_new(combination: Combination, sizes: &[(Combination, u32); 5]) -> bool {
    let empty: Vec<usize> = (0..4).filter(|&cell| sizes[cell].1 == 0).collect();
    match (&empty[..], combination) {
        ([], _) => true,
        ([empty], Combination::Both { .. }) => index(combination) == 3 - *empty,
        _ => false,
    }
}
