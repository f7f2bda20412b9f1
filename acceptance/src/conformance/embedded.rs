//! Checks for adapters whose queue and ledger are one store: copies that are no longer wanted are not delivered.

use concord_protocol::Verdict;
use concord_protocol::ports::{EnqueueCopies, PortResult, ReceiveCopies, ReceiveDeadLetters, ReplaceState};
use concord_testkit::COPY_TIMEOUT_MS;

use super::examples::{VISIBILITY_MARGIN_MS_MAX, ended, given_job, retried, stored};
use super::fixture::Fixture;

/// The end of a job removes all its messages: waiting, delivered and dead.
pub(super) async fn ended_job_loses_its_messages(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 3).await?;
    ports.enqueue_copies(&job, 0, 0..3).await?;
    assert_eq!(ports.receive_copies(1).await?.len(), 1);
    let state = stored(fixture, &job).await?.state;
    assert!(ports.replace_state(&job, ended(&state, Verdict::Cancelled)).await?);
    fixture.clock().advance_ms(COPY_TIMEOUT_MS + VISIBILITY_MARGIN_MS_MAX);
    assert_eq!(ports.receive_copies(10).await?, []);
    assert_eq!(ports.receive_dead_letters(10).await?, []);
    Ok(())
}

/// Copies of a job that has ended are not put on the queue.
pub(super) async fn ended_job_takes_no_messages(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 3).await?;
    let state = stored(fixture, &job).await?.state;
    assert!(ports.replace_state(&job, ended(&state, Verdict::Inconclusive)).await?);
    ports.enqueue_copies(&job, 0, 0..3).await?;
    assert_eq!(ports.receive_copies(10).await?, []);
    Ok(())
}

/// Copies of a round that is over are not put on the queue.
pub(super) async fn older_round_takes_no_messages(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 3).await?;
    let state = stored(fixture, &job).await?.state;
    assert!(ports.replace_state(&job, ended(&state, Verdict::Inconclusive)).await?);
    let state = stored(fixture, &job).await?.state;
    assert!(ports.replace_state(&job, retried(&state)).await?);
    ports.enqueue_copies(&job, 0, 0..3).await?;
    assert_eq!(ports.receive_copies(10).await?, []);
    Ok(())
}
