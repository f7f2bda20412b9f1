//! Brings the change feed to the aggregator.

use std::sync::Arc;

use concord_aggregator::Aggregator;
use concord_protocol::ports::{AcknowledgeChanges, PortResult, ReadChanges};

use super::LocalAggregator;
use crate::store::Store;

/// Changes folded at once, at most.
pub(super) const CHANGES_MAX: usize = 8_192;

/// What was folded of the feed.
pub(super) struct Folded {
    /// How many changes.
    pub(super) count: usize,
    /// The place of the last one.
    last: Option<u64>,
}

/// Folds one batch of the feed.
pub(super) async fn fold(store: &Store, aggregator: &LocalAggregator) -> PortResult<Folded> {
    let fed = store.read_changes(CHANGES_MAX).await?;
    let (sequences, changes): (Vec<_>, Vec<_>) =
        fed.into_iter().map(|fed| (fed.sequence, fed.change)).unzip();
    if changes.is_empty() {
        return Ok(Folded { count: 0, last: None });
    }
    let failed = aggregator.fold(&changes).await;
    let done = sequences.iter().zip(&changes).filter(|(_, change)| !failed.contains_key(change.job()));
    store.acknowledge_changes(done.map(|(sequence, _)| *sequence).collect()).await?;
    failed.into_values().try_for_each(Err)?;
    Ok(Folded { count: changes.len(), last: sequences.last().copied() })
}

/// Folds all that is in the feed now.
pub(super) async fn fold_all(store: &Store, aggregator: &LocalAggregator) -> PortResult<()> {
    let Some(newest) = store.newest_change()? else { return Ok(()) };
    while fold(store, aggregator).await?.last.is_some_and(|last| last < newest) {}
    Ok(())
}

/// Ends the jobs whose deadline has passed, with regard to all that has come in.
pub(super) async fn meet_deadlines(store: &Store, aggregator: &LocalAggregator) -> PortResult<()> {
    let now = store.shared.clock.now();
    if store.overdue(now.unix_ms)?.is_empty() {
        return Ok(());
    }
    fold_all(store, aggregator).await?;
    for job in store.overdue(now.unix_ms)? {
        aggregator.meet_deadline(&job).await?;
    }
    Ok(())
}

/// Brings tallies and verdicts up to what is known, without running anything: what a killed process left in the feed
/// is folded, and jobs whose deadline has passed end.
///
/// # Errors
/// When the store cannot be read or written.
pub async fn catch_up(store: &Store) -> PortResult<()> {
    let aggregator = Aggregator::new(store.clone(), store.clone(), Arc::clone(&store.shared.clock));
    fold_all(store, &aggregator).await?;
    meet_deadlines(store, &aggregator).await
}
