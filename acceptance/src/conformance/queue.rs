//! The queue: at least once, hidden while a copy runs, given up after too many deliveries.

use concord_protocol::ports::{
    DelayMessage, DeleteMessage, Delivery, EnqueueCopies, PortResult, ReceiveCopies, ReceiveDeadLetters,
    RecordOutcome, ReplaceState,
};
use concord_protocol::{JobId, Verdict};
use concord_testkit::{COPY_TIMEOUT_MS, copy, outcome};

use super::examples::{VISIBILITY_MARGIN_MS_MAX, ended, given_job, retried, stored};
use super::fixture::{Fixture, Transport};

/// Deliveries that a message may have before it is given up, at most.
const RECEIVES_MAX: usize = 1_000;

/// A job with these copies on the queue.
pub(super) async fn given_queue(fixture: &impl Fixture, copies: u32) -> PortResult<JobId> {
    let job = given_job(fixture, "job", copies).await?;
    fixture.ports().enqueue_copies(&job, 0, 0..copies).await?;
    Ok(job)
}

/// The only visible message.
pub(super) async fn received(fixture: &impl Fixture) -> PortResult<Delivery> {
    let mut deliveries = fixture.ports().receive_copies(10).await?;
    assert_eq!(deliveries.len(), 1, "one message is visible: {deliveries:?}");
    Ok(deliveries.remove(0))
}

pub(super) async fn nothing_is_visible(fixture: &impl Fixture) -> PortResult<()> {
    assert_eq!(fixture.ports().receive_copies(10).await?, []);
    Ok(())
}

/// Lets the time pass in which a copy should have been run.
pub(super) fn let_it_expire(fixture: &impl Fixture) {
    fixture.clock().advance_ms(COPY_TIMEOUT_MS + VISIBILITY_MARGIN_MS_MAX);
}

/// While a copy may still be running its message is hidden; then it comes again.
pub async fn received_message_is_hidden_until_its_time_is_over(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_queue(fixture, 2).await?;
    let mut copies: Vec<_> = fixture.ports().receive_copies(10).await?.into_iter().map(|d| d.copy).collect();
    copies.sort();
    assert_eq!(copies, [copy(&job, 0), copy(&job, 1)]);
    nothing_is_visible(fixture).await?;
    fixture.clock().advance_ms(COPY_TIMEOUT_MS);
    nothing_is_visible(fixture).await?;
    fixture.clock().advance_ms(VISIBILITY_MARGIN_MS_MAX);
    assert_eq!(fixture.ports().receive_copies(10).await?.len(), 2);
    Ok(())
}

/// A delivery says how often its message was delivered, the round and the copy.
pub async fn deliveries_are_counted(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_queue(fixture, 1).await?;
    for count in 1..=3 {
        let delivery = received(fixture).await?;
        assert_eq!((&delivery.copy, delivery.round), (&copy(&job, 0), 0));
        assert_eq!(delivery.receive_count, count);
        let_it_expire(fixture);
    }
    Ok(())
}

/// A message that was deleted is gone, once or twice.
pub async fn deleted_message_does_not_return(fixture: &impl Fixture) -> PortResult<()> {
    given_queue(fixture, 1).await?;
    let delivery = received(fixture).await?;
    fixture.ports().delete_message(&delivery).await?;
    fixture.ports().delete_message(&delivery).await?;
    let_it_expire(fixture);
    nothing_is_visible(fixture).await
}

/// A message that was put back comes again after its delay, no sooner.
pub async fn delayed_message_returns_after_its_delay(fixture: &impl Fixture) -> PortResult<()> {
    given_queue(fixture, 1).await?;
    let delivery = received(fixture).await?;
    fixture.ports().delay_message(&delivery, 2_000).await?;
    fixture.clock().advance_ms(1_999);
    nothing_is_visible(fixture).await?;
    fixture.clock().advance_ms(1);
    let again = received(fixture).await?;
    assert_eq!(again.receive_count, 2);
    fixture.ports().delay_message(&again, 0).await?;
    assert_eq!(received(fixture).await?.receive_count, 3);
    Ok(())
}

