//! Units that are alike in many candidates: most copies of a large job share a few environments. Marked units are
//! counted once for each kind, and candidates add up kinds.

use std::collections::HashMap;

use super::labelling::Labelling;

/// There are no kinds in a study of fewer units.
const UNITS_MIN: usize = 512;

/// There are at most as many kinds as a sixteenth of the units.
const UNITS_A_KIND: usize = 16;

/// The kinds of units.
#[derive(Default)]
pub(super) struct Profiles {
    of_unit: Vec<u32>,
    /// For each kind, one of its units.
    first: Vec<u32>,
    classes: usize,
    /// Reused: for each class outside class 0, and each kind, the number of units.
    counts: Vec<u32>,
}

impl Profiles {
    pub(super) fn new(units: usize, classes: usize) -> Self {
        let kinds = usize::from(units >= UNITS_MIN);
        Self { of_unit: vec![0; units], first: vec![0; kinds], classes, counts: vec![0; classes * kinds] }
    }

    /// The number of units.
    pub(super) fn units(&self) -> usize {
        self.of_unit.len()
    }

    /// Tells apart units that differ in a candidate, unless that makes too many kinds. Whether it did.
    pub(super) fn refine(&mut self, block_of: &[u32]) -> bool {
        if self.first.is_empty() {
            return false;
        }
        let kinds_max = self.of_unit.len() / UNITS_A_KIND;
        let (mut kinds, mut first) = (HashMap::<(u32, u32), u32>::new(), Vec::new());
        let mut of_unit = Vec::with_capacity(block_of.len());
        for (unit, (&kind, &block)) in (0_u32..).zip(self.of_unit.iter().zip(block_of)) {
            let next = u32::try_from(first.len()).unwrap_or(u32::MAX);
            let refined = *kinds.entry((kind, block)).or_insert_with(|| {
                first.push(unit);
                next
            });
            of_unit.push(refined);
            if first.len() > kinds_max {
                return false;
            }
        }
        self.counts = vec![0; self.classes * first.len()];
        (self.of_unit, self.first) = (of_unit, first);
        true
    }

    /// The block of each kind, for a candidate that the kinds were refined by.
    pub(super) fn block_of_kind(&self, block_of: &[u32]) -> Vec<u32> {
        self.first.iter().map(|&unit| block_of[unit as usize]).collect()
    }

    pub(super) fn count(&mut self, labelling: &Labelling) {
        let kinds = self.first.len();
        if kinds < 2 {
            return;
        }
        self.counts.fill(0);
        for &(unit, class) in &labelling.marked {
            self.counts[usize::from(class) * kinds + self.of_unit[unit as usize] as usize] += 1;
        }
    }

    /// For each kind, the units of a class other than class 0.
    pub(super) fn of_class(&self, class: usize) -> &[u32] {
        let kinds = self.first.len();
        &self.counts[class * kinds..(class + 1) * kinds]
    }
}
