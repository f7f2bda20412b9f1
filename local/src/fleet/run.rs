//! Runs copies: on threads of this machine, and in slots that wait for copies which run remotely.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use concord_protocol::Timestamp;
use concord_protocol::ports::{DelayMessage, Delivery, PortError, PortResult};
use concord_worker::{Calculate, Disposition};
use futures::StreamExt;
use futures::executor::block_on;
use futures::future::{Either, join_all, select};
use futures::stream::FuturesUnordered;

use super::remote::RemoteCalls;
use super::shared::SharedFleet;
use crate::locked::locked;

/// The largest number of copies of one thread whose outcomes are not on the disk yet while it runs the next copy.
const UNRECORDED_MAX: usize = 4_096;

/// A run that took longer than this is recorded before the next run starts.
const LONG_RUN: Duration = Duration::from_millis(250);

/// Runs one copy after the other, while the outcomes of earlier ones are being written. After a long run the thread
/// waits until all of them are on the disk, so that a crash in the next run does not lose finished work.
pub(super) fn work<C: Calculate>(fleet: &SharedFleet<C>) {
    block_on(async {
        let mut unrecorded = FuturesUnordered::new();
        while let Some(delivery) = next_while(fleet, &mut unrecorded).await {
            let started = Instant::now();
            let mut run = Box::pin(run(fleet, delivery));
            if futures::poll!(run.as_mut()).is_pending() {
                unrecorded.push(run);
            }
            fleet.prefetch.finished();
            if started.elapsed() > LONG_RUN || unrecorded.len() >= UNRECORDED_MAX {
                while unrecorded.next().await.is_some() {}
            }
        }
        while unrecorded.next().await.is_some() {}
    });
}

/// The next copy to run. Meanwhile the outcomes in `unrecorded` are written.
async fn next_while<C, F: Future<Output = ()> + Unpin>(
    fleet: &SharedFleet<C>,
    unrecorded: &mut FuturesUnordered<F>,
) -> Option<Delivery> {
    let mut next = pin!(async {
        fleet.byte_budget.room().await;
        fleet.prefetch.next().await
    });
    loop {
        match select(next.as_mut(), unrecorded.next()).await {
            Either::Left((delivery, _)) => return delivery,
            Either::Right((Some(()), _)) => {}
            Either::Right((None, next)) => return next.await,
        }
    }
}

/// Waits for copies that run remotely, one in each slot. One thread serves all slots.
pub(super) fn call_remote<C: Calculate>(fleet: &SharedFleet<C>) {
    if let Some(remote) = &fleet.remote {
        block_on(join_all((0..remote.in_flight_max).map(|_| slot(fleet, remote))));
    }
}

/// Runs one copy after the other. A copy starts when it gets the slot, so its run time does not include a wait for a
/// slot.
async fn slot<C: Calculate>(fleet: &SharedFleet<C>, remote: &RemoteCalls) {
    loop {
        fleet.byte_budget.room().await;
        let Some(delivery) = remote.prefetch.next().await else { break };
        run(fleet, delivery).await;
    }
}

/// Runs a copy. Then acknowledges, delays or releases its message, as the worker decides.
async fn run<C: Calculate>(fleet: &SharedFleet<C>, delivery: Delivery) {
    let settled = run_and_settle(fleet, delivery).await;
    fleet.check(settled);
}

async fn run_and_settle<C: Calculate>(fleet: &SharedFleet<C>, delivery: Delivery) -> PortResult<()> {
    match fleet.worker.handle(&delivery, Timestamp::NEVER).await {
        Ok(Disposition::RetryAfter { delay_ms }) => {
            return fleet.until_written(|| fleet.store.delay_message(&delivery, delay_ms)).await;
        }
        Ok(Disposition::Release) | Err(PortError::Transient(_)) => {
            return fleet.until_written(|| fleet.store.put_back(vec![delivery.clone()])).await;
        }
        Ok(Disposition::Ack) => {}
        Err(PortError::Invalid(reason)) => fleet.aggregator.give_up(&delivery, reason).await?,
        Err(error) => return Err(error),
    }
    locked(&fleet.done).push(delivery);
    Ok(())
}
