use std::collections::BTreeSet;

use crate::Digest;

/// A hash by which sandboxes are counted: the first 8 bytes of the SHA-256 of the sandbox's name, big-endian.
///
/// Two of 1,000 sandboxes have the same hash with a probability below 3e-14 (the birthday bound, n²/2^65). They would
/// count as one sandbox, so the count is never too high.
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

    /// A hash from its stored number.
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

/// The sandboxes that gave a digest, as far as a job has to count them: those with the smallest hashes, as many as
/// the job asks for.
///
/// A merge is a union, cut to that number. The smallest elements of a union do not depend on the order of the merges.
/// So a merge is commutative, associative and idempotent, if all sets of a job keep the same number or are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandboxes {
    kept_max: u32,
    smallest: BTreeSet<SandboxHash>,
}

impl Sandboxes {
    /// An empty set that will keep at most `kept_max` sandboxes.
    #[must_use]
    pub fn keeping(kept_max: u32) -> Self {
        Self { kept_max, smallest: BTreeSet::new() }
    }

    /// A set from its stored hashes.
    #[must_use]
    pub fn stored(kept_max: u32, hashes: impl IntoIterator<Item = SandboxHash>) -> Self {
        let mut set = Self { kept_max, smallest: hashes.into_iter().collect() };
        set.cut();
        set
    }

    /// Adds a sandbox. It stays if its hash is among the smallest.
    pub fn insert(&mut self, sandbox: SandboxHash) {
        self.smallest.insert(sandbox);
        self.cut();
    }

    /// Merges another set of the same job into `self`.
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

    /// Whether the sandbox is in the set, or may have been in it before smaller ones filled the set.
    #[must_use]
    pub fn may_have_had(&self, sandbox: SandboxHash) -> bool {
        let is_full = self.smallest.len() >= self.kept_max as usize;
        let is_larger = self.smallest.last().is_none_or(|largest| sandbox > *largest);
        self.smallest.contains(&sandbox) || (is_full && is_larger)
    }

    /// The number of sandboxes in the set, at most [`Sandboxes::kept_max`].
    #[must_use]
    pub fn len(&self) -> u32 {
        // The length is at most `kept_max`, which is a `u32`.
        u32::try_from(self.smallest.len()).unwrap_or(self.kept_max)
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.smallest.is_empty()
    }

    /// The largest number of sandboxes that the set keeps.
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
    fn a_hash_is_the_beginning_of_the_digest() {
        // SHA-256 of "abc" begins with these 8 bytes (FIPS 180-4).
        assert_eq!(SandboxHash::of("abc").bits(), 0xba78_16bf_8f01_cfea);
    }

    #[test]
    fn the_smallest_hashes_stay() {
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
    fn a_merge_with_an_empty_set_loses_nothing() {
        let some = Sandboxes::stored(3, [1, 2].map(SandboxHash::from_bits));
        let mut merged = Sandboxes::default();
        merged.merge(&some);
        assert_eq!(merged, some);
        merged.merge(&Sandboxes::default());
        assert_eq!(merged, some);
    }
}
