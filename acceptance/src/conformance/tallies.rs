//! Tallies and rollups only grow, and a merge gives the result.

use concord_protocol::ports::{MergeRollup, MergeTally, PortResult, ReadTally};
use concord_protocol::{Change, CopySet, JobId, Rollup, SandboxHash, Sandboxes, Tally};
use concord_testkit::{Gave, copy, produced};

use super::examples::given_job;
use super::fixture::Fixture;

fn tally(job: &JobId, outcomes: &[(u32, u32, Gave<'_>)]) -> Tally {
    let mut tally = Tally::default();
    for (index, round, gave) in outcomes {
        let copy = copy(job, *index);
        tally.absorb(&match gave {
            Ok(output) => Change::Produced { copy, digest: produced(output).digest, sandbox: None },
            Err(reason) => Change::Failed { copy, round: *round, reason: (*reason).to_owned() },
        });
    }
    tally
}

/// A merge gives the union, however often the same delta comes.
pub(super) async fn tallies_merge_by_union(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 100).await?;
    let outcomes = [
        (0, 0, Ok("a")),
        (99, 0, Err("exit code 1")),
        (1, 0, Ok("b")),
        (0, 0, Ok("b")),
        (64, 1, Err("exit code 1")),
        (65, 1, Err("timed out")),
    ];
    let (one, other) = (tally(&job, &outcomes[..3]), tally(&job, &outcomes[2..]));
    assert_eq!(ports.merge_tally(&job, 0, one.clone()).await?, one);
    assert_eq!(ports.merge_tally(&job, 0, one.clone()).await?, one);
    let whole = tally(&job, &outcomes);
    assert_eq!(ports.merge_tally(&job, 0, other).await?, whole);
    assert_eq!(ports.merge_tally(&job, 0, one).await?, whole);
    assert_eq!(ports.merge_tally(&job, 0, Tally::default()).await?, whole);
    Ok(())
}

/// Each chunk of a job is merged on its own. All chunks are read together.
pub(super) async fn each_chunk_has_its_own_tally(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 2_500).await?;
    let other = given_job(fixture, "other", 2_500).await?;
    let chunks = [
        (0, tally(&job, &[(7, 0, Ok("a"))])),
        (1, tally(&job, &[(1_007, 0, Err("exit code 1"))])),
        (2, tally(&job, &[(2_499, 0, Ok("b"))])),
    ];
    for (chunk, tally) in chunks.clone() {
        assert_eq!(ports.merge_tally(&job, chunk, tally.clone()).await?, tally);
    }
    let read = ports.read_tally(&job).await?.chunks;
    assert_eq!(read.into_iter().collect::<Vec<_>>(), chunks);
    assert!(ports.read_tally(&other).await?.chunks.is_empty());
    Ok(())
}

/// A merge of rollups gives the union. Accounted chunks count only for the latest round.
pub(super) async fn rollups_merge_by_union(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 3_000).await?;
    assert_eq!(ports.merge_rollup(&job, Rollup::default()).await?, Rollup::default());
    let deltas = [
        Rollup { witnesses: [produced("a").digest].into(), produced: CopySet::of(0), ..Rollup::default() },
        Rollup { round: 1, accounted: CopySet::of(1), ..Rollup::default() },
        Rollup { round: 0, accounted: CopySet::of(2), ..Rollup::default() },
        Rollup { round: 1, accounted: CopySet::of(999), ..Rollup::default() },
        Rollup { witnesses: [produced("b").digest].into(), produced: CopySet::of(2), ..Rollup::default() },
    ];
    for _ in 0..2 {
        for delta in deltas.clone() {
            ports.merge_rollup(&job, delta).await?;
        }
    }
    let whole = Rollup {
        witnesses: [produced("a").digest, produced("b").digest].into(),
        produced: CopySet::of(0).union(CopySet::of(2)),
        round: 1,
        accounted: CopySet::of(1).union(CopySet::of(999)),
        ..Rollup::default()
    };
    assert_eq!(ports.merge_rollup(&job, Rollup::default()).await?, whole);
    Ok(())
}

/// The sandboxes with the smallest hashes are kept, as many as the job asks for.
pub(super) async fn sandboxes_are_kept_up_to_the_number_that_counts(
    fixture: &impl Fixture,
) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 2_000).await?;
    // `u64::MAX` and the number before it do not fit a signed number.
    let of = |bits: &[u64]| Sandboxes::stored(3, bits.iter().copied().map(SandboxHash::from_bits));
    let tally = |bits: &[u64]| Tally { sandboxes: of(bits), ..Tally::default() };
    let most = u64::MAX;
    for (delta, expect) in [
        (tally(&[most, 7]), tally(&[7, most])),
        (tally(&[most - 1]), tally(&[7, most - 1, most])),
        (tally(&[9, 5]), tally(&[5, 7, 9])),
        (tally(&[most - 1, 9]), tally(&[5, 7, 9])),
        (Tally::default(), tally(&[5, 7, 9])),
    ] {
        assert_eq!(ports.merge_tally(&job, 1, delta).await?, expect);
    }
    ports.merge_tally(&job, 0, tally(&[8, most])).await?;
    let whole = ports.read_tally(&job).await?;
    assert_eq!((&whole.chunks[&1], whole.sandboxes()), (&tally(&[5, 7, 9]), of(&[5, 7, 8])));
    let rollup = |bits: &[u64]| Rollup { sandboxes: of(bits), ..Rollup::default() };
    assert_eq!(ports.merge_rollup(&job, rollup(&[8, most])).await?, rollup(&[8, most]));
    assert_eq!(ports.merge_rollup(&job, rollup(&[9, 5, 7])).await?, rollup(&[5, 7, 8]));
    assert_eq!(ports.merge_rollup(&job, Rollup::default()).await?, rollup(&[5, 7, 8]));
    Ok(())
}
