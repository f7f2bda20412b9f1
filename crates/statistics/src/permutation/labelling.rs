use crate::random::Random;

/// The classes of the units, in one order of many. Only units outside the most frequent class are listed.
pub(super) struct Labelling {
    /// The units outside class 0, and their classes.
    pub(super) marked: Vec<(u32, u8)>,
    /// The same units as a set of bits.
    pub(super) bits: Vec<u64>,
}

/// Shuffles classes among units: among all of them, or within strata.
pub(super) struct Shuffle {
    strata: Vec<Stratum>,
    words: usize,
    random: Random,
}

struct Stratum {
    units: Vec<u32>,
    /// The classes of the units outside class 0.
    labels: Vec<u8>,
}

impl Labelling {
    pub(super) fn observed(classes: &[u8]) -> Self {
        let mut labelling = Self { marked: Vec::new(), bits: vec![0; classes.len().div_ceil(64)] };
        for (unit, &class) in (0_u32..).zip(classes).filter(|&(_, &class)| class > 0) {
            labelling.mark(unit, class);
        }
        labelling
    }

    fn mark(&mut self, unit: u32, class: u8) {
        self.marked.push((unit, class));
        self.bits[unit as usize / 64] |= 1 << (unit % 64);
    }
}

impl Shuffle {
    /// Shuffles `classes` within the strata of the units; without strata, among all units.
    pub(super) fn new(classes: &[u8], strata: Option<&[u32]>, seed: u64) -> Self {
        let count = strata.map_or(1, |strata| strata.iter().max().map_or(0, |&last| last as usize + 1));
        let mut filled: Vec<Stratum> =
            (0..count).map(|_| Stratum { units: Vec::new(), labels: Vec::new() }).collect();
        for (unit, &class) in (0_u32..).zip(classes) {
            let stratum = &mut filled[strata.map_or(0, |strata| strata[unit as usize] as usize)];
            stratum.units.push(unit);
            if class > 0 {
                stratum.labels.push(class);
            }
        }
        filled.retain(|stratum| !stratum.labels.is_empty());
        Self { strata: filled, words: classes.len().div_ceil(64), random: Random::new(seed) }
    }

    /// Whether some stratum has units of several classes. Otherwise every shuffle gives the same labelling.
    pub(super) fn changes_anything(&self) -> bool {
        self.strata.iter().any(|stratum| {
            let first = stratum.labels[0];
            stratum.labels.len() < stratum.units.len() || stratum.labels.iter().any(|&label| label != first)
        })
    }

    /// The next random order of the classes, written over `labelling`.
    pub(super) fn next(&mut self, labelling: &mut Labelling) {
        labelling.marked.clear();
        labelling.bits.clear();
        labelling.bits.resize(self.words, 0);
        for stratum in &mut self.strata {
            // The first units of a shuffle are a random sample: Fisher and Yates, stopped early.
            for (place, &label) in stratum.labels.iter().enumerate() {
                let other = place + self.random.below(stratum.units.len() - place);
                stratum.units.swap(place, other);
                labelling.mark(stratum.units[place], label);
            }
        }
    }
}
