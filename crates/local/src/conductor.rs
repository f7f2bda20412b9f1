//! Plays what a cloud would: delivers copies to workers, changes to the aggregator, and deadlines to jobs.

mod keeper;

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use concord_aggregator::Aggregator;
use concord_protocol::Environment;
use concord_protocol::ports::{
    AcknowledgeChanges, Clock, DelayMessage, Delivery, PortError, PortResult, ReadChanges, ReceiveCopies,
};
use concord_worker::{Calculate, Disposition, Runs, Worker};
use event_listener::{Event, Listener};
use futures::StreamExt;
use futures::executor::block_on;

use crate::intake::{Intake, Wanted};
use crate::jobs::Remembered;
use crate::store::{Store, locked};
use crate::unwritten::Unwritten;

/// How often time is looked at: deadlines, messages that become visible, and what other processes have done.
const TICK: Duration = Duration::from_millis(20);

/// Copies of one thread whose outcomes are on their way to the disk while it runs the next, at most.
const UNRECORDED_MAX: usize = 4_096;

/// Changes folded at once, at most.
const CHANGES_MAX: usize = 8_192;

/// How long changes are gathered before they are folded, unless there are many, or the queue is empty.
const GATHER: Duration = Duration::from_millis(50);

/// How a conductor works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Copies that run at once.
    pub threads: usize,
    /// Facts about this process, recorded with every outcome.
    pub environment: Environment,
}

type LocalAggregator = Aggregator<Store, Store, Arc<dyn Clock>>;

/// What the threads of a conductor share.
struct Fleet<C> {
    store: Store,
    worker: Worker<Remembered, C, Arc<dyn Clock>>,
    aggregator: LocalAggregator,
    runs: Arc<Runs>,
    intake: Intake,
    unwritten: Arc<Unwritten>,
    /// Messages of copies that are accounted for, to be deleted together at the next tick.
    done: Mutex<Vec<Delivery>>,
    stopped: Stopped,
    fault: Mutex<Option<PortError>>,
}

/// Set once, and waited for.
#[derive(Default)]
struct Stopped {
    set: std::sync::atomic::AtomicBool,
    event: Event,
}

impl Stopped {
    fn set(&self) {
        self.set.store(true, std::sync::atomic::Ordering::SeqCst);
        self.event.notify(usize::MAX);
    }

    fn is_set(&self) -> bool {
        self.set.load(std::sync::atomic::Ordering::SeqCst)
    }

    /// Waits until it is set or `timeout` has passed, and says whether it is set.
    fn wait(&self, timeout: Duration) -> bool {
        let listener = self.event.listen();
        self.is_set() || {
            listener.wait_timeout(timeout);
            self.is_set()
        }
    }
}

/// A running fleet of one process: worker threads, an aggregator, and a keeper of time.
pub struct Conductor<C> {
    fleet: Arc<Fleet<C>>,
    threads: Vec<JoinHandle<()>>,
}

impl<C: Calculate + 'static> Conductor<C> {
    /// Starts to work on all unfinished jobs of the store.
    ///
    /// # Errors
    /// When the store cannot be written, or the system refuses a thread.
    pub fn start(store: Store, calculation: C, runs: Arc<Runs>, settings: Settings) -> PortResult<Self> {
        block_on(store.own(settings.environment.sandbox.clone()))?;
        let clock = Arc::clone(&store.shared.clock);
        let ledger = Remembered { store: store.clone(), unwritten: Arc::default() };
        let unwritten = Arc::clone(&ledger.unwritten);
        let fleet = Arc::new(Fleet {
            worker: Worker::new(ledger, calculation, Arc::clone(&clock), settings.environment),
            aggregator: Aggregator::new(store.clone(), store.clone(), clock),
            runs,
            intake: Intake::new(settings.threads),
            unwritten,
            done: Mutex::default(),
            stopped: Stopped::default(),
            fault: Mutex::default(),
            store,
        });
        let mut conductor = Self { fleet, threads: Vec::new() };
        let mut start = |name: &str, run: fn(&Fleet<C>)| {
            let fleet = Arc::clone(&conductor.fleet);
            let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || run(&fleet));
            thread
                .map(|thread| conductor.threads.push(thread))
                .map_err(|error| PortError::Refused(Box::new(error)))
        };
        start("keeper", Fleet::keep)?;
        start("intake", Fleet::claim)?;
        start("aggregator", Fleet::aggregate)?;
        (0..settings.threads).try_for_each(|_| start("worker", Fleet::work))?;
        Ok(conductor)
    }

    /// Why the fleet stopped by itself, if it did.
    #[must_use]
    pub fn fault(&self) -> Option<PortError> {
        locked(&self.fleet.fault).take()
    }

    /// Whether the fleet stopped by itself.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        locked(&self.fleet.fault).is_some()
    }

    /// Waits until the state of some job was replaced by this process, or `timeout` has passed.
    pub fn wait_for_decision(&self, timeout: Duration, undecided: impl Fn() -> bool) {
        let listener = self.fleet.store.shared.signals.decided.listen();
        if undecided() {
            listener.wait_timeout(timeout);
        }
    }

    /// Kills what runs and starts nothing more. What was claimed can be delivered again at once, and what came in is
    /// folded, so that the tallies say all that is known.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn stop(mut self) -> PortResult<()> {
        self.fleet.stop();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so on standard error.
            let _ = thread.join();
        }
        block_on(self.fleet.delete_done())?;
        block_on(self.fleet.store.disown())?;
        let right = self.fleet.store.take_feed()?;
        while right.is_some() && block_on(self.fleet.fold())? > 0 {}
        Ok(())
    }
}

