//! Tallies and rolls only grow, and merging gives the whole.

use concord_protocol::ports::{MergeRoll, MergeTally, PortResult, ReadTally};
use concord_protocol::{Change, CopySet, JobId, Roll, Tally};

use super::Fixture;
use super::examples::{Gave, copy, given_job, produced};

fn tally(job: &JobId, outcomes: &[(u32, u32, Gave<'_>)]) -> Tally {
    let mut tally = Tally::default();
    for (index, round, gave) in outcomes {
        let copy = copy(job, *index);
        tally.absorb(&match gave {
            Ok(output) => Change::Produced { copy, digest: produced(output).digest },
            Err(reason) => Change::Failed { copy, round: *round, reason: (*reason).to_owned() },
        });
    }
    tally
}

/// What is merged is united with what is there, however often it comes.
pub async fn tallies_merge_by_union(fixture: &impl Fixture) -> PortResult<()> {
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

/// The chunks of a job are merged apart and read together.
pub async fn chunks_have_tallies_of_their_own(fixture: &impl Fixture) -> PortResult<()> {
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

/// Rolls: the same, and of rounds with failures only the latest counts.
pub async fn rolls_merge_by_union(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 3_000).await?;
    assert_eq!(ports.merge_roll(&job, Roll::default()).await?, Roll::default());
    let deltas = [
        Roll { witnesses: [produced("a").digest].into(), produced: CopySet::of(0), ..Roll::default() },
        Roll { round: 1, accounted: CopySet::of(1), ..Roll::default() },
        Roll { round: 0, accounted: CopySet::of(2), ..Roll::default() },
        Roll { round: 1, accounted: CopySet::of(999), ..Roll::default() },
        Roll { witnesses: [produced("b").digest].into(), produced: CopySet::of(2), ..Roll::default() },
    ];
    for _ in 0..2 {
        for delta in deltas.clone() {
            ports.merge_roll(&job, delta).await?;
        }
    }
    let whole = Roll {
        witnesses: [produced("a").digest, produced("b").digest].into(),
        produced: CopySet::of(0).union(CopySet::of(2)),
        round: 1,
        accounted: CopySet::of(1).union(CopySet::of(999)),
    };
    assert_eq!(ports.merge_roll(&job, Roll::default()).await?, whole);
    Ok(())
}
