use std::sync::Arc;

use concord_protocol::ports::{Clock, CreateJobs};
use concord_protocol::{Environment, Facts, Job, JobId, Timestamp};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::actors::{self, SimulatedAggregator, SimulatedWorker};
use super::calculation::SimulatedCalculation;
use super::chance::Chance;
use super::counts::Count;
use super::facts::is_separated;
use super::handled::Handled;
use super::plan::SimulationPlan;
use super::ports::SimulatedPorts;
use super::report::{SimulationReport, SimulationSettings};
use super::tasks::{SimulatedTask, Tasks};
use super::world::World;
use crate::Memory;
use concord_testkit::TestClock;

/// When every simulation starts: after 0, so that no message is visible before.
const START: Timestamp = Timestamp { unix_ms: 1_000 };

/// Processes that are not workers have this number or a larger one.
pub(super) const OTHERS: usize = 1_000;

/// A fleet of worker processes, aggregators, maintenance and a user, on one store in memory.
pub(super) struct SimulatedFleet {
    pub(super) plan: SimulationPlan,
    pub(super) world: Arc<World>,
    pub(super) memory: Memory,
    pub(super) clock: TestClock,
    pub(super) ports: SimulatedPorts,
    pub(super) workers: Vec<Arc<SimulatedWorker>>,
    pub(super) aggregator: Arc<SimulatedAggregator>,
    pub(super) tasks: Tasks,
    others: usize,
    /// How many processes were started again.
    starts: usize,
}

impl SimulatedFleet {
    pub(super) fn new(seed: u64, settings: SimulationSettings) -> Self {
        let mut chance = Chance::new(seed);
        let plan = SimulationPlan::drawn(seed, &mut chance, START);
        let clock = TestClock::at(START);
        let memory = Memory::new(Arc::new(clock.clone()));
        let world = Arc::new(World::new(chance, plan.faults, clock.clone(), settings.traced));
        let ports = SimulatedPorts {
            memory: memory.clone(),
            world: Arc::clone(&world),
            clock: clock.clone(),
            sabotage: settings.sabotage,
            remembers: false,
            by_user: false,
        };
        let workers = (0..plan.workers).map(|process| worker(&ports, process, 0)).collect();
        let aggregator = SimulatedAggregator::new(ports.clone(), ports.clone(), clock.clone());
        let aggregator = Arc::new(aggregator.asking(is_separated));
        let tasks = Tasks::default();
        Self { plan, world, memory, clock, ports, workers, aggregator, tasks, others: OTHERS, starts: 0 }
    }

    /// Runs the whole simulation: submission, chaos, rest, the deadlines, and a last retry.
    pub(super) fn live(&mut self) -> Result<(), String> {
        self.submit();
        self.chaos()?;
        self.rest_before_deadlines()?;
        self.rest_after_deadlines()?;
        self.retry_what_is_inconclusive()
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
        let taken = self.memory.create_jobs(jobs).now_or_never();
        assert!(matches!(taken, Some(Ok(None))), "an empty store accepts every job");
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
        self.memory.state().jobs.values().map(|stored| stored.job.clone()).collect()
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
        let (worker, aggregator) = (Arc::clone(&self.workers[process]), Arc::clone(&self.aggregator));
        let future = actors::run(worker, aggregator, self.ports.clone(), handled.clone()).boxed();
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
        let now = self.clock.now();
        let open = self.stored().into_iter().filter(|job| job.state.ended_at().is_none());
        open.filter(|job| now >= job.state.deadline_at()).map(|job| job.spec.job.clone()).collect()
    }

    /// Starts a worker process again. It forgets everything.
    pub(super) fn restart(&mut self, process: usize) {
        self.starts += 1;
        self.workers[process] = worker(&self.ports, process, self.starts);
    }
}

fn worker(ports: &SimulatedPorts, process: usize, start: usize) -> Arc<SimulatedWorker> {
    let environment = Environment {
        sandbox: format!("process-{process}-{start}"),
        identity: Facts::default(),
        facts: Facts::default(),
    };
    let ports = SimulatedPorts { remembers: true, ..ports.clone() };
    let clock = ports.clock.clone();
    Arc::new(SimulatedWorker::new(
        ports.clone(),
        SimulatedCalculation(Arc::clone(&ports.world)),
        clock,
        environment,
    ))
}
