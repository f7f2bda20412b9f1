use std::collections::BTreeSet;

use crate::Digest;

/// What stands for a sandbox where sandboxes are counted: the first 8 bytes of the SHA-256 of its name, big-endian.
///
/// Two of 1,000 sandboxes share one with a probability below 3e-14 (the birthday bound, n²/2^65). They would count as
/// one, which claims less than is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SandboxHash(u64);

impl SandboxHash {
    /// The hash of the sandbox with this name.
    #[must_use]
    pub fn of(sandbox: &str) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&Digest::of(sandbox.as_bytes()).as_bytes()[..8]);
        Self(u64::from_be_bytes(first))
    }

    /// A hash that was stored.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The number to store.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }
}

/// The sandboxes that gave a digest, as far as a job needs them counted: those with the smallest hashes, so many as it
/// asks for.
///
/// Merging is union, cut to that number. Since "the smallest of a union" does not depend on the order in which it came
/// about, that is commutative, associative and idempotent, as long as all sets of a job keep the same number or are
/// empty; and the set never grows beyond it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandboxes {
    kept_max: u32,
    smallest: BTreeSet<SandboxHash>,
}

impl Sandboxes {
    /// No sandbox yet, and later `kept_max` of them at most.
    #[must_use]
    pub fn keeping(kept_max: u32) -> Self {
        Self { kept_max, smallest: BTreeSet::new() }
    }

    /// A set that was stored.
    #[must_use]
    pub fn stored(kept_max: u32, hashes: impl IntoIterator<Item = SandboxHash>) -> Self {
        let mut set = Self { kept_max, smallest: hashes.into_iter().collect() };
        set.cut();
        set
    }

    /// Adds a sandbox, which stays if its hash is among the smallest.
    pub fn insert(&mut self, sandbox: SandboxHash) {
        self.smallest.insert(sandbox);
        self.cut();
    }

    /// Takes in the sandboxes of another set of the same job.
    pub fn merge(&mut self, other: &Self) {
        self.kept_max = self.kept_max.max(other.kept_max);
        self.smallest.extend(&other.smallest);
        self.cut();
    }

    fn cut(&mut self) {
        while self.smallest.len() > self.kept_max as usize {
            self.smallest.pop_last();
        }
    }

    /// How many are known, up to [`Sandboxes::kept_max`].
    #[must_use]
    pub fn len(&self) -> u32 {
        // Never more than the bound, which is a `u32`.
        u32::try_from(self.smallest.len()).unwrap_or(self.kept_max)
    }

    /// Whether none is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.smallest.is_empty()
    }

    /// How many are kept, at most.
    #[must_use]
    pub fn kept_max(&self) -> u32 {
        self.kept_max
    }

    /// The hashes, smallest first.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = SandboxHash> + '_ {
        self.smallest.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_the_beginning_of_the_standards_digest() {
        // SHA-256 of "abc" begins with these 8 bytes (FIPS 180-4).
        assert_eq!(SandboxHash::of("abc").bits(), 0xba78_16bf_8f01_cfea);
    }

    #[test]
    fn the_smallest_stay() {
        let check = |kept_max, hashes: &[u64], expect: &[u64]| {
            let mut set = Sandboxes::keeping(kept_max);
            for bits in hashes {
                set.insert(SandboxHash::from_bits(*bits));
            }
            assert_eq!(set.iter().map(SandboxHash::bits).collect::<Vec<_>>(), expect, "{hashes:?}");
            assert_eq!(set.len() as usize, expect.len());
        };
        check(0, &[1, 2], &[]);
        check(2, &[], &[]);
        check(2, &[7, 7], &[7]);
        check(2, &[9, 7, 8, 7], &[7, 8]);
    }

    #[test]
    fn whoever_keeps_none_loses_none_of_the_others() {
        let some = Sandboxes::stored(3, [1, 2].map(SandboxHash::from_bits));
        let mut merged = Sandboxes::default();
        merged.merge(&some);
        assert_eq!(merged, some);
        merged.merge(&Sandboxes::default());
        assert_eq!(merged, some);
    }
}
