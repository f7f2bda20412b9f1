//! A whole fleet, simulated from one seed on the production worker and aggregator.
//!
//! Every port call yields before and after it acts. So the scheduler, which draws from the seed, chooses who goes on,
//! kills a process between any two calls, makes a call fail before or after it acted, delivers messages and changes
//! late, twice and out of order, and lets time pass. Then the faults end, the fleet comes to rest, and what it says of
//! each job is compared with `facts`, which know every outcome that was recorded and share no code with the fold.

mod actors;
mod calculation;
mod chance;
mod chaos;
mod counts;
mod facts;
mod fleet;
mod plan;
mod ports;
mod rest;
mod sabotage;
mod tasks;
mod world;

use std::fmt;

pub use counts::{Count, Counts};
pub use sabotage::Sabotage;

use fleet::Fleet;

/// How a seed is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    /// A mistake in the adapter that the checks have to find.
    pub sabotage: Option<Sabotage>,
    /// Whether what happens is written down.
    pub traced: bool,
}

/// What came of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The first promise that was broken, if one was.
    pub violation: Option<String>,
    /// How often what happened.
    pub counts: Counts,
    /// What happened, one event a line; empty unless it was asked for.
    pub trace: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.violation {
            None => write!(formatter, "seed {}: every promise was kept", self.seed),
            Some(violation) => write!(
                formatter,
                "seed {}: {violation}\nto see how: cargo run -p concord-acceptance --bin replay -- {}",
                self.seed, self.seed
            ),
        }
    }
}

/// Runs the fleet of a seed: the same seed and settings give the same report.
#[must_use]
pub fn simulate(seed: u64, settings: Settings) -> Report {
    let mut fleet = Fleet::new(seed, settings);
    let violation = fleet.live().err();
    fleet.report(seed, violation)
}
