use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use concord_aggregator::Aggregator;
use concord_protocol::Environment;
use concord_protocol::ports::{PortError, PortResult};
use concord_worker::{Calculate, Runs, Worker};
use event_listener::Listener;
use futures::executor::block_on;

use super::fold_feed::fold_all;
use super::prefetch::Prefetch;
use super::remote::{RemoteCalls, RemoteJobs};
use super::shared::SharedFleet;
use super::stopped::Stopped;
use super::worker_ledger::WorkerLedger;
use super::{claim, fold_feed, maintenance, run};
use crate::locked::locked;
use crate::store::Store;

/// How a local fleet works.
#[derive(Clone, Debug)]
pub struct FleetSettings {
    /// The number of copies that run at once on threads of this machine.
    pub threads: usize,
    /// The jobs whose copies run remotely and which this process waits for. `None` leaves all such jobs alone.
    pub remote: Option<RemoteJobs>,
    /// Facts about this process, recorded with every outcome.
    pub environment: Environment,
}

/// A running fleet of one process: threads that run copies, an aggregator, and maintenance.
pub struct LocalFleet<C> {
    shared: Arc<SharedFleet<C>>,
    threads: Vec<JoinHandle<()>>,
}

impl<C: Calculate + 'static> LocalFleet<C> {
    /// Starts to work on all unfinished jobs of the store.
    ///
    /// # Errors
    /// When the store cannot be written, or the system refuses a thread.
    pub fn start(store: Store, calculation: C, runs: Arc<Runs>, settings: FleetSettings) -> PortResult<Self> {
        block_on(store.own(settings.environment.sandbox.clone()))?;
        let threads = settings.threads;
        let shared = Arc::new(shared(store, calculation, runs, settings)?);
        let mut fleet = Self { shared, threads: Vec::new() };
        fleet.thread("concord-upkeep", maintenance::keep_up)?;
        fleet.thread("concord-claim", claim::claim_local)?;
        fleet.thread("concord-fold", fold_feed::aggregate)?;
        if fleet.shared.remote.is_some() {
            fleet.thread("concord-rclaim", claim::claim_remote)?;
            fleet.thread("concord-calls", run::call_remote)?;
        }
        (0..threads).try_for_each(|_| fleet.thread("concord-worker", run::work))?;
        Ok(fleet)
    }

    /// Starts a thread. `name` has at most 15 bytes: the kernel shows no more.
    fn thread(&mut self, name: &str, run: fn(&SharedFleet<C>)) -> PortResult<()> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&shared));
        self.threads.push(thread.map_err(|error| PortError::Permanent(Box::new(error)))?);
        Ok(())
    }

    /// Takes the error with which the fleet stopped by itself, if it did.
    #[must_use]
    pub fn take_error(&self) -> Option<PortError> {
        locked(&self.shared.error).take()
    }

    /// Whether the fleet stopped by itself.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        locked(&self.shared.error).is_some()
    }

    /// Waits until this process has replaced the state of some job, or `timeout` has passed. Returns at once if
    /// `undecided` gives false. It is called after the wait has begun, so no decision is missed.
    pub fn wait_for_decision(&self, timeout: Duration, undecided: impl Fn() -> bool) {
        let listener = self.shared.store.signals().decided.listen();
        if undecided() {
            listener.wait_timeout(timeout);
        }
    }

    /// Kills what runs and starts nothing more. Puts back the copies that were claimed, so that they can be delivered
    /// at once, and folds the feed, so that the tallies hold everything that is known.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn stop(mut self) -> PortResult<()> {
        self.shared.stop();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so on standard error.
            let _ = thread.join();
        }
        block_on(self.shared.delete_done())?;
        block_on(self.shared.store.disown())?;
        block_on(fold_all(&self.shared.store, &self.shared.aggregator))
    }
}

fn shared<C: Calculate>(
    store: Store,
    calculation: C,
    runs: Arc<Runs>,
    settings: FleetSettings,
) -> PortResult<SharedFleet<C>> {
    let clock = Arc::clone(store.clock());
    let ledger =
        WorkerLedger { store: store.clone(), byte_budget: Arc::default(), first_divergence: Arc::default() };
    let remote = settings.remote.as_ref().map(|remote| RemoteCalls::new(&store, remote)).transpose()?;
    Ok(SharedFleet {
        remote,
        byte_budget: Arc::clone(&ledger.byte_budget),
        first_divergence: Arc::clone(&ledger.first_divergence),
        worker: Worker::new(ledger, calculation, Arc::clone(&clock), settings.environment),
        aggregator: Aggregator::new(store.clone(), store.clone(), clock),
        runs,
        prefetch: Prefetch::new(),
        done: Mutex::default(),
        stopped: Stopped::default(),
        error: Mutex::default(),
        store,
    })
}
