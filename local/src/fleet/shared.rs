use std::sync::{Arc, Mutex};

use concord_aggregator::Aggregator;
use concord_protocol::ports::{Clock, Delivery, PortError, PortResult};
use concord_worker::{Runs, Worker};

use super::byte_budget::ByteBudget;
use super::first_divergence::FirstDivergence;
use super::prefetch::Prefetch;
use super::remote::RemoteCalls;
use super::stopped::{Stopped, TICK};
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

    /// Writes until the write succeeds, or fails for good, or the fleet stops. For writes that nobody else repeats: a claim
    /// of this process that is not put back stays hidden until its visibility timeout.
    pub(super) async fn until_written<W: Future<Output = PortResult<()>>>(
        &self,
        write: impl Fn() -> W,
    ) -> PortResult<()> {
        until_written(&self.stopped, write).await
    }

    /// Deletes the messages of the copies that are accounted for. Messages that could not be deleted are kept for the next
    /// call.
    pub(super) async fn delete_done(&self) -> PortResult<()> {
        let done = std::mem::take(&mut *locked(&self.done));
        if done.is_empty() {
            return Ok(());
        }
        let deleted = self.store.delete_messages(done.clone()).await;
        if deleted.is_err() {
            locked(&self.done).extend(done);
        }
        deleted
    }
}

async fn until_written<W: Future<Output = PortResult<()>>>(
    stopped: &Stopped,
    write: impl Fn() -> W,
) -> PortResult<()> {
    loop {
        match write().await {
            Err(PortError::Transient(_)) if !stopped.is_set() => stopped.wait(TICK),
            written => return written,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::executor::block_on;

    use super::*;

    /// How often a write was tried that fails so many times, and its result.
    fn tried(failures: u32, error: impl Fn() -> PortError, stopped: &Stopped) -> (u32, PortResult<()>) {
        let tries = Cell::new(0);
        let write = || {
            tries.set(tries.get() + 1);
            std::future::ready(if tries.get() <= failures { Err(error()) } else { Ok(()) })
        };
        let written = block_on(until_written(stopped, write));
        (tries.get(), written)
    }

    #[test]
    fn a_write_that_nobody_else_repeats_is_tried_until_it_succeeds() {
        let busy = || PortError::Transient("the store is locked".into());
        assert!(matches!(tried(3, busy, &Stopped::default()), (4, Ok(()))));
        let invalid = || PortError::Invalid("there is no such job");
        assert!(matches!(tried(3, invalid, &Stopped::default()), (1, Err(PortError::Invalid(_)))));
        let stopped = Stopped::default();
        stopped.set();
        assert!(matches!(tried(3, busy, &stopped), (1, Err(PortError::Transient(_)))));
    }
}
