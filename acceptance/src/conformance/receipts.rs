//! Receipts: the receipt of a delivery is not valid for a later delivery.

use concord_protocol::ports::{DelayMessage, DeleteMessage, PortResult};

use super::fixture::Fixture;
use super::queue::{given_next_round, given_queue, let_it_expire, nothing_is_visible, received};

/// A worker that held a message too long cannot delete it once it was delivered to another worker.
pub(super) async fn stale_receipt_deletes_nothing(fixture: &impl Fixture) -> PortResult<()> {
    given_queue(fixture, 1).await?;
    let stale = received(fixture).await?;
    let_it_expire(fixture);
    let fresh = received(fixture).await?;
    fixture.ports().delete_message(&stale).await?;
    let_it_expire(fixture);
    assert_eq!(received(fixture).await?.receive_count, fresh.receive_count + 1);
    Ok(())
}

/// That worker cannot make the message visible either.
pub(super) async fn stale_receipt_delays_nothing(fixture: &impl Fixture) -> PortResult<()> {
    given_queue(fixture, 1).await?;
    let stale = received(fixture).await?;
    let_it_expire(fixture);
    received(fixture).await?;
    fixture.ports().delay_message(&stale, 0).await?;
    nothing_is_visible(fixture).await
}

/// After a message was put back, its receipt is not valid any more.
pub(super) async fn receipt_is_stale_once_its_message_was_put_back(fixture: &impl Fixture) -> PortResult<()> {
    given_queue(fixture, 1).await?;
    let delivery = received(fixture).await?;
    fixture.ports().delay_message(&delivery, 1_000).await?;
    fixture.ports().delete_message(&delivery).await?;
    fixture.ports().delay_message(&delivery, 0).await?;
    nothing_is_visible(fixture).await?;
    fixture.clock().advance_ms(1_000);
    assert_eq!(received(fixture).await?.receive_count, 2);
    Ok(())
}

/// A copy that still runs for an older round cannot delete the message of the new round.
pub(super) async fn receipt_of_an_older_round_deletes_nothing(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_queue(fixture, 1).await?;
    let older = received(fixture).await?;
    given_next_round(fixture, &job, 1).await?;
    assert_eq!(received(fixture).await?.round, 1);
    fixture.ports().delete_message(&older).await?;
    let_it_expire(fixture);
    let again = received(fixture).await?;
    assert_eq!((again.round, again.receive_count), (1, 2));
    Ok(())
}

/// That copy cannot make the message of the new round visible either.
pub(super) async fn receipt_of_an_older_round_delays_nothing(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_queue(fixture, 1).await?;
    let older = received(fixture).await?;
    given_next_round(fixture, &job, 1).await?;
    assert_eq!(received(fixture).await?.round, 1);
    fixture.ports().delay_message(&older, 0).await?;
    nothing_is_visible(fixture).await
}
