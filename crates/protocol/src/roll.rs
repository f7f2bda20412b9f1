use std::collections::BTreeSet;

use crate::tally::{chunks, copies_in_chunk};
use crate::{CopySet, Digest, Tally};

/// What a job's chunks have reached, in a size that does not grow with the copies: enough for a verdict without
/// reading every tally after every batch.
///
/// Like a tally it only grows, and merging is commutative, associative and idempotent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roll {
    /// The two smallest of the digests seen: one means agreement so far, two are the proof of a divergence.
    pub witnesses: BTreeSet<Digest>,
    /// The chunks in which every copy gave a digest.
    pub produced: CopySet,
    /// The latest round in which some chunk was accounted for with failures.
    pub round: u32,
    /// The chunks in which every copy gave a digest or failed in [`Roll::round`], and some failed.
    pub accounted: CopySet,
}

/// How far a job has come, as its roll shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Two digests differ.
    pub divergent: bool,
    /// Every copy gave a digest.
    pub produced: bool,
    /// Every copy gave a digest or failed in the job's round.
    pub accounted: bool,
}

impl Roll {
    /// The roll of a single chunk, from all that is known of it.
    #[must_use]
    pub fn of_chunk(job_copies: u32, chunk: u32, tally: &Tally) -> Self {
        let wanted = copies_in_chunk(job_copies, chunk);
        // What a stray message made of a copy that the job does not have stands for none that it has.
        let of_the_job = CopySet::first(wanted);
        let mut roll = Self { witnesses: tally.digests.keys().take(2).copied().collect(), ..Self::default() };
        let produced = tally.produced().intersection(of_the_job);
        if produced.len() == wanted {
            roll.produced.insert(chunk);
        } else if let Some(round) = tally.latest_failed_round()
            && produced.union(tally.failed(round)).intersection(of_the_job).len() == wanted
        {
            roll.round = round;
            roll.accounted.insert(chunk);
        }
        roll
    }

    /// Takes in all that another roll of the same job knows.
    pub fn merge(&mut self, other: &Self) {
        self.witnesses.extend(&other.witnesses);
        while self.witnesses.len() > 2 {
            self.witnesses.pop_last();
        }
        self.produced = self.produced.union(other.produced);
        match self.round.cmp(&other.round) {
            std::cmp::Ordering::Less => (self.round, self.accounted) = (other.round, other.accounted),
            std::cmp::Ordering::Equal => self.accounted = self.accounted.union(other.accounted),
            std::cmp::Ordering::Greater => {}
        }
    }

    /// How far a job of `copies` copies has come in its round.
    #[must_use]
    pub fn reached(&self, copies: u32, round: u32) -> Reached {
        let accounted = if self.round == round { self.accounted } else { CopySet::default() };
        Reached {
            divergent: self.witnesses.len() > 1,
            produced: self.produced.len() == chunks(copies),
            accounted: self.produced.union(accounted).len() == chunks(copies),
        }
    }
}
