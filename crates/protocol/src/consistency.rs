//! Whether what a store holds of a job fits together: outcomes, tallies, the feed and the rollup. They are written one
//! after the other, so a later one may lag behind, by no more than what the feed still holds.

use std::collections::BTreeSet;

use crate::limits::CHUNK_COPIES;
use crate::{Change, CopySet, Digest, JobId, JobTally, Outcome, Rollup, Tally, chunks, copies_in_chunk};

/// Two parts of a job that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// An outcome was folded, and its tally lacks it.
    #[error("the outcome of copy {0} is not in the tally")]
    Untallied(u32),
    /// A tally has a result that no outcome has.
    #[error("the tally has a result of copy {0} that no outcome has")]
    Unfounded(u32),
    /// A tally and the outcomes name different sandboxes.
    #[error("the tally of chunk {0} and its outcomes name different sandboxes")]
    Sandboxes(u32),
    /// The rollup has something that no tally has.
    #[error("the rollup has something that the tallies do not have")]
    RollupUnfounded,
    /// The rollup lacks something that the tallies have.
    #[error("the rollup lacks something that the tallies have")]
    RollupIncomplete,
}

/// A digest that would make a job divergent, and that no outcome has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("job {job} would be divergent by {digest}, {}", match copy {
    Some(copy) => format!("but the outcome of copy {copy}, which its tally names, does not have this digest"),
    None => "but no tally has this digest".to_owned(),
})]
pub struct UnprovenDigest {
    /// The job.
    pub job: JobId,
    /// The digest.
    pub digest: Digest,
    /// The copy that gave the digest, by the tally.
    pub copy: Option<u32>,
}

/// What the outcomes of one chunk say, and which of these outcomes are still in the feed.
#[derive(Clone, Debug)]
pub struct ChunkOutcomes {
    chunk: u32,
    /// How many sandboxes the tally of the job keeps.
    kept_max: u32,
    outcomes: Tally,
    unfolded: Tally,
    has_unfolded: bool,
    with_outcome: CopySet,
}

impl ChunkOutcomes {
    /// The outcomes of a chunk, none yet, of a job that asks for this number of different sandboxes.
    #[must_use]
    pub fn new(chunk: u32, sandboxes_min: u32) -> Self {
        Self {
            chunk,
            kept_max: sandboxes_min,
            // All sandboxes, whatever number the job keeps.
            outcomes: Tally::keeping(u32::MAX),
            unfolded: Tally::default(),
            has_unfolded: false,
            with_outcome: CopySet::default(),
        }
    }

    /// Adds a stored outcome of a copy of the chunk.
    pub fn add(&mut self, outcome: &Outcome) {
        self.with_outcome.insert(outcome.copy.index % CHUNK_COPIES);
        self.outcomes.absorb(&Change::of_outcome(outcome));
    }

    /// Adds a change of the chunk that is still in the feed.
    pub fn add_unfolded(&mut self, change: &Change) {
        self.has_unfolded = true;
        self.unfolded.absorb(change);
    }

    /// The copies with an outcome, by their places in the chunk.
    #[must_use]
    pub fn with_outcome(&self) -> CopySet {
        self.with_outcome
    }

    /// What contradicts the stored tally of the chunk.
    #[must_use]
    pub fn contradictions(&self, tally: &Tally) -> Vec<Contradiction> {
        let mut found = Vec::new();
        let mut add = |copies: CopySet, of: fn(u32) -> Contradiction| {
            found.extend(copies.lowest().map(|place| of(self.chunk * CHUNK_COPIES + place)));
        };
        for (digest, copies) in &self.outcomes.digests {
            let folded = copies.minus(self.unfolded.digests.get(digest).copied().unwrap_or_default());
            let tallied = tally.digests.get(digest).copied().unwrap_or_default();
            add(folded.minus(tallied), Contradiction::Untallied);
        }
        for (digest, copies) in &tally.digests {
            let founded = self.outcomes.digests.get(digest).copied().unwrap_or_default();
            add(copies.minus(founded), Contradiction::Unfounded);
        }
        for (failure, copies) in &self.outcomes.failures {
            let folded = copies.minus(self.unfolded.failures.get(failure).copied().unwrap_or_default());
            let tallied = tally.failures.get(failure).copied().unwrap_or_default();
            add(folded.minus(tallied), Contradiction::Untallied);
        }
        for copies in tally.failures.values() {
            // A later outcome may have replaced the failure.
            add(copies.minus(self.with_outcome), Contradiction::Unfounded);
        }
        if !self.has_sandboxes_of(tally) {
            found.push(Contradiction::Sandboxes(self.chunk));
        }
        found
    }

