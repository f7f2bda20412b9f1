use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use crate::limits::CHUNK_COPIES;
use crate::{Change, Digest, Sandboxes};

/// The chunk that holds the copy with this index.
#[must_use]
pub fn chunk_of(copy_index: u32) -> u32 {
    copy_index / CHUNK_COPIES
}

/// The number of chunks of a job with this many copies.
#[must_use]
pub fn chunks(copies: u32) -> u32 {
    copies.div_ceil(CHUNK_COPIES)
}

/// The number of copies in `chunk` of a job with `copies` copies. The last chunk may have fewer than the others.
#[must_use]
pub fn copies_in_chunk(copies: u32, chunk: u32) -> u32 {
    copies.saturating_sub(chunk.saturating_mul(CHUNK_COPIES)).min(CHUNK_COPIES)
}

/// Splits `copies` into ranges of at most `copies_max` copies, in order. A `copies_max` of 0 counts as 1.
pub fn copy_ranges(copies: Range<u32>, copies_max: u32) -> impl Iterator<Item = Range<u32>> {
    let Range { start, end } = copies;
    (start..end)
        .step_by(copies_max.max(1) as usize)
        .map(move |from| from..from.saturating_add(copies_max.max(1)).min(end))
}

const WORDS: usize = (CHUNK_COPIES as usize).div_ceil(64);

/// A set of places from 0 to [`CHUNK_COPIES`], exclusive: the copies of one chunk, or the chunks of one job.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct CopySet([u64; WORDS]);

impl CopySet {
    /// The length of a stored set, in bytes.
    pub const BYTES: usize = WORDS * 8;

    /// The set with one place.
    #[must_use]
    pub fn of(place: u32) -> Self {
        let mut set = Self::default();
        set.insert(place);
        set
    }

    /// The set of the first `count` places.
    #[must_use]
    pub fn first(count: u32) -> Self {
        (0..count).map(Self::of).fold(Self::default(), Self::union)
    }

    /// Adds a place.
    ///
    /// # Panics
    /// When the place is not below [`CHUNK_COPIES`].
    pub fn insert(&mut self, place: u32) {
        assert!(place < CHUNK_COPIES, "place {place} is not in a set of {CHUNK_COPIES}");
        self.0[place as usize / 64] |= 1 << (place % 64);
    }

    /// The places that are in `self` or in `other`.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }

    /// The places that are in `self` and in `other`.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }

    /// The places that are in `self` but not in `other`.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & !other.0[word]))
    }

    /// The number of places in the set.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&word| word == 0)
    }

    /// Whether the place is in the set.
    #[must_use]
    pub fn contains(&self, place: u32) -> bool {
        place < CHUNK_COPIES && self.0[place as usize / 64] >> (place % 64) & 1 == 1
    }

    /// The lowest place in the set.
    #[must_use]
    pub fn lowest(&self) -> Option<u32> {
        self.iter().next()
    }

    /// The places, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        (0..CHUNK_COPIES).filter(|&place| self.contains(place))
    }

    /// The stored form: little-endian words, with place `i` in bit `i % 64` of word `i / 64`.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        for (place, word) in bytes.chunks_exact_mut(8).zip(self.0) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads the stored form; `None` when the length is wrong.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; Self::BYTES] = bytes.try_into().ok()?;
        let mut set = Self::default();
        for (word, place) in set.0.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = u64::from_le_bytes(place.try_into().ok()?);
        }
        Some(set)
    }
}

impl fmt::Debug for CopySet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter()).finish()
    }
}

/// What is known about the copies of one chunk. It consists of sets, which are merged by union, so that a replay, a
/// late change or a split batch cannot alter the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The copies that gave each digest. A copy that gave two digests is in two sets.
    pub digests: BTreeMap<Digest, CopySet>,
    /// The copies that failed, by round and reason. A copy that gave a digest later stays in the set.
    pub failures: BTreeMap<(u32, String), CopySet>,
    /// The sandboxes that gave the digests, as many as the job needs.
    pub sandboxes: Sandboxes,
}

impl Tally {
    /// An empty tally of a job that asks for this number of different sandboxes.
    #[must_use]
    pub fn keeping(sandboxes_min: u32) -> Self {
        Self { sandboxes: Sandboxes::keeping(sandboxes_min), ..Self::default() }
    }

