//! The fold has one result, whether the changes come in one batch or many, in order or not, repeated or late.

use std::sync::Arc;

use concord_acceptance::conformance::examples::with;
use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::{
    Change, CopySet, Job, JobState, Rollup, SandboxHash, Sandboxes, Separation, Tally, Timestamp, Verdict,
    chunk_of, chunks, copies_in_chunk, decide,
};
use concord_testkit::{SUBMITTED_AT, copy, id, produced, spec};
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;

/// A time before every deadline.
const EARLY: Timestamp = SUBMITTED_AT;

/// The number of copies in the last chunk of the jobs below, and of the copies in each chunk that changes are drawn
/// for.
const FEW: u32 = 3;

/// The number of sandboxes that the jobs below ask for.
const SANDBOXES_MIN: u32 = 3;

/// A change of one of the first [`FEW`] copies of a chunk. No copy fails in a round that has not begun.
fn change(chunks: u32, round_max: u32) -> impl Strategy<Value = Change> {
    let gave = prop_oneof![
        4 => (0..2_u32).prop_map(|output| (0, Ok(output))),
        2 => (0..=round_max, 0..2_u32).prop_map(|(round, reason)| (round, Err(reason))),
    ];
    (0..chunks, 0..FEW, gave, sandbox()).prop_map(|(chunk, copy, (round, gave), sandbox)| {
        of_copy(chunk * CHUNK_COPIES + copy, round, gave, sandbox)
    })
}

fn changes(chunks: u32, round_max: u32) -> impl Strategy<Value = Vec<Change>> {
    vec(change(chunks, round_max), 0..16)
}

/// One change of each copy that [`FoldedJob`] leaves out, most of them with the same output. All of them together
/// bring a verdict.
fn complete() -> impl Strategy<Value = Vec<Change>> {
    let gave = prop_oneof![
        8 => Just(Ok(0)),
        1 => Just(Ok(1)),
        4 => (0..2_u32).prop_map(Err),
    ];
    let all = vec((gave, sandbox()), 2 * FEW as usize).prop_map(|gave| {
        let indices = (0..FEW).chain(CHUNK_COPIES..CHUNK_COPIES + FEW);
        let of_copy = |(index, (gave, sandbox))| of_copy(index, 0, gave, sandbox);
        indices.zip(gave).map(of_copy).collect::<Vec<_>>()
    });
    all.prop_shuffle()
}

fn whole_or_part(round: u32) -> impl Strategy<Value = Vec<Change>> {
    (changes(2, round), complete(), any::<bool>()).prop_map(|(mut changes, complete, whole)| {
        if whole {
            changes.truncate(2);
            changes.extend(complete);
        }
        changes
    })
}

/// One of a few sandboxes, or an unknown sandbox.
fn sandbox() -> impl Strategy<Value = Option<SandboxHash>> {
    option::of((0..6_u64).prop_map(SandboxHash::from_bits))
}

/// The known sandboxes of a job that asks for [`SANDBOXES_MIN`], perhaps none.
fn sandboxes() -> impl Strategy<Value = Sandboxes> {
    let some = vec((0..6_u64).prop_map(SandboxHash::from_bits), 0..6);
    option::of(some)
        .prop_map(|some| some.map_or_else(Sandboxes::default, |some| Sandboxes::stored(SANDBOXES_MIN, some)))
}

/// The change that a copy makes in a round. `gave` is the number of an output, or the number of a reason.
fn of_copy(index: u32, round: u32, gave: Result<u32, u32>, sandbox: Option<SandboxHash>) -> Change {
    let copy = copy(&id("job"), index);
    match gave {
        Ok(output) => Change::Produced { copy, digest: produced(&output.to_string()).digest, sandbox },
        Err(reason) => Change::Failed { copy, round, reason: format!("exit code {reason}") },
    }
}

fn tally() -> impl Strategy<Value = Tally> {
    changes(1, 1).prop_map(|changes| absorbed(&changes))
}

fn absorbed(changes: &[Change]) -> Tally {
    let mut tally = Tally::keeping(SANDBOXES_MIN);
    for change in changes {
        tally.absorb(change);
    }
    tally
}

