use std::fmt;

use super::counts::Counts;
use super::sabotage::Sabotage;

/// How the fleet of a seed is simulated.
#[derive(Clone, Copy, Debug, Default)]
pub struct SimulationSettings {
    /// A mistake in the adapter that the checks have to find.
    pub sabotage: Option<Sabotage>,
    /// Whether every event is written down.
    pub traced: bool,
}

/// The result of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulationReport {
    /// The seed.
    pub seed: u64,
    /// The first promise that was broken, if one was.
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
