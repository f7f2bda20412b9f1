//! Plays what a cloud would: delivers copies to workers, changes to the aggregator, and deadlines to jobs.

mod elsewhere;
mod feed;
mod keeper;
mod stopped;

pub use elsewhere::Elsewhere;
pub use feed::catch_up;

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use concord_aggregator::Aggregator;
use concord_protocol::ports::{Clock, DelayMessage, Delivery, PortError, PortResult};
use concord_protocol::{Environment, Timestamp};
use concord_worker::{Calculate, Disposition, Runs, Worker};
use event_listener::Listener;
use futures::StreamExt;
use futures::executor::block_on;
use futures::future::{Either, select};
use futures::stream::FuturesUnordered;

use crate::intake::{Intake, Wanted};
use crate::jobs::Remembered;
use crate::lane::Lane;
use crate::store::{Store, locked};
use crate::unwritten::Unwritten;
use stopped::Stopped;

/// How often time is looked at: deadlines, messages that become visible, and what other processes have done.
const TICK: Duration = Duration::from_millis(20);

/// Copies of one thread whose outcomes are on their way to the disk while it runs the next, at most.
const UNRECORDED_MAX: usize = 4_096;

/// A run that took longer than this is recorded before the next one starts.
const LONG_RUN: Duration = Duration::from_millis(250);

/// How long changes are gathered before they are folded, unless there are many, or the queue is empty.
const GATHER: Duration = Duration::from_millis(50);

/// How a conductor works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Copies that run at once on threads of this machine.
    pub threads: usize,
    /// Jobs whose copies run elsewhere and are only waited for here. Without it such jobs are left alone.
    pub elsewhere: Option<Elsewhere>,
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
    elsewhere: Option<elsewhere::Waits>,
    unwritten: Arc<Unwritten>,
    /// Messages of copies that are accounted for, to be deleted together at the next tick.
    done: Mutex<Vec<Delivery>>,
    stopped: Stopped,
    fault: Mutex<Option<PortError>>,
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
        let elsewhere = settings.elsewhere.map(|elsewhere| elsewhere::Waits::new(&store, &elsewhere));
        let elsewhere = elsewhere.transpose()?;
        let fleet = Arc::new(Fleet {
            elsewhere,
            worker: Worker::new(ledger, calculation, Arc::clone(&clock), settings.environment),
            aggregator: Aggregator::new(store.clone(), store.clone(), clock),
            runs,
            intake: Intake::new(),
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
                .map_err(|error| PortError::Permanent(Box::new(error)))
        };
        start("keeper", Fleet::keep)?;
        start("intake", Fleet::claim)?;
        start("aggregator", Fleet::aggregate)?;
        if conductor.fleet.elsewhere.is_some() {
            start("claims", Fleet::claim_elsewhere)?;
            start("calls", Fleet::call)?;
        }
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
        block_on(feed::fold_all(&self.fleet.store, &self.fleet.aggregator))
    }
}

impl<C> Fleet<C> {
    fn stop(&self) {
        self.stopped.set();
        self.intake.close();
        if let Some(elsewhere) = &self.elsewhere {
            elsewhere.intake.close();
        }
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
            Ok(()) | Err(PortError::Transient(_)) => {}
            Err(error) => self.fail(error),
        }
    }
}

impl<C: Calculate> Fleet<C> {
    /// Claims copies ahead of need.
    fn claim(&self) {
        self.claim_for(&self.intake, &self.store.shared.here, |idle| self.store.shared.set_idle(idle));
    }

    /// Claims copies of a lane as its intake wants them, and says each time whether there was none.
    fn claim_for(&self, intake: &Intake, lane: &Lane, idle: impl Fn(bool)) {
        while let Some(wanted) = intake.wanted() {
            let queued = self.store.shared.signals.queued.listen();
            let received = match wanted {
                Wanted::Claim(count) => block_on(self.store.receive_from(lane, count)),
                Wanted::PutBack(deliveries) => {
                    self.note(block_on(self.store.put_back(deliveries)));
                    continue;
                }
            };
            match received {
                Ok(deliveries) if deliveries.is_empty() => {
                    idle(true);
                    queued.wait_timeout(TICK);
                }
                Ok(deliveries) => {
                    idle(false);
                    intake.put(deliveries);
                }
                Err(error) => self.note(Err(error)),
            }
        }
    }

    /// Runs copies, one after the other, while the outcomes of earlier ones are on their way to the disk. After a run
    /// that took long, those come first: finished work is not at the mercy of the next run.
    fn work(&self) {
        block_on(async {
            let mut unrecorded = FuturesUnordered::new();
            while let Some(delivery) = self.next_while(&mut unrecorded).await {
                let started = Instant::now();
                let mut run = Box::pin(self.run(delivery));
                if futures::poll!(run.as_mut()).is_pending() {
                    unrecorded.push(run);
                }
                self.intake.finished();
                if started.elapsed() > LONG_RUN || unrecorded.len() >= UNRECORDED_MAX {
                    while unrecorded.next().await.is_some() {}
                }
            }
            while unrecorded.next().await.is_some() {}
        });
    }

    /// The next copy to run; what is on its way to the disk goes on meanwhile.
    async fn next_while<F: Future<Output = ()> + Unpin>(
        &self,
        unrecorded: &mut FuturesUnordered<F>,
    ) -> Option<Delivery> {
        let mut next = pin!(async {
            self.unwritten.room().await;
            self.intake.next().await
        });
        loop {
            match select(next.as_mut(), unrecorded.next()).await {
                Either::Left((delivery, _)) => return delivery,
                Either::Right((Some(()), _)) => {}
                Either::Right((None, next)) => return next.await,
            }
        }
    }

    /// Runs a copy, and does with its message what its worker says.
    async fn run(&self, delivery: Delivery) {
        let run = self.run_and_settle(delivery).await;
        self.note(run);
    }

    async fn run_and_settle(&self, delivery: Delivery) -> PortResult<()> {
        match self.worker.handle(&delivery, Timestamp::NEVER).await {
            Ok(Disposition::RetryAfter { delay_ms }) => {
                return self.store.delay_message(&delivery, delay_ms).await;
            }
            Ok(Disposition::Release) | Err(PortError::Transient(_)) => {
                return self.store.put_back(vec![delivery]).await;
            }
            Ok(Disposition::Ack) => {}
            Err(PortError::Invalid(reason)) => self.aggregator.give_up(&delivery, reason).await?,
            Err(error) => return Err(error),
        }
        locked(&self.done).push(delivery);
        Ok(())
    }

    /// Deletes the messages of the copies that are accounted for.
    async fn delete_done(&self) -> PortResult<()> {
        let done = std::mem::take(&mut *locked(&self.done));
        if done.is_empty() { Ok(()) } else { self.store.delete_messages(done).await }
    }

    /// Folds the feed. Other processes may do so too: that costs a little, and changes nothing.
    fn aggregate(&self) {
        while !self.stopped.is_set() {
            let fed = self.store.shared.signals.fed.listen();
            match block_on(feed::fold(&self.store, &self.aggregator)) {
                Ok(folded) if folded.count == 0 => {
                    fed.wait_timeout(TICK);
                }
                Ok(folded) if folded.count < feed::CHANGES_MAX / 8 && !self.store.shared.is_idle() => {
                    self.stopped.wait(GATHER);
                }
                Ok(_) => {}
                Err(error) => self.note(Err(error)),
            }
        }
    }
}
