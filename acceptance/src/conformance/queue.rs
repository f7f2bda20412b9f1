//! The queue delivers at least once, hides a message while its copy runs, and gives up after too many deliveries.

use concord_protocol::ports::{
    DelayMessage, DeleteMessage, Delivery, EnqueueCopies, PortResult, ReceiveCopies, ReceiveDeadLetters,
    RecordOutcome, ReplaceState,
};
use concord_protocol::{JobId, Verdict};
use concord_testkit::{COPY_TIMEOUT_MS, copy, outcome};

use super::examples::{VISIBILITY_MARGIN_MS_MAX, ended, given_job, retried, stored};
use super::fixture::{Fixture, Transport};

/// The largest number of deliveries before a message is given up.
const RECEIVES_MAX: usize = 1_000;

/// A job with `copies` copies on the queue.
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

/// Lets the time pass in which a copy should have run.
pub(super) fn let_it_expire(fixture: &impl Fixture) {
    fixture.clock().advance_ms(COPY_TIMEOUT_MS + VISIBILITY_MARGIN_MS_MAX);
}

/// The message is hidden while its copy may still run. After that it comes again.
pub(super) async fn received_message_is_hidden_until_its_time_is_over(
    fixture: &impl Fixture,
) -> PortResult<()> {
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

/// A delivery holds the copy, the round, and how often the message was delivered.
pub(super) async fn deliveries_are_counted(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_queue(fixture, 1).await?;
    for count in 1..=3 {
        let delivery = received(fixture).await?;
        assert_eq!((&delivery.copy, delivery.round), (&copy(&job, 0), 0));
        assert_eq!(delivery.receive_count, count);
        let_it_expire(fixture);
    }
    Ok(())
}

/// A deleted message does not come again, even if it is deleted twice.
pub(super) async fn deleted_message_does_not_return(fixture: &impl Fixture) -> PortResult<()> {
    given_queue(fixture, 1).await?;
    let delivery = received(fixture).await?;
    fixture.ports().delete_message(&delivery).await?;
    fixture.ports().delete_message(&delivery).await?;
    let_it_expire(fixture);
    nothing_is_visible(fixture).await
}

/// A delayed message comes again after its delay, and not earlier.
pub(super) async fn delayed_message_returns_after_its_delay(fixture: &impl Fixture) -> PortResult<()> {
    given_queue(fixture, 1).await?;
    let delivery = received(fixture).await?;
    fixture.ports().delay_message(&delivery, 2_000).await?;
    fixture.clock().advance_ms(1_999);
    nothing_is_visible(fixture).await?;
    fixture.clock().advance_ms(1);
    let second = received(fixture).await?;
    assert_eq!(second.receive_count, 2);
    fixture.ports().delay_message(&second, 0).await?;
    assert_eq!(received(fixture).await?.receive_count, 3);
    Ok(())
}

/// Enqueuing a copy that is on the queue already, visible or hidden, changes nothing.
pub(super) async fn enqueuing_twice_is_harmless(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_queue(fixture, 1).await?;
    fixture.ports().enqueue_copies(&job, 0, 0..1).await?;
    assert_eq!(received(fixture).await?.receive_count, 1);
    fixture.ports().enqueue_copies(&job, 0, 0..1).await?;
    nothing_is_visible(fixture).await?;
    let_it_expire(fixture);
    assert_eq!(received(fixture).await?.receive_count, 2);
    Ok(())
}

/// A copy that gave a digest is not run again.
pub(super) async fn copies_with_a_digest_are_not_enqueued(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_job(fixture, "job", 2).await?;
    fixture.ports().record_outcome(outcome(&job, 0, 0, Ok("a"))).await?;
    fixture.ports().enqueue_copies(&job, 0, 0..2).await?;
    assert_eq!(received(fixture).await?.copy, copy(&job, 1));
    Ok(())
}

/// A copy that failed is run again on request.
pub(super) async fn copies_with_a_failure_are_enqueued(fixture: &impl Fixture) -> PortResult<()> {
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
    fixture.ports().enqueue_copies(job, state.round() + 1, 0..copies).await
}

/// After a retry each copy is delivered for the new round, with a receive count of 1.
pub(super) async fn newer_round_replaces_an_older_one(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_queue(fixture, 1).await?;
    assert_eq!(received(fixture).await?.round, 0);
    given_next_round(fixture, &job, 1).await?;
    let delivery = received(fixture).await?;
    assert_eq!((delivery.round, delivery.receive_count), (1, 1));
    fixture.ports().delete_message(&delivery).await?;
    let_it_expire(fixture);
    nothing_is_visible(fixture).await
}

/// A message is delivered as often as the policy of its job says, and not once more. Then it has left the queue, and its
/// dead letter does not return once it is deleted.
pub(super) async fn message_is_delivered_as_often_as_its_policy_says(
    fixture: &impl Fixture,
) -> PortResult<()> {
    let job = given_queue(fixture, 1).await?;
    let receives_max = stored(fixture, &job).await?.spec.policy.receives_max();
    for count in 1..=receives_max {
        assert_eq!(received(fixture).await?.receive_count, count);
        let_it_expire(fixture);
    }
    for letters in [1, 0] {
        nothing_is_visible(fixture).await?;
        let found = fixture.ports().receive_dead_letters(10).await?;
        assert_eq!(found.len(), letters);
        for letter in found {
            fixture.transport().delete_dead_letter(&letter).await?;
        }
        let_it_expire(fixture);
    }
    Ok(())
}

/// A message whose deliveries end without an outcome becomes a dead letter, but not before the attempts of its job. It
/// stays a dead letter until it is deleted.
pub(super) async fn message_delivered_too_often_becomes_a_dead_letter(
    fixture: &impl Fixture,
) -> PortResult<()> {
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
    assert!(
        deliveries >= attempts,
        "the message was given up after {deliveries} deliveries, before {attempts} attempts"
    );
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
