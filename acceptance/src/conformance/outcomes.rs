//! Outcomes: the first wins, and a second one is evidence.

use concord_protocol::Settlement::{self, Dropped, KeptBeside, Written};
use concord_protocol::ports::{PortError, PortResult, ReadOutcomes, RecordOutcome};
use concord_protocol::{Facts, JobId, Outcome};
use concord_testkit::{Gave, id, outcome};

use super::examples::given_job;
use super::fixture::Fixture;

/// The round of a run, and what the run gave.
type RoundAndResult = (u32, Gave<'static>);

/// The runs before, the new run, and the settlement of its outcome.
const RULES: &[(&[RoundAndResult], RoundAndResult, Settlement)] = &[
    (&[], (0, Ok("a")), Written),
    (&[], (0, Err("exit code 1")), Written),
    (&[(0, Ok("a"))], (0, Ok("a")), Dropped),
    (&[(0, Ok("a"))], (0, Ok("b")), KeptBeside),
    (&[(0, Ok("a"))], (1, Ok("b")), KeptBeside),
    (&[(1, Ok("a"))], (0, Ok("b")), KeptBeside),
    (&[(0, Ok("a"))], (1, Err("exit code 1")), Dropped),
    (&[(0, Err("exit code 1"))], (0, Ok("a")), Written),
    (&[(1, Err("exit code 1"))], (0, Ok("a")), Written),
    (&[(0, Err("exit code 1"))], (0, Err("timed out")), Dropped),
    (&[(0, Err("exit code 1"))], (1, Err("exit code 1")), Written),
    (&[(1, Err("exit code 1"))], (0, Err("timed out")), Dropped),
    // A differing outcome was already kept in addition to the first.
    (&[(0, Ok("a")), (0, Ok("b"))], (0, Ok("b")), Dropped),
    (&[(0, Ok("a")), (0, Ok("b"))], (1, Ok("b")), Dropped),
    (&[(0, Ok("a")), (0, Ok("b"))], (0, Ok("a")), Dropped),
    (&[(0, Ok("a")), (0, Ok("b"))], (0, Ok("c")), KeptBeside),
    (&[(0, Ok("a")), (0, Ok("b"))], (1, Err("timed out")), Dropped),
    (&[(0, Err("timed out")), (0, Ok("a"))], (0, Ok("b")), KeptBeside),
    (&[(0, Err("timed out")), (0, Ok("a"))], (1, Err("timed out")), Dropped),
];

/// Every rule of [`concord_protocol::settle`], through the port.
pub(super) async fn outcomes_settle_by_the_rules(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_job(fixture, "job", 100).await?;
    for (index, (before, new, expected)) in (0..).zip(RULES) {
        for (round, gave) in *before {
            fixture.ports().record_outcome(outcome(&job, index, *round, *gave)).await?;
        }
        let settled = fixture.ports().record_outcome(outcome(&job, index, new.0, new.1)).await?;
        assert_eq!(settled, *expected, "{new:?} after {before:?}");
    }
    Ok(())
}

async fn read(fixture: &impl Fixture, job: &JobId, index: u32) -> PortResult<Vec<Outcome>> {
    fixture.ports().read_outcomes(job, index..index + 1).await
}

/// An outcome is read back with everything that was recorded.
pub(super) async fn outcome_is_read_back_whole(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_job(fixture, "job", 3).await?;
    let without_run = |outcome: Outcome| Outcome {
        environment: None,
        stderr_tail: String::new(),
        facts: Facts::default(),
        ..outcome
    };
    let outcomes = [
        outcome(&job, 0, 3, Ok("a")),
        outcome(&job, 1, 4, Err("exit code 1")),
        without_run(outcome(&job, 2, 0, Err("given up"))),
    ];
    for outcome in outcomes.clone() {
        fixture.ports().record_outcome(outcome).await?;
    }
    assert_eq!(fixture.ports().read_outcomes(&job, 0..3).await?, outcomes);
    Ok(())
}

/// Outcomes with differing digests are kept in addition to the first outcome, which stays first. A replay adds
/// nothing.
pub(super) async fn differing_digests_are_all_kept(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_job(fixture, "job", 1).await?;
    for output in ["b", "a", "c", "a", "b", "c"] {
        fixture.ports().record_outcome(outcome(&job, 0, 0, Ok(output))).await?;
    }
    let kept = read(fixture, &job, 0).await?;
    assert_eq!(kept.first(), Some(&outcome(&job, 0, 0, Ok("b"))), "the first outcome stands first");
    assert_eq!(kept.len(), 3);
    for output in ["a", "c"] {
        assert!(kept[1..].contains(&outcome(&job, 0, 0, Ok(output))), "{output} is kept beside it");
    }
    Ok(())
}

/// A digest replaces a failure of the same copy.
pub(super) async fn failure_gives_way_to_a_digest(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_job(fixture, "job", 1).await?;
    fixture.ports().record_outcome(outcome(&job, 0, 0, Err("exit code 1"))).await?;
    fixture.ports().record_outcome(outcome(&job, 0, 1, Err("timed out"))).await?;
    assert_eq!(read(fixture, &job, 0).await?, [outcome(&job, 0, 1, Err("timed out"))]);
    fixture.ports().record_outcome(outcome(&job, 0, 0, Ok("a"))).await?;
    assert_eq!(read(fixture, &job, 0).await?, [outcome(&job, 0, 0, Ok("a"))]);
    Ok(())
}

/// Outcomes come in the order of their indices, however they were recorded, and only within the range.
pub(super) async fn outcomes_come_in_order_of_their_copies(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_job(fixture, "job", 3_000).await?;
    for index in [2_999, 10, 9, 1_000, 999, 100, 0] {
        fixture.ports().record_outcome(outcome(&job, index, 0, Ok("a"))).await?;
    }
    for (range, expected) in [
        (0..3_000, vec![0, 9, 10, 100, 999, 1_000, 2_999]),
        (0..9, vec![0]),
        (9..11, vec![9, 10]),
        (11..11, vec![]),
        (999..1_001, vec![999, 1_000]),
        (2_000..u32::MAX, vec![2_999]),
    ] {
        let outcomes = fixture.ports().read_outcomes(&job, range.clone()).await?;
        let indices: Vec<_> = outcomes.iter().map(|outcome| outcome.copy.index).collect();
        assert_eq!(indices, expected, "the outcomes in {range:?}");
    }
    Ok(())
}

/// An outcome of a job that was never created is invalid.
pub(super) async fn outcome_of_unknown_job_is_rejected(fixture: &impl Fixture) -> PortResult<()> {
    let recorded = fixture.ports().record_outcome(outcome(&id("job"), 0, 0, Ok("a"))).await;
    assert!(matches!(recorded, Err(PortError::Invalid(_))), "{recorded:?}");
    Ok(())
}