/// A copy that is on the queue, visible or hidden, stays as it is when it is put there again.
pub async fn enqueuing_twice_is_harmless(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_queue(fixture, 1).await?;
    fixture.ports().enqueue_copies(&job, 0, 0..1).await?;
    assert_eq!(received(fixture).await?.receive_count, 1);
    fixture.ports().enqueue_copies(&job, 0, 0..1).await?;
    nothing_is_visible(fixture).await?;
    let_it_expire(fixture);
    assert_eq!(received(fixture).await?.receive_count, 2);
    Ok(())
}

/// What gave a digest is not run again.
pub async fn copies_with_a_digest_are_not_enqueued(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_job(fixture, "job", 2).await?;
    fixture.ports().record_outcome(outcome(&job, 0, 0, Ok("a"))).await?;
    fixture.ports().enqueue_copies(&job, 0, 0..2).await?;
    assert_eq!(received(fixture).await?.copy, copy(&job, 1));
    Ok(())
}

/// What failed is run again when it is asked for.
pub async fn copies_with_a_failure_are_enqueued(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_job(fixture, "job", 1).await?;
    fixture.ports().record_outcome(outcome(&job, 0, 0, Err("exit code 1"))).await?;
    fixture.ports().enqueue_copies(&job, 0, 0..1).await?;
    assert_eq!(received(fixture).await?.copy, copy(&job, 0));
    Ok(())
}

/// Ends the job and opens its next round, with its copies on the queue.
pub(super) async fn given_next_round(fixture: &impl Fixture, job: &JobId, copies: u32) -> PortResult<()> {
    let state = stored(fixture, job).await?.state;
    let ended = ended(&state, Verdict::Inconclusive);
    assert!(fixture.ports().replace_state(job, ended.clone()).await?);
    assert!(fixture.ports().replace_state(job, retried(&ended)).await?);
    fixture.ports().enqueue_copies(job, state.round + 1, 0..copies).await
}

/// After a retry each copy is delivered for the new round, as if for the first time.
pub async fn newer_round_replaces_an_older_one(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_queue(fixture, 1).await?;
    assert_eq!(received(fixture).await?.round, 0);
    given_next_round(fixture, &job, 1).await?;
    let delivery = received(fixture).await?;
    assert_eq!((delivery.round, delivery.receive_count), (1, 1));
    fixture.ports().delete_message(&delivery).await?;
    let_it_expire(fixture);
    nothing_is_visible(fixture).await
}

/// A message whose deliveries end without an outcome is set aside, after the attempts of its job at least, and stays
/// set aside until it is deleted.
pub async fn message_delivered_too_often_becomes_a_dead_letter(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_queue(fixture, 1).await?;
    let attempts = stored(fixture, &job).await?.spec.policy.attempts;
    let mut deliveries = 0;
    while let Some(delivery) = ports.receive_copies(10).await?.pop() {
        deliveries = delivery.receive_count;
        assert!((deliveries as usize) < RECEIVES_MAX, "a message is delivered again and again");
        assert_eq!(ports.receive_dead_letters(10).await?, []);
        let_it_expire(fixture);
    }
    assert!(deliveries >= attempts, "given up after {deliveries} deliveries, before {attempts} attempts");
    for _ in 0..2 {
        let_it_expire(fixture);
        let letters = ports.receive_dead_letters(10).await?;
        assert_eq!(letters.len(), 1);
        assert_eq!((&letters[0].copy, letters[0].round), (&copy(&job, 0), 0));
    }
    let_it_expire(fixture);
    let letter = ports.receive_dead_letters(10).await?.remove(0);
    fixture.transport().delete_dead_letter(&letter).await?;
    fixture.transport().delete_dead_letter(&letter).await?;
    let_it_expire(fixture);
    assert_eq!(ports.receive_dead_letters(10).await?, []);
    nothing_is_visible(fixture).await
}
