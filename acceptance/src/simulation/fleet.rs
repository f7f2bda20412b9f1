use std::sync::Arc;

use concord_protocol::ports::CreateJobs;
use concord_protocol::{Job, JobId, Timestamp};
use concord_testkit::TestClock;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::actors::{self, SimulatedAggregator};
use super::chance::Chance;
use super::counts::Count;
use super::facts::is_separated;
use super::handled::Handled;
use super::plan::SimulationPlan;
use super::ports::SimulatedPorts;
use super::process::WorkerProcess;
use super::report::{SimulationReport, SimulationSettings};
use super::store::SimulatedStore;
use super::tasks::{SimulatedTask, Tasks};
use super::world::World;

/// When every simulation starts: so late that a clock may be set back by days.
const START: Timestamp = Timestamp { unix_ms: 1_700_000_000_000 };

/// Processes that are not workers have this number or a larger one.
pub(super) const OTHERS: usize = 1_000;

/// A fleet of worker processes, aggregators, maintenance and a user, on one store.
pub(super) struct SimulatedFleet<S: SimulatedStore> {
    pub(super) plan: SimulationPlan,
    pub(super) world: Arc<World>,
    /// The clock that nobody can set.
    pub(super) clock: TestClock,
    /// The wall clock of the user.
    pub(super) user_wall: TestClock,
    /// The ports of the user.
    pub(super) user: SimulatedPorts<S>,
    /// The ports of all processes that are neither workers nor the user.
    pub(super) ports: SimulatedPorts<S>,
    pub(super) workers: Vec<WorkerProcess<S>>,
    pub(super) aggregator: Arc<SimulatedAggregator<S>>,
    pub(super) tasks: Tasks,
    /// The process that does nothing, and the number of steps for which that lasts.
    pub(super) stopped: Option<(usize, u64)>,
    others: usize,
    /// How many processes were started again.
    starts: usize,
}

impl<S: SimulatedStore> SimulatedFleet<S> {
    pub(super) fn new(seed: u64, settings: SimulationSettings, store: impl FnOnce(&TestClock) -> S) -> Self {
        let mut chance = Chance::new(seed);
        let plan = SimulationPlan::drawn(seed, &mut chance, START);
        let clock = TestClock::at(START);
        let store = store(&clock);
        let world = Arc::new(World::new(chance, plan.faults, clock.clone(), settings.traced));
        let ports = SimulatedPorts {
            clock: store.clock(&clock),
            store,
            world: Arc::clone(&world),
            sabotage: settings.sabotage,
            remembers: false,
            by_user: false,
        };
        let user_wall = clock.other_wall();
        let user = SimulatedPorts { clock: ports.store.clock(&user_wall), by_user: true, ..ports.clone() };
        let workers =
            (0..plan.workers).map(|process| WorkerProcess::start(&ports, &clock.other_wall(), process, 0));
        let workers = workers.collect();
        let aggregator = SimulatedAggregator::new(ports.clone(), ports.clone(), Arc::clone(&ports.clock));
        let aggregator = Arc::new(aggregator.asking(is_separated));
        let (tasks, stopped) = (Tasks::default(), None);
        Self {
            plan,
            world,
            clock,
            user_wall,
            user,
            ports,
            workers,
            aggregator,
            tasks,
            stopped,
            others: OTHERS,
            starts: 0,
        }
    }

    /// Runs the whole simulation: submission, chaos, rest, the deadlines, and a last retry.
    pub(super) fn live(&mut self) -> Result<(), String> {
        self.submit();
        self.chaos()?;
        self.rest_before_deadlines()?;
        self.rest_after_deadlines()?;
        self.replay_after_a_day()?;
        self.retry_what_is_inconclusive()?;
        self.replay_after_a_day()
    }

    pub(super) fn report(self, seed: u64, violation: Option<String>) -> SimulationReport {
        let mut world = self.world.lock();
        let verdicts: Vec<_> = world.facts.jobs().map(|(_, facts)| facts.state.verdict()).collect();
        for verdict in verdicts {
            world.counts.add(Count::Ended(verdict));
        }
        SimulationReport { seed, violation, counts: world.counts.clone(), trace: world.take_trace() }
    }

    fn submit(&mut self) {
        let jobs = self.plan.jobs.iter().map(|plan| plan.new.clone()).collect();
        let store = &self.ports.store;
        let taken = store.run(store.ports().create_jobs(jobs), false);
        assert!(matches!(taken, Ok(None)), "an empty store accepts every job");
        let mut world = self.world.lock();
        let faults = self.plan.faults;
        world.say(|| format!("{faults:?}"));
        for plan in &self.plan.jobs {
            world.add_job(&plan.new.spec, plan.behaviour, plan.salt);
        }
    }

    /// Returns an error if a promise was broken.
    pub(super) fn checked(&self) -> Result<(), String> {
        self.world.lock().violation.clone().map_or(Ok(()), Err)
    }

    /// Every job, as it is stored.
    pub(super) fn stored(&self) -> Vec<Job> {
        self.ports.store.jobs()
    }

    /// Starts a task in a process of its own.
    pub(super) fn spawn(&mut self, future: BoxFuture<'static, ()>) {
        self.others += 1;
        self.tasks.spawn(SimulatedTask { process: self.others, handled: None, future });
    }

    /// The number of the last started process that is not a worker.
    pub(super) fn last_other(&self) -> usize {
        self.others
    }

    /// Gives a delivery to a worker.
    pub(super) fn run(&mut self, handled: Handled, process: usize) {
        let WorkerProcess { worker, ports, .. } = &self.workers[process];
        let (worker, aggregator) = (Arc::clone(worker), Arc::clone(&self.aggregator));
        let future = actors::run(worker, aggregator, ports.clone(), handled.clone()).boxed();
        self.tasks.spawn(SimulatedTask { process, handled: Some(handled), future });
    }

    /// For each open job, the copies that are not on the queue yet.
    pub(super) fn to_enqueue(&self) -> Vec<(JobId, u32, std::ops::Range<u32>)> {
        let world = self.world.lock();
        let open = self.stored().into_iter().filter(|job| job.state.ended_at().is_none());
        let missing = open.filter_map(|Job { spec, state }| {
            let (round, reached) = world.enqueued.get(&spec.job).copied().unwrap_or_default();
            let from = if round == state.round() { reached } else { 0 };
            (from < state.copies()).then(|| (spec.job.clone(), state.round(), from..state.copies()))
        });
        missing.collect()
    }

    /// Open jobs whose deadline has passed.
    pub(super) fn overdue(&self) -> Vec<JobId> {
        let now = self.ports.clock.now();
        let open = self.stored().into_iter().filter(|job| job.state.ended_at().is_none());
        open.filter(|job| now >= job.state.deadline_at()).map(|job| job.spec.job.clone()).collect()
    }

    /// A worker process asks for deliveries.
    pub(super) fn receive(&mut self, process: usize, count_max: usize) {
        let ports = self.workers[process].ports.clone();
        let future = actors::receive(ports, process, count_max).boxed();
        self.tasks.spawn(SimulatedTask { process, handled: None, future });
    }

    /// Kills a worker process, and starts it again. It forgets everything.
    pub(super) fn restart(&mut self, process: usize) {
        self.starts += 1;
        let killed = self.workers.remove(process);
        let wall = killed.wall.clone();
        killed.kill();
        self.workers.insert(process, WorkerProcess::start(&self.ports, &wall, process, self.starts));
    }
}