fn set() -> impl Strategy<Value = CopySet> {
    vec(0..6_u32, 0..4)
        .prop_map(|places| places.into_iter().map(CopySet::of).fold(CopySet::default(), CopySet::union))
}

fn rollup() -> impl Strategy<Value = Rollup> {
    let witnesses = btree_set((0..4_u32).prop_map(|output| produced(&output.to_string()).digest), 0..=2);
    (witnesses, extent(), set(), 0..3_u32, set(), sandboxes()).prop_map(
        |(witnesses, copies, produced, round, accounted, sandboxes)| {
            let chunks = CopySet::first(chunks(copies));
            let (produced, accounted) = (produced.intersection(chunks), accounted.intersection(chunks));
            Rollup { witnesses, copies, produced, round, accounted, sandboxes }
        },
    )
}

/// The number of copies that a job wanted at some time: of full chunks, or with a last chunk in part.
fn extent() -> impl Strategy<Value = u32> {
    prop_oneof![(1..6_u32).prop_map(|chunks| chunks * CHUNK_COPIES), 1..6 * CHUNK_COPIES]
}

/// The result of a merge that changes neither side.
trait Merged {
    fn merged(&self, other: &Self) -> Self;
}

impl Merged for Tally {
    fn merged(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        merged.merge(other);
        merged
    }
}

impl Merged for Sandboxes {
    fn merged(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        merged.merge(other);
        merged
    }
}

impl Merged for Rollup {
    fn merged(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        merged.merge(other);
        merged
    }
}

fn is_a_union<M: Merged + PartialEq + std::fmt::Debug>(one: &M, two: &M, three: &M) {
    assert_eq!(one.merged(two), two.merged(one), "commutative");
    assert_eq!(one.merged(two).merged(three), one.merged(&two.merged(three)), "associative");
    assert_eq!(one.merged(one), one.merged(&one.merged(one)), "idempotent");
    assert_eq!(one.merged(two).merged(two), one.merged(two), "absorbing");
}

/// What an aggregator stores about a job, in its simplest form.
#[derive(Clone)]
struct FoldedJob {
    job: Job,
    tallies: Vec<Tally>,
    rollup: Rollup,
}

impl FoldedJob {
    /// A job of one chunk and [`FEW`] copies more. The outcomes of the first chunk are folded, except for its first
    /// [`FEW`] copies.
    fn new(round: u32) -> Self {
        let mut spec = spec("job", CHUNK_COPIES + FEW);
        spec.policy.sandboxes_min = SANDBOXES_MIN;
        let state = with(&spec.first_state(), |record| record.round = round);
        let mut folded = Self {
            job: Job { spec: Arc::new(spec), state },
            tallies: vec![Tally::keeping(SANDBOXES_MIN); 2],
            rollup: Rollup::default(),
        };
        let digest = produced("0").digest;
        let rest = FEW..CHUNK_COPIES;
        folded.fold(
            &rest
                .map(|index| Change::Produced { copy: copy(&id("job"), index), digest, sandbox: None })
                .collect::<Vec<_>>(),
            EARLY,
        );
        folded
    }

    fn fold(&mut self, batch: &[Change], now: Timestamp) {
        for change in batch {
            let (Change::Produced { copy, .. } | Change::Failed { copy, .. }) = change else { continue };
            let chunk = chunk_of(copy.index);
            let tally = &mut self.tallies[chunk as usize];
            tally.absorb(change);
            self.rollup.merge(&Rollup::of_chunk(self.job.state.copies(), chunk, tally));
        }
        self.settle(&self.rollup.clone(), now);
    }

    fn settle(&mut self, rollup: &Rollup, now: Timestamp) {
        if let Some(state) = decide(&self.job, rollup, now, Separation::Found) {
            self.job.state = state;
        }
    }

    /// The part of the state that must not depend on the order. The revision may.
    fn result(&self) -> JobState {
        with(&self.job.state, |record| record.revision = 0)
    }
}

