//! Scores: how much a count speaks against independence, as minus ln of a p-value, exact or approximate. Any function
//! of the labels is a valid score in a permutation test. The better it is calibrated, the fairer candidates compete.

use crate::normal::{ln_half_square_tail, ln_upper_tail};
use crate::probability::{ln_hypergeometric, real};
use crate::runs::two_sided;

/// The longest table of scores; longer ones are computed from likelihood ratios.
const SCORES_MAX: u64 = 512;

/// k ln k for each count up to the number of units.
pub(super) struct XLogX(Vec<f64>);

impl XLogX {
    pub(super) fn new(units: usize) -> Self {
        let value = |count: u64| if count == 0 { 0.0 } else { real(count) * real(count).ln() };
        Self((0..=units as u64).map(value).collect())
    }

    pub(super) fn of(&self, count: u32) -> f64 {
        self.0[count as usize]
    }
}

/// The scores of a table of two by two, by the number of marked units in one block.
pub(super) enum TwoByTwo {
    /// Minus ln of Fisher's p-value, from the lowest possible number on.
    Listed { lowest: u32, scores: Vec<f64> },
    /// From the likelihood ratio, which is accurate for large counts.
    Computed { block: u32, marked: u32, units: u32 },
}

impl TwoByTwo {
    /// The scores for `units` units: `marked` of them are marked, and `block` of them are in the block.
    pub(super) fn new(block: u32, marked: u32, units: u32) -> Self {
        let [block_units, marked_units, all] = [block, marked, units].map(u64::from);
        let lowest = (block_units + marked_units).saturating_sub(all);
        let highest = block_units.min(marked_units);
        if highest - lowest >= SCORES_MAX {
            return Self::Computed { block, marked, units };
        }
        let ln_ps: Vec<f64> =
            (lowest..=highest).map(|hits| ln_hypergeometric(hits, block_units, marked_units, all)).collect();
        let scores = two_sided(&ln_ps).into_iter().map(|ln_p| -ln_p).collect();
        Self::Listed { lowest: u32::try_from(lowest).unwrap_or(u32::MAX), scores }
    }

    pub(super) fn score(&self, hits: u32, logs: &XLogX) -> f64 {
        match self {
            Self::Listed { lowest, scores } => scores[(hits - lowest) as usize],
            Self::Computed { block, marked, units } => {
                let cells = logs.of(hits)
                    + logs.of(block - hits)
                    + logs.of(marked - hits)
                    + logs.of(units + hits - block - marked);
                let margins =
                    logs.of(*block) + logs.of(units - block) + logs.of(*marked) + logs.of(units - marked)
                        - logs.of(*units);
                -ln_half_square_tail(cells - margins)
            }
        }
    }
}

/// A gamma distribution with the mean and the variance that a statistic had in trial permutations.
///
/// Its tail is computed by the cube root of E. B. Wilson and M. M. Hilferty, "The distribution of chi-square", 1931.
#[derive(Clone, Copy, Default)]
pub(super) struct Calibration {
    trials: f64,
    sum: f64,
    squares: f64,
}

impl Calibration {
    pub(super) fn add(&mut self, statistic: f64) {
        self.trials += 1.0;
        self.sum += statistic;
        self.squares += statistic * statistic;
    }

    pub(super) fn score(&self, statistic: f64) -> f64 {
        let mean = self.sum / self.trials;
        let variance = self.squares / self.trials - mean * mean;
        if !(mean > 0.0 && variance > 1e-12 * mean * mean) {
            return 0.0;
        }
        let spread = variance / (9.0 * mean * mean);
        let z = ((statistic / mean).max(0.0).cbrt() - 1.0 + spread) / spread.sqrt();
        -ln_upper_tail(z)
    }
}
