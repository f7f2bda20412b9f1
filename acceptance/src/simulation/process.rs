use std::sync::Arc;

use concord_protocol::{Environment, Facts};
use concord_testkit::TestClock;

use super::actors::SimulatedWorker;
use super::calculation::SimulatedCalculation;
use super::ports::SimulatedPorts;
use super::store::SimulatedStore;

/// A process that runs copies.
pub(super) struct WorkerProcess<S: SimulatedStore> {
    pub(super) worker: Arc<SimulatedWorker<S>>,
    pub(super) ports: SimulatedPorts<S>,
    /// The wall clock of its machine.
    pub(super) wall: TestClock,
}

impl<S: SimulatedStore> WorkerProcess<S> {
    /// Starts the process with this number. `start` is the number of processes that were started again before.
    pub(super) fn start(
        of_fleet: &SimulatedPorts<S>,
        wall: &TestClock,
        process: usize,
        start: usize,
    ) -> Self {
        let name = format!("process-{process}-{start}");
        let store = of_fleet.store.opened(&name, wall);
        let clock = store.clock(wall);
        let ports = SimulatedPorts { clock: Arc::clone(&clock), store, ..of_fleet.clone() };
        let environment = Environment { sandbox: name, identity: Facts::default(), facts: Facts::default() };
        let calculation = SimulatedCalculation { world: Arc::clone(&ports.world), clock: Arc::clone(&clock) };
        let ledger = SimulatedPorts { remembers: true, ..ports.clone() };
        let worker = SimulatedWorker::new(ledger, calculation, clock, environment);
        Self { worker: Arc::new(worker), ports, wall: wall.clone() }
    }

    /// Kills the process. None of its tasks is left.
    pub(super) fn kill(self) {
        let store = self.ports.store.clone();
        drop(self);
        store.killed();
    }
}
