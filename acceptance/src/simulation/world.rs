use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use concord_protocol::ports::{Clock, Delivery, PortError, PortResult};
use concord_protocol::{CopyId, Job, JobId, JobSpec, Timestamp};
use concord_worker::Task;

use super::chance::Chance;
use super::counts::{CallPoint, Count, Counts};
use super::facts::SimulatedFacts;
use super::handled::Handled;
use super::plan::{Act, Behaviour, Faults};
use crate::conformance::FedChange;
use concord_testkit::TestClock;

/// What all parts of a simulation share. There is one thread, and the lock is never held across a pause.
pub(super) struct World(Mutex<WorldState>);

pub(super) struct WorldState {
    pub(super) chance: Chance,
    pub(super) faults: Faults,
    pub(super) facts: SimulatedFacts,
    pub(super) counts: Counts,
    /// The first broken promise.
    pub(super) violation: Option<String>,
    /// The number of the task that is running now.
    running: u64,
    /// The call that each task makes, or made last.
    points: BTreeMap<u64, CallPoint>,
    /// How often somebody set a clock that processes read.
    pub(super) clock_steps: u64,
    /// What each task handles that got a delivery.
    handled: BTreeMap<u64, Handled>,
    /// The verdicts that each task has announced.
    announced: BTreeSet<(u64, JobId, u64)>,
    /// Whether the ledger can always be read, so that no verdict is without its evidence.
    pub(super) evidence_is_due: bool,
    /// Deliveries on their way to a worker process, each with the number of the process.
    pub(super) arrivals: Vec<(usize, Delivery)>,
    /// Changes on their way to an aggregator, and then every change so far.
    pub(super) fed: Vec<FedChange>,
    pub(super) ever_fed: BTreeMap<u64, FedChange>,
    /// The newest change of each job that was folded. Only a deliberate mistake looks at it.
    pub(super) newest: BTreeMap<JobId, u64>,
    /// Jobs as they were when one of their messages was last received.
    pub(super) remembered: BTreeMap<JobId, Job>,
    /// For each job, the round whose copies are put on the queue, and how many of them are there.
    pub(super) enqueued: BTreeMap<JobId, (u32, u32)>,
    runs: BTreeMap<CopyId, u32>,
    behaviours: BTreeMap<JobId, (Behaviour, u64)>,
    clock: TestClock,
    trace: Option<Vec<String>>,
}

/// One run of a copy.
pub(super) struct SimulatedRun {
    pub(super) copy: CopyId,
    pub(super) number: u32,
    pub(super) act: Act,
}

