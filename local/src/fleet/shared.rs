use std::sync::{Arc, Mutex};

use concord_aggregator::Aggregator;
use concord_protocol::ports::{Clock, Delivery, PortError, PortResult};
use concord_worker::{Runs, Worker};

use super::byte_budget::ByteBudget;
use super::first_divergence::FirstDivergence;
use super::prefetch::Prefetch;
use super::remote::RemoteCalls;
use super::stopped::Stopped;
use super::worker_ledger::WorkerLedger;
use crate::locked::locked;
use crate::store::Store;

pub(super) type LocalAggregator = Aggregator<Store, Store, Arc<dyn Clock>>;

/// What the threads of a local fleet share.
pub(super) struct SharedFleet<C> {
    pub(super) store: Store,
    pub(super) worker: Worker<WorkerLedger, C, Arc<dyn Clock>>,
    pub(super) aggregator: LocalAggregator,
    pub(super) runs: Arc<Runs>,
    pub(super) prefetch: Prefetch,
    pub(super) remote: Option<RemoteCalls>,
    pub(super) byte_budget: Arc<ByteBudget>,
    pub(super) first_divergence: Arc<FirstDivergence>,
    /// Messages of copies that are accounted for, to be deleted together at the next tick.
    pub(super) done: Mutex<Vec<Delivery>>,
    pub(super) stopped: Stopped,
    pub(super) error: Mutex<Option<PortError>>,
}

impl<C> SharedFleet<C> {
    /// Stops the runs and wakes every thread, so that each sees that the fleet has stopped.
    pub(super) fn stop(&self) {
        self.stopped.set();
        self.prefetch.close();
        if let Some(remote) = &self.remote {
            remote.prefetch.close();
        }
        self.first_divergence.close();
        self.runs.stop_all();
        self.store.signals().queued.notify(usize::MAX);
        self.store.signals().fed.notify(usize::MAX);
    }

    /// Ends the fleet because of an error that the fleet cannot repair.
    fn fail(&self, error: PortError) {
        locked(&self.error).get_or_insert(error);
        self.stop();
        self.store.signals().decided.notify(usize::MAX);
    }

    /// Ends the fleet if `result` is an error, unless the error is transient: then the next tick tries again.
    pub(super) fn check(&self, result: PortResult<()>) {
        match result {
            Ok(()) | Err(PortError::Transient(_)) => {}
            Err(error) => self.fail(error),
        }
    }

    /// Deletes the messages of the copies that are accounted for.
    pub(super) async fn delete_done(&self) -> PortResult<()> {
        let done = std::mem::take(&mut *locked(&self.done));
        if done.is_empty() { Ok(()) } else { self.store.delete_messages(done).await }
    }
}
