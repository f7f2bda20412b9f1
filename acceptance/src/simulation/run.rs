use std::sync::Arc;

use concord_testkit::TestClock;

use super::fleet::SimulatedFleet;
use super::report::{SimulationReport, SimulationSettings};
use super::store::SimulatedStore;
use crate::Memory;

/// Simulates the fleet of a seed on a store in memory. The same seed and settings give the same report.
#[must_use]
pub fn simulate(seed: u64, settings: SimulationSettings) -> SimulationReport {
    simulate_on(seed, settings, |clock| Memory::new(Arc::new(clock.clone())))
}

/// Simulates the fleet of a seed on the empty store that `store` gives for a clock.
#[must_use]
pub fn simulate_on<S: SimulatedStore>(
    seed: u64,
    settings: SimulationSettings,
    store: impl FnOnce(&TestClock) -> S,
) -> SimulationReport {
    let mut fleet = SimulatedFleet::new(seed, settings, store);
    let violation = fleet.live().err();
    fleet.report(seed, violation)
}