impl<C> Fleet<C> {
    fn stop(&self) {
        self.stopped.set();
        self.intake.close();
        self.runs.stop_all();
        // Whoever waits for something else looks up.
        self.store.shared.signals.queued.notify(usize::MAX);
        self.store.shared.signals.fed.notify(usize::MAX);
    }

    /// Ends the fleet because of an error which nobody here can mend.
    fn fail(&self, error: PortError) {
        locked(&self.fault).get_or_insert(error);
        self.stop();
        self.store.shared.signals.decided.notify(usize::MAX);
    }

    /// Takes note of an error: what may pass is tried again by whoever comes next, everything else ends the fleet.
    fn note(&self, result: PortResult<()>) {
        match result {
            Ok(()) | Err(PortError::Retry(_)) => {}
            Err(error) => self.fail(error),
        }
    }
}

impl<C: Calculate> Fleet<C> {
    /// Claims copies ahead of need.
    fn claim(&self) {
        while let Some(wanted) = self.intake.wanted() {
            let queued = self.store.shared.signals.queued.listen();
            let received = match wanted {
                Wanted::Claim(count) => block_on(self.store.receive_copies(count)),
                Wanted::PutBack(deliveries) => {
                    self.note(block_on(self.store.put_back(deliveries)));
                    continue;
                }
            };
            match received {
                Ok(deliveries) if deliveries.is_empty() => {
                    self.store.shared.set_idle(true);
                    queued.wait_timeout(TICK);
                }
                Ok(deliveries) => {
                    self.store.shared.set_idle(false);
                    self.intake.put(deliveries);
                }
                Err(error) => self.note(Err(error)),
            }
        }
    }

    /// Runs copies, one after the other, while the outcomes of earlier ones are on their way to the disk.
    fn work(&self) {
        let deliveries = futures::stream::unfold((), |()| async {
            self.unwritten.room().await;
            Some((self.intake.next().await?, ()))
        });
        block_on(deliveries.for_each_concurrent(UNRECORDED_MAX, |delivery| async move {
            self.note(self.run(delivery).await);
        }));
    }

    async fn run(&self, delivery: Delivery) -> PortResult<()> {
        match self.worker.handle(&delivery).await {
            Ok(Disposition::Done) => {
                locked(&self.done).push(delivery);
                Ok(())
            }
            Ok(Disposition::Again { delay_ms }) => self.store.delay_message(&delivery, delay_ms).await,
            Ok(Disposition::Left) | Err(PortError::Retry(_)) => self.store.put_back(vec![delivery]).await,
            Err(error) => Err(error),
        }
    }

    /// Deletes the messages of the copies that are accounted for.
    async fn delete_done(&self) -> PortResult<()> {
        let done = std::mem::take(&mut *locked(&self.done));
        if done.is_empty() { Ok(()) } else { self.store.delete_messages(done).await }
    }

    /// Folds the feed, unless another process does.
    fn aggregate(&self) {
        let mut right = None;
        while !self.stopped.is_set() {
            if right.is_none() {
                match self.store.take_feed() {
                    Ok(taken) => right = taken,
                    Err(error) => return self.fail(error),
                }
            }
            let fed = self.store.shared.signals.fed.listen();
            let folded = if right.is_some() { block_on(self.fold()) } else { Ok(0) };
            match folded {
                Ok(0) => {
                    fed.wait_timeout(TICK);
                }
                Ok(count) if count < CHANGES_MAX / 8 && !self.store.shared.is_idle() => {
                    self.stopped.wait(GATHER);
                }
                Ok(_) => {}
                Err(error) => self.note(Err(error)),
            }
        }
    }

    /// Folds one batch of the feed, and says how many changes it had.
    async fn fold(&self) -> PortResult<usize> {
        let fed = self.store.read_changes(CHANGES_MAX).await?;
        let (sequences, changes): (Vec<_>, Vec<_>) =
            fed.into_iter().map(|fed| (fed.sequence, fed.change)).unzip();
        let failed = self.aggregator.fold(&changes).await;
        let done = sequences.iter().zip(&changes).filter(|(_, change)| !failed.contains_key(change.job()));
        self.store.acknowledge_changes(done.map(|(sequence, _)| *sequence).collect()).await?;
        failed.into_values().try_for_each(Err)?;
        Ok(changes.len())
    }
}
