//! Brings the change feed to the aggregator.

use std::sync::Arc;
use std::time::{Duration, Instant};

use concord_aggregator::Aggregator;
use concord_protocol::ports::PortResult;
use event_listener::Listener;
use futures::executor::block_on;

use super::shared::{LocalAggregator, SharedFleet};
use super::stopped::{Stopped, TICK};
use crate::store::Store;

/// The largest number of changes that are folded at once.
const CHANGES_MAX: usize = 8_192;

/// How long changes are gathered before they are folded, unless there are many, or the queue is empty.
const GATHER: Duration = Duration::from_millis(50);

/// One batch of the feed that was folded.
struct FoldedBatch {
    /// The number of changes.
    count: usize,
    /// The sequence number of the last change.
    last: Option<u64>,
}

/// Folds the feed until the fleet stops. Other processes may do so too: that costs a little, and changes nothing.
pub(super) fn aggregate<C>(fleet: &SharedFleet<C>) {
    while !fleet.stopped.is_set() {
        let fed = fleet.store.signals().fed.listen();
        match block_on(fold(&fleet.store, &fleet.aggregator)) {
            Ok(folded) if folded.count == 0 => {
                fed.wait_timeout(TICK);
            }
            Ok(folded) if folded.count < CHANGES_MAX / 8 && !fleet.store.is_idle() => {
                fleet.first_divergence.wait(GATHER);
            }
            Ok(_) => {}
            Err(error) => fleet.check(Err(error)),
        }
    }
}

/// Folds one batch of the feed.
async fn fold(store: &Store, aggregator: &LocalAggregator) -> PortResult<FoldedBatch> {
    let (sequences, changes): (Vec<_>, Vec<_>) = store.read_changes(CHANGES_MAX)?.into_iter().unzip();
    if changes.is_empty() {
        return Ok(FoldedBatch { count: 0, last: None });
    }
    let failed = aggregator.fold(&changes).await;
    let done = sequences.iter().zip(&changes).filter(|(_, change)| !failed.contains_key(change.job()));
    store.acknowledge_changes(done.map(|(sequence, _)| *sequence).collect()).await?;
    failed.into_values().try_for_each(|error| Err(store.naming_itself(error)))?;
    Ok(FoldedBatch { count: changes.len(), last: sequences.last().copied() })
}

/// Folds all changes that are in the feed now.
pub(super) async fn fold_all(store: &Store, aggregator: &LocalAggregator) -> PortResult<()> {
    let Some(newest) = store.newest_change()? else { return Ok(()) };
    while fold(store, aggregator).await?.last.is_some_and(|last| last < newest) {}
    Ok(())
}

/// Ends the jobs whose deadline has passed, after folding the outcomes that have come in.
pub(super) async fn meet_deadlines(store: &Store, aggregator: &LocalAggregator) -> PortResult<()> {
    let now = store.clock().now();
    if store.overdue(now.unix_ms)?.is_empty() {
        return Ok(());
    }
    fold_all(store, aggregator).await?;
    for job in store.overdue(now.unix_ms)? {
        aggregator.meet_deadline(&job).await.map_err(|error| store.naming_itself(error))?;
    }
    Ok(())
}

/// How long a process that works on a store may take to fold a change, before a reader folds it in a private copy.
const FOLDED_WITHIN: Duration = Duration::from_millis(200);

/// A store for readers that is up to date: `store` itself, if nothing is left to fold or another process folds it. Otherwise
/// a private copy in which the rest is folded, since a reader writes nothing into the store.
///
/// # Errors
/// When the store cannot be read, or its copy cannot be written.
pub async fn up_to_date(store: Store) -> PortResult<Store> {
    if !is_behind(&store)? {
        return Ok(store);
    }
    let copy = store.private_copy()?;
    catch_up(&copy).await?;
    Ok(copy)
}

/// Whether something is left to fold, or a deadline to meet, and nobody does it.
fn is_behind(store: &Store) -> PortResult<bool> {
    let (waits, started, first) = (Stopped::default(), Instant::now(), store.oldest_change()?);
    loop {
        let is_overdue = !store.overdue(store.clock().now().unix_ms)?.is_empty();
        let oldest = store.oldest_change()?;
        if !is_overdue && (oldest.is_none() || oldest > first) {
            return Ok(false);
        }
        if started.elapsed() >= FOLDED_WITHIN {
            return Ok(true);
        }
        // Nobody tells this process what others have folded.
        waits.wait(TICK);
    }
}

/// Brings tallies and verdicts up to date without running a copy: folds the changes that a killed process left in the
/// feed, and ends the jobs whose deadline has passed.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn catch_up(store: &Store) -> PortResult<()> {
    let aggregator = Aggregator::new(store.clone(), store.clone(), Arc::clone(store.clock()));
    fold_all(store, &aggregator).await?;
    meet_deadlines(store, &aggregator).await
}
