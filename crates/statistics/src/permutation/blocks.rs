//! Likelihood ratios of tables that are not two by two, and of the best cut of an order.

use super::labelling::Labelling;
use super::profiles::Profiles;
use super::score::XLogX;
use super::study::UNKNOWN;

/// A number of blocks, or of steps of an order, for each unit. Units without a value are in no block.
pub(super) struct Blocks {
    of_unit: Vec<u32>,
    /// The block of each kind of units, if there are kinds and they tell the blocks apart.
    of_kind: Option<Vec<u32>>,
    /// The number of units of each block; the last block holds the units without a value.
    totals: Vec<u32>,
    known: u32,
    classes: usize,
    /// Reused: for each class and block, the number of units; class 0 last, because it follows from the others.
    counts: Vec<u32>,
}

impl Blocks {
    pub(super) fn new(of_unit: &[u32], blocks: usize, classes: usize) -> Self {
        let last = u32::try_from(blocks).unwrap_or(UNKNOWN);
        let of_unit: Vec<u32> = of_unit.iter().map(|&block| block.min(last)).collect();
        let mut totals = vec![0; blocks + 1];
        for &block in &of_unit {
            totals[block as usize] += 1;
        }
        let known = totals[..blocks].iter().sum();
        Self { of_unit, of_kind: None, totals, known, classes, counts: vec![0; classes * (blocks + 1)] }
    }

    /// From now on, counts kinds of units, if these tell the blocks apart.
    pub(super) fn share(&mut self, profiles: &mut Profiles) {
        self.of_kind = profiles.refine(&self.of_unit).then(Vec::new);
    }

    /// Completes [`share`](Self::share), once the kinds are final.
    pub(super) fn fix(&mut self, profiles: &Profiles) {
        if self.of_kind.is_some() {
            self.of_kind = Some(profiles.block_of_kind(&self.of_unit));
        }
    }

    /// The work of one labelling.
    pub(super) fn work(&self, marked: usize) -> usize {
        8 * self.steps() + self.of_kind.as_ref().map_or(2 * marked, Vec::len)
    }

    /// The number of blocks, or of steps.
    pub(super) fn steps(&self) -> usize {
        self.totals.len() - 1
    }

    /// The units of the second block outside class 0, as of the labelling that was counted last.
    pub(super) fn marked_in_second(&self) -> u32 {
        (1..self.classes).map(|class| self.class(class)[1]).sum()
    }

    fn count(&mut self, labelling: &Labelling, profiles: &Profiles) {
        let stride = self.totals.len();
        self.counts.fill(0);
        if let Some(of_kind) = &self.of_kind {
            for class in 1..self.classes {
                let counts = &mut self.counts[class * stride..(class + 1) * stride];
                for (&block, units) in of_kind.iter().zip(profiles.of_class(class)) {
                    counts[block as usize] += units;
                }
            }
        } else {
            for &(unit, class) in &labelling.marked {
                self.counts[class as usize * stride + self.of_unit[unit as usize] as usize] += 1;
            }
        }
        for block in 0..stride {
            let marked: u32 = (1..self.classes).map(|class| self.counts[class * stride + block]).sum();
            self.counts[block] = self.totals[block] - marked;
        }
    }

    fn class(&self, class: usize) -> &[u32] {
        let stride = self.totals.len();
        &self.counts[class * stride..class * stride + self.steps()]
    }

    /// ln of the ratio of the likelihood with blocks to the one without: half of the statistic G².
    pub(super) fn ln_ratio(&mut self, labelling: &Labelling, profiles: &Profiles, logs: &XLogX) -> f64 {
        self.count(labelling, profiles);
        let cells: f64 = self.counts_known().map(|count| logs.of(count)).sum();
        let blocks: f64 = self.totals[..self.steps()].iter().map(|&total| logs.of(total)).sum();
        (cells - blocks + self.spread(logs)).max(0.0)
    }

    fn counts_known(&self) -> impl Iterator<Item = u32> {
        (0..self.classes).flat_map(|class| self.class(class)).copied()
    }

    /// The part of the ratio that depends on the classes of the known units alone.
    fn spread(&self, logs: &XLogX) -> f64 {
        let classes: f64 = (0..self.classes).map(|class| logs.of(self.class(class).iter().sum())).sum();
        logs.of(self.known) - classes
    }

    /// The largest ratio over all cuts of the order of the blocks, and the first block after that cut.
    ///
    /// Source: K. J. Worsley, "The power of likelihood ratio and cumulative sum tests for a change in a binomial
    /// probability", 1983.
    pub(super) fn best_cut(
        &mut self,
        labelling: &Labelling,
        profiles: &Profiles,
        logs: &XLogX,
    ) -> (f64, usize) {
        self.count(labelling, profiles);
        let stride = self.totals.len();
        let sums: Vec<u32> = (0..self.classes).map(|class| self.class(class).iter().sum()).collect();
        let spread = self.spread(logs);
        let (mut below, mut units) = (vec![0; self.classes], 0);
        let mut best = (0.0, 0);
        for block in 0..self.steps().saturating_sub(1) {
            units += self.totals[block];
            let mut cells = 0.0;
            for (class, below) in below.iter_mut().enumerate() {
                *below += self.counts[class * stride + block];
                cells += logs.of(*below) + logs.of(sums[class] - *below);
            }
            let ratio = cells - logs.of(units) - logs.of(self.known - units) + spread;
            if ratio > best.0 + 1e-9 {
                best = (ratio, block + 1);
            }
        }
        best
    }
}