    fn has_sandboxes_of(&self, tally: &Tally) -> bool {
        let seen = self.outcomes.sandboxes.iter();
        if self.has_unfolded {
            let seen: BTreeSet<_> = seen.collect();
            return tally.sandboxes.iter().all(|sandbox| seen.contains(&sandbox));
        }
        tally.sandboxes.iter().eq(seen.take(self.kept_max as usize))
    }
}

impl Rollup {
    /// What contradicts the tallies of the job. `all_folded` says that the feed holds no outcome of the job.
    #[must_use]
    pub fn contradiction(&self, tallies: &JobTally, all_folded: bool) -> Option<Contradiction> {
        let tally = |chunk| tallies.chunks.get(&chunk).cloned().unwrap_or_default();
        let wanted = |chunk| CopySet::first(copies_in_chunk(self.copies, chunk));
        let is_seen =
            |digest: &Digest| tallies.chunks.values().any(|tally| tally.digests.contains_key(digest));
        let is_of_job = |chunk| chunk < chunks(self.copies);
        let is_produced = |chunk| wanted(chunk).minus(tally(chunk).produced()).is_empty();
        let is_accounted = |chunk| {
            let tally = tally(chunk);
            wanted(chunk).minus(tally.produced()).minus(tally.failed(self.round)).is_empty()
        };
        let sandboxes = tallies.sandboxes();
        let founded = self.witnesses.iter().all(is_seen)
            && self.produced.iter().all(|chunk| is_of_job(chunk) && is_produced(chunk))
            && self.accounted.iter().all(|chunk| is_of_job(chunk) && is_accounted(chunk))
            // A tally with smaller sandboxes may have been written before its rollup.
            && self.sandboxes.iter().all(|sandbox| sandboxes.may_have_had(sandbox));
        if !founded {
            return Some(Contradiction::RollupUnfounded);
        }
        let mut merged = self.clone();
        for (chunk, tally) in &tallies.chunks {
            merged.merge(&Self::of_chunk(self.copies, *chunk, tally));
        }
        (all_folded && merged != *self).then_some(Contradiction::RollupIncomplete)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{CopyId, Environment, Facts, Failure, Produced, SandboxHash, Sandboxes, Timestamp};

    fn outcome(index: u32, result: Result<&str, &str>) -> Outcome {
        let environment =
            Environment { sandbox: "s".to_owned(), identity: Facts::default(), facts: Facts::default() };
        Outcome {
            copy: CopyId { job: "j".parse().unwrap(), index },
            round: 0,
            attempt: 1,
            result: result
                .map(|output| Produced { digest: Digest::of(output.as_bytes()), bytes: 1 })
                .map_err(Failure::new),
            started_at: Timestamp::from_unix_ms(0),
            run_us: 0,
            stderr_tail: String::new(),
            environment: Some(Arc::new(environment)),
            facts: Facts::default(),
        }
    }

    fn tally(outcomes: &[Outcome]) -> Tally {
        let mut tally = Tally::keeping(1);
        for outcome in outcomes {
            tally.absorb(&Change::of_outcome(outcome));
        }
        tally
    }

    #[test]
    fn a_tally_has_what_the_outcomes_say_except_for_what_the_feed_holds() {
        let check = |stored: &[Outcome], fed: &[Outcome], tallied: &[Outcome], expect: &[Contradiction]| {
            let mut outcomes = ChunkOutcomes::new(0, 1);
            for outcome in stored {
                outcomes.add(outcome);
            }
            for outcome in fed {
                outcomes.add_unfolded(&Change::of_outcome(outcome));
            }
            assert_eq!(outcomes.contradictions(&tally(tallied)), expect, "{stored:?} {fed:?} {tallied:?}");
        };
        let [a, b, other, failed] = [(0, Ok("a")), (1, Ok("a")), (1, Ok("b")), (2, Err("exit code 1"))]
            .map(|(index, result)| outcome(index, result));
        let all = [a.clone(), b.clone(), failed.clone()];
        check(&all, &[], &all, &[]);
        check(&all, &all, &[], &[]);
        check(&all, &all[1..], &all[..2], &[]);
        check(&all, &[], &all[..2], &[Contradiction::Untallied(2)]);
        check(&all, &all[2..], &all[..1], &[Contradiction::Untallied(1)]);
        check(&all[..1], &[], &all[..2], &[Contradiction::Unfounded(1)]);
        check(&all[..2], &[], &[a.clone(), b.clone(), other], &[Contradiction::Unfounded(1)]);
        check(&all[..2], &[], &all, &[Contradiction::Unfounded(2)]);
        // A digest has replaced the failure, whose tally stays.
        let digest = outcome(2, Ok("a"));
        let replaced = [a.clone(), b.clone(), digest.clone()];
        check(&replaced, &[], &[a.clone(), b, failed, digest], &[]);
        let without_sandbox = Tally { sandboxes: Sandboxes::keeping(1), ..tally(&all) };
        let mut outcomes = ChunkOutcomes::new(0, 1);
        for outcome in &all {
            outcomes.add(outcome);
        }
        assert_eq!(outcomes.contradictions(&without_sandbox), [Contradiction::Sandboxes(0)]);
    }

    #[test]
    fn a_rollup_has_what_the_tallies_say_and_no_more() {
        let whole = tally(&[outcome(0, Ok("a")), outcome(1, Ok("b"))]);
        let tallies = JobTally { chunks: [(0, whole.clone())].into() };
        let rollup = Rollup::of_chunk(2, 0, &whole);
        assert_eq!(rollup.contradiction(&tallies, true), None);
        let lacks = Rollup { witnesses: [Digest::of(b"a")].into(), ..rollup.clone() };
        assert_eq!(lacks.contradiction(&tallies, true), Some(Contradiction::RollupIncomplete));
        assert_eq!(lacks.contradiction(&tallies, false), None);
        let unfounded = Some(Contradiction::RollupUnfounded);
        let forged = Rollup { witnesses: [Digest::of(b"c"), Digest::of(b"a")].into(), ..rollup.clone() };
        assert_eq!(forged.contradiction(&tallies, false), unfounded);
        let stray = Rollup { produced: CopySet::first(2), ..rollup.clone() };
        assert_eq!(stray.contradiction(&tallies, false), unfounded);
        let early = Rollup { copies: 3, ..rollup };
        assert_eq!(early.contradiction(&tallies, false), unfounded);
    }

    /// Regression: a process that died between the two writes left a store that was taken for damaged.
    #[test]
    fn a_tally_may_have_smaller_sandboxes_than_the_rollup_that_is_written_after_it() {
        let check = |in_tally: &[u64], in_rollup: &[u64], all_folded, expect| {
            let sandboxes =
                |bits: &[u64]| Sandboxes::stored(2, bits.iter().copied().map(SandboxHash::from_bits));
            let tally = Tally { sandboxes: sandboxes(in_tally), ..tally(&[outcome(0, Ok("a"))]) };
            let rollup = Rollup { sandboxes: sandboxes(in_rollup), ..Rollup::of_chunk(1, 0, &tally) };
            let tallies = JobTally { chunks: [(0, tally)].into() };
            assert_eq!(rollup.contradiction(&tallies, all_folded), expect, "{in_tally:?} {in_rollup:?}");
        };
        let unfounded = Some(Contradiction::RollupUnfounded);
        check(&[3, 5], &[5, 7], false, None);
        check(&[3, 5], &[7, 8], false, None);
        check(&[3, 5], &[5, 7], true, Some(Contradiction::RollupIncomplete));
        check(&[3, 5], &[4, 5], false, unfounded.clone());
        check(&[3], &[3, 7], false, unfounded);
        check(&[3, 5], &[3, 5], true, None);
    }
}