proptest! {
    #[test]
    fn tallies_merge_by_union(one in tally(), two in tally(), three in tally()) {
        is_a_union(&one, &two, &three);
    }

    #[test]
    fn sandboxes_are_united(one in sandboxes(), two in sandboxes(), three in sandboxes()) {
        is_a_union(&one, &two, &three);
        prop_assert!(one.merged(&two).len() <= SANDBOXES_MIN);
    }

    #[test]
    fn rollups_merge_by_union(one in rollup(), two in rollup(), three in rollup()) {
        is_a_union(&one, &two, &three);
    }

    #[test]
    fn a_tally_does_not_depend_on_how_its_changes_come(
        changes in changes(1, 1),
        repeats in vec(any::<Index>(), 0..8),
        cut in any::<Index>(),
        order in Just((0..24_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let arrivals = permuted(&changes, &repeats, &order);
        let (before, after) = arrivals.split_at(cut.index(arrivals.len() + 1));
        prop_assert_eq!(absorbed(before).merged(&absorbed(after)), absorbed(&changes));
    }

    #[test]
    fn a_verdict_does_not_depend_on_how_its_changes_come(
        (round, changes) in (0..2_u32).prop_flat_map(|round| (Just(round), whole_or_part(round))),
        repeats in vec(any::<Index>(), 0..8),
        sizes in vec(1..6_usize, 24),
        order in Just((0..24_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut at_once = FoldedJob::new(round);
        let mut bit_by_bit = at_once.clone();
        at_once.fold(&changes, EARLY);
        let arrivals = permuted(&changes, &repeats, &order);
        let mut rest = arrivals.as_slice();
        for size in sizes {
            let (batch, later) = rest.split_at(size.min(rest.len()));
            bit_by_bit.fold(batch, EARLY);
            rest = later;
        }
        prop_assert_eq!(at_once.result(), bit_by_bit.result());
    }

    /// After an extension the chunks are folded again, in any order. The rollup then says exactly whether every copy
    /// that is wanted gave a digest.
    #[test]
    fn an_extended_job_is_complete_only_with_all_its_copies(
        before in 1..3 * CHUNK_COPIES,
        more in 1..2 * CHUNK_COPIES,
        given in 0..6 * CHUNK_COPIES,
        order in Just([0_usize, 1, 2]).prop_shuffle(),
    ) {
        let after = before + more;
        let tally = |chunk| {
            let mut tally = Tally::default();
            tally.digests.insert(produced("0").digest, CopySet::first(copies_in_chunk(given, chunk)));
            tally
        };
        let rollup = |copies| {
            let mut rollup = Rollup::default();
            for chunk in 0..chunks(copies) {
                rollup.merge(&Rollup::of_chunk(copies, chunk, &tally(chunk)));
            }
            rollup
        };
        let seen = [rollup(before), rollup(after), Rollup::default()];
        let mut merged = Rollup::default();
        for index in order {
            merged.merge(&seen[index]);
        }
        prop_assert_eq!(merged.reached(after, 0).produced, given >= after);
        prop_assert_eq!(merged.reached(before, 0).produced && given < before, false);
    }

    /// An aggregator that was delayed between reading a rollup and settling knows less than a later one. Regression:
    /// the cause of an inconclusive job once turned from `failures` into `deadline` that way.
    #[test]
    fn a_rollup_that_is_out_of_date_changes_no_verdict(
        changes in complete(),
        known in any::<Index>(),
        late in any::<bool>(),
    ) {
        let mut folded = FoldedJob::new(0);
        folded.fold(&changes[..known.index(changes.len() + 1)], EARLY);
        let out_of_date = folded.rollup.clone();
        folded.fold(&changes, EARLY);
        prop_assume!(folded.job.state.verdict() != Verdict::Running);
        let before = folded.result();
        let now = if late { folded.job.state.deadline_at() } else { EARLY };
        folded.settle(&out_of_date, now);
        let after = folded.result();
        prop_assert_eq!((before.verdict(), before.cause()), (after.verdict(), after.cause()));
    }
}

/// The changes in another order, some of them twice or more.
fn permuted(changes: &[Change], repeats: &[Index], order: &[usize]) -> Vec<Change> {
    if changes.is_empty() {
        return Vec::new();
    }
    let repeated = repeats.iter().map(|index| index.get(changes));
    let all: Vec<_> = changes.iter().chain(repeated).collect();
    order.iter().filter_map(|&index| all.get(index)).map(|&change| change.clone()).collect()
}