    /// Adds one change. A change of the verdict is not an outcome, and adds nothing.
    pub fn absorb(&mut self, change: &Change) {
        match change {
            Change::Produced { copy, digest, sandbox } => {
                self.digests.entry(*digest).or_default().insert(copy.index % CHUNK_COPIES);
                if let Some(sandbox) = sandbox {
                    self.sandboxes.insert(*sandbox);
                }
            }
            Change::Failed { copy, round, reason } => {
                let key = (*round, reason.clone());
                self.failures.entry(key).or_default().insert(copy.index % CHUNK_COPIES);
            }
            Change::Decided(_) => {}
        }
    }

    /// Merges another tally of the same chunk into `self`.
    pub fn merge(&mut self, other: &Self) {
        for (digest, copies) in &other.digests {
            let known = self.digests.entry(*digest).or_default();
            *known = known.union(*copies);
        }
        for (failure, copies) in &other.failures {
            let known = self.failures.entry(failure.clone()).or_default();
            *known = known.union(*copies);
        }
        self.sandboxes.merge(&other.sandboxes);
    }

    /// The copies that gave a digest.
    #[must_use]
    pub fn produced(&self) -> CopySet {
        self.digests.values().copied().fold(CopySet::default(), CopySet::union)
    }

    /// The copies that failed in `round` and never gave a digest.
    #[must_use]
    pub fn failed(&self, round: u32) -> CopySet {
        let failures = self.failures.iter().filter(|((failed_in, _), _)| *failed_in == round);
        failures.map(|(_, copies)| *copies).fold(CopySet::default(), CopySet::union).minus(self.produced())
    }

    /// The latest round in which a copy failed.
    #[must_use]
    pub fn latest_failed_round(&self) -> Option<u32> {
        self.failures.keys().map(|(round, _)| *round).max()
    }
}

/// The tallies of a whole job, by chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobTally {
    /// The tally of each chunk about which something is known.
    pub chunks: BTreeMap<u32, Tally>,
}

/// A digest, and the copies that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestCount {
    /// The digest.
    pub digest: Digest,
    /// The number of copies that gave the digest.
    pub copies: u32,
    /// The lowest index of those copies.
    pub first_copy: u32,
}

impl JobTally {
    /// The number of copies that gave a digest.
    #[must_use]
    pub fn produced(&self) -> u32 {
        self.chunks.values().map(|tally| tally.produced().len()).sum()
    }

    /// The number of the first `copies` copies that failed in `round` and never gave a digest. A stray message may have
    /// been given up for a copy that the job does not have. That copy does not count.
    #[must_use]
    pub fn failed(&self, round: u32, copies: u32) -> u32 {
        let of_chunk = |(chunk, tally): (&u32, &Tally)| {
            tally.failed(round).intersection(CopySet::first(copies_in_chunk(copies, *chunk))).len()
        };
        self.chunks.iter().map(of_chunk).sum()
    }

    /// The sandboxes that gave a digest, as many as the job needs.
    #[must_use]
    pub fn sandboxes(&self) -> Sandboxes {
        let mut all = Sandboxes::default();
        for tally in self.chunks.values() {
            all.merge(&tally.sandboxes);
        }
        all
    }

    /// The copy with the lowest index that gave this digest.
    #[must_use]
    pub fn first_copy(&self, digest: &Digest) -> Option<u32> {
        self.chunks.iter().find_map(|(chunk, tally)| {
            let lowest = tally.digests.get(digest).and_then(CopySet::lowest)?;
            Some(chunk * CHUNK_COPIES + lowest)
        })
    }

    /// Every digest with its copies: the most frequent first, and of equally frequent ones the one with the lowest
    /// copy.
    #[must_use]
    pub fn digests(&self) -> Vec<DigestCount> {
        let mut counts = BTreeMap::<Digest, DigestCount>::new();
        for (chunk, tally) in &self.chunks {
            for (digest, copies) in &tally.digests {
                let Some(lowest) = copies.lowest() else { continue };
                let first_copy = chunk * CHUNK_COPIES + lowest;
                let count =
                    counts.entry(*digest).or_insert(DigestCount { digest: *digest, copies: 0, first_copy });
                count.copies += copies.len();
            }
        }
        let mut counts: Vec<_> = counts.into_values().collect();
        counts.sort_by_key(|count| (std::cmp::Reverse(count.copies), count.first_copy, count.digest));
        counts
    }

