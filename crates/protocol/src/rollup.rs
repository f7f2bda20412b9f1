use std::collections::BTreeSet;

use crate::limits::CHUNK_COPIES;
use crate::tally::{chunks, copies_in_chunk};
use crate::{CopySet, Digest, Sandboxes, Tally};

/// A summary of the chunks of a job. Its size does not depend on the number of copies, and it is enough for a
/// verdict, so that not every tally has to be read after every batch.
///
/// Like a tally, a rollup only grows, and merging is commutative, associative and idempotent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollup {
    /// The two smallest digests seen. One digest means agreement so far; two prove a divergence.
    pub witnesses: BTreeSet<Digest>,
    /// The number of copies that the job wanted when the fields below were computed. A full chunk stays valid when
    /// more copies are wanted. A last chunk that was not full has to be computed again.
    pub copies: u32,
    /// The chunks in which every copy gave a digest.
    pub produced: CopySet,
    /// The latest round in which a chunk was accounted for with failures.
    pub round: u32,
    /// The chunks in which every copy gave a digest or failed in [`Rollup::round`], and at least one failed.
    pub accounted: CopySet,
    /// The sandboxes that gave a digest, as many as the job needs.
    pub sandboxes: Sandboxes,
}

/// How far a job has come, by its rollup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Two digests differ.
    pub divergent: bool,
    /// Every copy gave a digest.
    pub produced: bool,
    /// Every copy gave a digest, or failed in the round of the job.
    pub accounted: bool,
}

impl Rollup {
    /// The rollup of one chunk, from its tally.
    #[must_use]
    pub fn of_chunk(job_copies: u32, chunk: u32, tally: &Tally) -> Self {
        let wanted = copies_in_chunk(job_copies, chunk);
        // A stray message may have run a copy that the job does not have. The tally of that copy must not count.
        let of_the_job = CopySet::first(wanted);
        let mut rollup = Self {
            witnesses: tally.digests.keys().take(2).copied().collect(),
            copies: job_copies,
            sandboxes: tally.sandboxes.clone(),
            ..Self::default()
        };
        if wanted == 0 {
            return rollup;
        }
        let produced = tally.produced().intersection(of_the_job);
        if produced.len() == wanted {
            rollup.produced.insert(chunk);
        } else if let Some(round) = tally.latest_failed_round()
            && produced.union(tally.failed(round)).intersection(of_the_job).len() == wanted
        {
            rollup.round = round;
            rollup.accounted.insert(chunk);
        }
        rollup
    }

    /// Merges another rollup of the same job into `self`.
    pub fn merge(&mut self, other: &Self) {
        self.witnesses.extend(&other.witnesses);
        while self.witnesses.len() > 2 {
            self.witnesses.pop_last();
        }
        self.sandboxes.merge(&other.sandboxes);
        let copies = self.copies.max(other.copies);
        let ([produced, accounted], [also_produced, also_accounted]) =
            (self.lasting(copies), other.lasting(copies));
        self.copies = copies;
        self.produced = produced.union(also_produced);
        (self.round, self.accounted) = match self.round.cmp(&other.round) {
            std::cmp::Ordering::Less => (other.round, also_accounted),
            std::cmp::Ordering::Equal => (self.round, accounted.union(also_accounted)),
            std::cmp::Ordering::Greater => (self.round, accounted),
        };
    }

    /// The chunks that stay produced and accounted for when `copies` are wanted. If that is more than before, a last
    /// chunk that was not full is left out.
    fn lasting(&self, copies: u32) -> [CopySet; 2] {
        let in_part = copies > self.copies && !self.copies.is_multiple_of(CHUNK_COPIES);
        let outgrown = if in_part { CopySet::of(self.copies / CHUNK_COPIES) } else { CopySet::default() };
        [self.produced.minus(outgrown), self.accounted.minus(outgrown)]
    }

    /// How far a job with this number of copies has come in this round.
    #[must_use]
    pub fn reached(&self, copies: u32, round: u32) -> Reached {
        let [mut produced, mut accounted] = self.lasting(copies);
        if self.round != round {
            accounted = CopySet::default();
        }
        if copies < self.copies {
            // The caller has not seen yet that more copies are wanted. If all of them are there, so are the fewer.
            let wanted = CopySet::first(chunks(copies));
            (produced, accounted) = (produced.intersection(wanted), accounted.intersection(wanted));
        }
        Reached {
            divergent: self.witnesses.len() > 1,
            produced: produced.len() == chunks(copies),
            accounted: produced.union(accounted).len() == chunks(copies),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(copies: u32) -> Tally {
        let digests = [(Digest::of(b"a"), CopySet::first(copies))].into();
        Tally { digests, ..Tally::default() }
    }

    #[test]
    fn more_copies_outgrow_a_partial_chunk_but_not_a_full_one() {
        let check = |before, after, expect: &[u32]| {
            let mut rollup = Rollup::of_chunk(before, 0, &tally(before.min(CHUNK_COPIES)));
            assert!(rollup.reached(before, 0).produced || before > CHUNK_COPIES);
            rollup.merge(&Rollup { copies: after, ..Rollup::default() });
            assert_eq!(rollup.produced.iter().collect::<Vec<_>>(), expect, "{before} {after}");
        };
        check(20, 20, &[0]);
        check(20, 40, &[]);
        check(999, 1_000, &[]);
        check(1_000, 2_000, &[0]);
        check(1_001, 2_000, &[0]);
    }

    #[test]
    fn a_chunk_that_the_job_does_not_have_counts_for_nothing() {
        let stray = Rollup::of_chunk(1_000, 1, &tally(3));
        assert_eq!((stray.produced.len(), stray.witnesses.len()), (0, 1));
    }

    #[test]
    fn a_copy_that_the_job_does_not_have_completes_no_chunk() {
        let failed = |copies: &[u32]| {
            let copies =
                copies.iter().map(|copy| CopySet::of(*copy)).fold(CopySet::default(), CopySet::union);
            Tally { failures: [((0, "given up".to_owned()), copies)].into(), ..tally(1) }
        };
        assert!(!Rollup::of_chunk(3, 0, &failed(&[1, 3])).reached(3, 0).accounted);
        assert!(Rollup::of_chunk(3, 0, &failed(&[1, 2, 3])).reached(3, 0).accounted);
        let stray = Tally { digests: [(Digest::of(b"a"), CopySet::of(3))].into(), ..Tally::default() };
        assert!(!Rollup::of_chunk(1, 0, &stray).reached(1, 0).produced);
    }

    #[test]
    fn the_two_smallest_digests_stay() {
        let mut digests = [b"a", b"b", b"c", b"d"].map(|output| Digest::of(output));
        let mut rollup = Rollup::default();
        for digest in digests {
            rollup.merge(&Rollup { witnesses: [digest].into(), ..Rollup::default() });
        }
        digests.sort();
        assert_eq!(rollup.witnesses.iter().collect::<Vec<_>>(), digests[..2].iter().collect::<Vec<_>>());
    }
}
