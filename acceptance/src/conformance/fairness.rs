//! The queue serves every job.

use std::collections::BTreeSet;

use concord_protocol::ports::{EnqueueCopies, PortResult, ReceiveCopies};
use concord_protocol::{CopyId, JobId};

use super::examples::given_job;
use super::fixture::Fixture;

/// Copies of the large job.
const LARGE: u32 = 5_000;

/// Copies of the small job.
const SMALL: u32 = 20;

/// A job of 20 copies is submitted after a job of 5,000. All 20 are received before the large job has received more than a
/// few times as many.
pub(super) async fn small_job_is_not_starved_by_a_large_one(fixture: &impl Fixture) -> PortResult<()> {
    let received = received_until_small_is_through(fixture, 10).await?;
    assert!(received <= 100, "{received} copies were received until the small job was through");
    Ok(())
}

/// The same when copies are received one at a time.
pub(super) async fn small_job_is_not_starved_when_copies_are_taken_singly(
    fixture: &impl Fixture,
) -> PortResult<()> {
    let received = received_until_small_is_through(fixture, 1).await?;
    assert!(received <= 100, "{received} copies were received until the small job was through");
    Ok(())
}

async fn received_until_small_is_through(fixture: &impl Fixture, at_once: usize) -> PortResult<usize> {
    let ports = fixture.ports();
    let large = given_job(fixture, "large", LARGE).await?;
    let small = given_job(fixture, "small", SMALL).await?;
    ports.enqueue_copies(&large, 0, 0..LARGE).await?;
    ports.enqueue_copies(&small, 0, 0..SMALL).await?;
    let mut copies = BTreeSet::<CopyId>::new();
    while copies.iter().filter(|copy| copy.job == small).count() < SMALL as usize {
        let deliveries = ports.receive_copies(at_once).await?;
        assert!(deliveries.len() <= at_once, "more was received than asked for");
        assert!(!deliveries.is_empty(), "nothing is received while copies wait");
        for delivery in deliveries {
            assert!(copies.insert(delivery.copy), "a message that is hidden was received");
        }
    }
    Ok(copies.len())
}

/// While the only copy of one job runs, the copies of another job are received, one at a time.
pub(super) async fn hidden_messages_of_one_job_hold_up_no_other(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let slow = given_job(fixture, "slow", 1).await?;
    let other = given_job(fixture, "other", 3).await?;
    ports.enqueue_copies(&slow, 0, 0..1).await?;
    ports.enqueue_copies(&other, 0, 0..3).await?;
    for received in 0..4 {
        let deliveries = ports.receive_copies(1).await?;
        assert_eq!(deliveries.len(), 1, "nothing is received after {received} copies while others wait");
    }
    Ok(())
}

/// Each of three jobs has more copies than are asked for. Each gets a third of what is received.
pub(super) async fn jobs_share_what_is_received_equally(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let mut jobs = Vec::new();
    for name in ["one", "two", "three"] {
        let job = given_job(fixture, name, LARGE).await?;
        ports.enqueue_copies(&job, 0, 0..100).await?;
        jobs.push(job);
    }
    for _ in 0..3 {
        let deliveries = ports.receive_copies(12).await?;
        let of = |job: &JobId| deliveries.iter().filter(|delivery| delivery.copy.job == *job).count();
        assert_eq!(jobs.iter().map(of).collect::<Vec<_>>(), [4, 4, 4]);
    }
    Ok(())
}
