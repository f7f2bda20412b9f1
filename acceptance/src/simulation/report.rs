use std::fmt;

use super::counts::Counts;
use super::sabotage::Sabotage;

/// The settings of a simulation.
#[derive(Clone, Copy, Debug, Default)]
pub struct SimulationSettings {
    /// A deliberate mistake that the checks have to find.
    pub sabotage: Option<Sabotage>,
    /// Whether every event is recorded.
    pub traced: bool,
}

/// The result of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulationReport {
    /// The seed.
    pub seed: u64,
    /// The first broken promise, if any.
    pub violation: Option<String>,
    /// How often each event happened.
    pub counts: Counts,
    /// The events, one in each line. Empty unless the settings ask for a trace.
    pub trace: Vec<String>,
}

impl fmt::Display for SimulationReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.violation {
            None => write!(formatter, "seed {}: every promise was kept", self.seed),
            Some(violation) => write!(
                formatter,
                "seed {}: {violation}\nto see every event: cargo run -p concord-acceptance --bin replay -- {}",
                self.seed, self.seed
            ),
        }
    }
}
