//! The simulation of a whole fleet from one seed, on the production worker and aggregator.
//!
//! Every port call yields before and after it acts. So the scheduler can choose, by the seed, which task continues.
//! It kills a process between any two calls, makes a call fail before or after it acted, delivers messages and
//! changes late, twice and out of order, and lets time pass. Then the faults end, and the fleet comes to rest. The
//! verdict of each job is compared with `facts`, which knows every recorded outcome and shares no code with the fold.

mod actors;
mod calculation;
mod chance;
mod chaos;
mod counts;
mod facts;
mod fleet;
mod handled;
mod plan;
mod ports;
mod report;
mod rest;
mod run;
mod sabotage;
mod search;
mod tasks;
mod world;

pub use counts::{Count, Counts};
pub use report::{SimulationReport, SimulationSettings};
pub use run::simulate;
pub use sabotage::Sabotage;
pub use search::{SeedsReport, simulate_all};