    /// The reasons of the failures in `round` of the first `copies` copies, with the number of copies, most frequent
    /// first. Copies that gave a digest do not count, nor does a copy that the job does not have.
    #[must_use]
    pub fn failures(&self, round: u32, copies: u32) -> Vec<(String, u32)> {
        let mut counts = BTreeMap::<&str, u32>::new();
        for (chunk, tally) in &self.chunks {
            let without_digest = CopySet::first(copies_in_chunk(copies, *chunk)).minus(tally.produced());
            for ((failed_in, reason), failed) in &tally.failures {
                let failed = failed.intersection(without_digest).len();
                if *failed_in == round && failed > 0 {
                    *counts.entry(reason).or_default() += failed;
                }
            }
        }
        let mut counts: Vec<_> =
            counts.into_iter().map(|(reason, copies)| (reason.to_owned(), copies)).collect();
        counts.sort_by_key(|(_, copies)| std::cmp::Reverse(*copies));
        counts
    }

    /// The copies of a job with `copies` copies that gave no digest, lowest first.
    pub fn without_digest(&self, copies: u32) -> impl Iterator<Item = u32> + '_ {
        (0..chunks(copies)).flat_map(move |chunk| {
            let produced = self.chunks.get(&chunk).map(Tally::produced).unwrap_or_default();
            let missing = CopySet::first(copies_in_chunk(copies, chunk)).minus(produced);
            missing.iter().map(|place| chunk * CHUNK_COPIES + place).collect::<Vec<_>>()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_counts_in_its_own_round_until_its_copy_gives_a_digest() {
        let failed = |round, copies: &[u32]| {
            let copies =
                copies.iter().map(|copy| CopySet::of(*copy)).fold(CopySet::default(), CopySet::union);
            ((round, "exit code 1".to_owned()), copies)
        };
        let tally = Tally {
            digests: [(Digest::of(b"a"), CopySet::of(0))].into(),
            failures: [failed(0, &[0, 1, 2]), failed(1, &[0, 3])].into(),
            sandboxes: Sandboxes::default(),
        };
        assert_eq!(tally.latest_failed_round(), Some(1));
        let job = JobTally { chunks: [(0, tally.clone()), (1, tally.clone())].into() };
        for (round, expect) in [(0, &[1, 2][..]), (1, &[3]), (2, &[])] {
            assert_eq!(tally.failed(round).iter().collect::<Vec<_>>(), expect, "{round}");
            let copies = 2 * u32::try_from(expect.len()).unwrap();
            assert_eq!(job.failed(round, 2_000), copies);
            let reasons = (copies > 0).then(|| ("exit code 1".to_owned(), copies));
            assert_eq!(job.failures(round, 2_000), reasons.into_iter().collect::<Vec<_>>());
        }
        assert_eq!(job.without_digest(1_002).take(3).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(job.without_digest(1_002).last(), Some(1_001));
    }

    #[test]
    fn a_failure_of_a_copy_that_the_job_does_not_have_does_not_count() {
        let given_up = |copies: &[u32]| {
            let copies =
                copies.iter().map(|copy| CopySet::of(*copy)).fold(CopySet::default(), CopySet::union);
            Tally { failures: [((0, "given up".to_owned()), copies)].into(), ..Tally::default() }
        };
        let job = JobTally { chunks: [(0, given_up(&[1, 2, 3])), (1, given_up(&[0, 2]))].into() };
        for (copies, expect) in [(1, 0), (2, 1), (3, 2), (1_000, 3), (1_001, 4), (1_003, 5)] {
            assert_eq!(job.failed(0, copies), expect, "{copies}");
            let reasons = (expect > 0).then(|| ("given up".to_owned(), expect));
            assert_eq!(job.failures(0, copies), reasons.into_iter().collect::<Vec<_>>(), "{copies}");
        }
    }
}
