use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The random numbers of a simulation, all from one seed.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number below `bound`, which is above 0. Nearly uniform for small bounds.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound
    }

    /// A number in a range that includes both ends.
    pub(super) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// A small number in a range that includes both ends.
    pub(super) fn small(&mut self, first: u32, last: u32) -> u32 {
        u32::try_from(self.between(first.into(), last.into())).unwrap_or(last)
    }

    /// True `times` times in a thousand.
    pub(super) fn per_mille(&mut self, times: u64) -> bool {
        times > 0 && self.below(1_000) < times
    }

    /// The index of one of `length` elements; `None` when there are none.
    pub(super) fn place(&mut self, length: usize) -> Option<usize> {
        (length > 0).then(|| usize::try_from(self.below(length as u64)).unwrap_or(0))
    }

    /// Removes at most `count_max` of the elements, in any order, and returns them.
    pub(super) fn take<T>(&mut self, things: &mut Vec<T>, count_max: usize) -> Vec<T> {
        let mut taken = Vec::new();
        while taken.len() < count_max
            && let Some(place) = self.place(things.len())
        {
            taken.push(things.swap_remove(place));
        }
        taken
    }
}

/// A number that depends on both arguments and nothing else, for choices that must not change when they are made
/// again.
pub(super) fn mixed(one: u64, other: u64) -> u64 {
    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
    let mut word = one ^ other.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
