use super::fleet::SimulatedFleet;
use super::report::{SimulationReport, SimulationSettings};

/// Simulates the fleet of a seed. The same seed and settings give the same report.
#[must_use]
pub fn simulate(seed: u64, settings: SimulationSettings) -> SimulationReport {
    let mut fleet = SimulatedFleet::new(seed, settings);
    let violation = fleet.live().err();
    fleet.report(seed, violation)
}