impl World {
    pub(super) fn new(chance: Chance, faults: Faults, clock: TestClock, traced: bool) -> Self {
        Self(Mutex::new(WorldState {
            chance,
            faults,
            facts: SimulatedFacts::default(),
            counts: Counts::default(),
            violation: None,
            running: 0,
            points: BTreeMap::new(),
            clock_steps: 0,
            handled: BTreeMap::new(),
            announced: BTreeSet::new(),
            evidence_is_due: faults.port_fails == 0,
            arrivals: Vec::new(),
            fed: Vec::new(),
            ever_fed: BTreeMap::new(),
            newest: BTreeMap::new(),
            remembered: BTreeMap::new(),
            enqueued: BTreeMap::new(),
            runs: BTreeMap::new(),
            behaviours: BTreeMap::new(),
            clock,
            trace: traced.then(Vec::new),
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, WorldState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts another run of the copy whose task is running, and returns what the run does. `now` is the time of the
    /// worker.
    pub(super) fn begin_run(&self, task: &Task, now: Timestamp) -> SimulatedRun {
        let mut world = self.lock();
        let handled = world.handled().cloned().filter(|handled| handled.delivery.copy.job == task.spec.job);
        let handled = handled.expect("a calculation runs in the task of its copy");
        let may_run = handled.may_run(task, now, world.clock_steps);
        world.check(may_run);
        let copy = handled.delivery.copy;
        let runs = world.runs.entry(copy.clone()).or_default();
        let number = *runs;
        *runs += 1;
        if number > 0 {
            world.counts.add(Count::CopyRerun);
        }
        let (behaviour, salt) = world.behaviours[&copy.job];
        let act = behaviour.act(salt, copy.index, number);
        world.say(|| format!("{}/{} run {number}: {act:?}", copy.job, copy.index));
        SimulatedRun { copy, number, act }
    }
}

impl WorldState {
    /// A task runs until its next pause. Its first run brings what it handles.
    pub(super) fn run_task(&mut self, number: u64, handled: Option<Handled>) {
        self.running = number;
        self.handled.extend(handled.map(|handled| (number, handled)));
    }

    /// The time that nobody can set.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A worker is done with a delivery. If its clock was set, it may have taken the job for overdue, and the copy is lost
    /// until the deadline has really passed.
    pub(super) fn note_ack(&mut self, delivery: &Delivery) {
        let was_set = self.clock_steps > 0;
        let facts = self.facts.job(&delivery.copy.job);
        facts.lost |= was_set && !facts.is_accounted(delivery.copy.index, delivery.round);
    }

    /// The running task makes a call.
    pub(super) fn reach(&mut self, point: CallPoint) {
        self.points.insert(self.running, point);
    }

    /// Tasks were killed.
    pub(super) fn kill(&mut self, tasks: &[u64]) {
        for task in tasks {
            self.counts.add(Count::CallKilled);
            if let Some(point) = self.points.remove(task) {
                self.counts.add(Count::Killed(point));
                self.say(|| format!("killed: {point:?}"));
            }
        }
    }

    /// Whether another process holds the lock of the store when the next call begins.
    pub(super) fn is_locked(&mut self) -> bool {
        let is_locked = self.chance.per_mille(self.faults.locked);
        if is_locked {
            self.counts.add(Count::Locked);
        }
        is_locked
    }

    /// What the running task handles.
    pub(super) fn handled(&mut self) -> Option<&mut Handled> {
        self.handled.get_mut(&self.running)
    }

    /// Whether the running task announces a verdict for the first time.
    pub(super) fn announces_once(&mut self, job: &JobId, revision: u64) -> bool {
        self.announced.insert((self.running, job.clone(), revision))
    }

    pub(super) fn add_job(&mut self, spec: &JobSpec, behaviour: Behaviour, salt: u64) {
        self.counts.add(Count::Job);
        if spec.copies > concord_protocol::limits::CHUNK_COPIES {
            self.counts.add(Count::JobOfChunks);
        }
        self.behaviours.insert(spec.job.clone(), (behaviour, salt));
        self.facts.add_job(spec);
        self.say(|| {
            let JobSpec { job, copies, policy, .. } = spec;
            format!("{job} is submitted: {copies} copies, {behaviour:?}, {policy:?}")
        });
    }

    /// Adds an event to the trace.
    pub(super) fn say(&mut self, event: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let now = self.clock.now().unix_ms;
            trace.push(format!("{now:>9} ms  {}", event()));
        }
    }

    pub(super) fn take_trace(&mut self) -> Vec<String> {
        self.trace.take().unwrap_or_default()
    }

    /// Records a broken promise.
    pub(super) fn check(&mut self, kept: Result<(), String>) {
        if let Err(broken) = kept {
            self.say(|| format!("BROKEN: {broken}"));
            self.violation.get_or_insert(broken);
        }
    }

    /// Fails a port call at random.
    pub(super) fn fault(&mut self, count: Count, call: &str) -> PortResult<()> {
        if !self.chance.per_mille(self.faults.port_fails) {
            return Ok(());
        }
        self.counts.add(count);
        self.say(|| format!("{call}: {count:?}"));
        Err(PortError::Transient("simulated".into()))
    }
}
