//! The simulation of a whole fleet from one seed, on the production worker and aggregator.
//!
//! Every port call yields before and after it acts. So the scheduler can choose, by the seed, which task continues.
//! It kills a process between any two calls, stops it for a while, sets its wall clock, makes a call fail before or after
//! it acted, delivers messages and changes late, twice and out of order, and lets time pass. Then the faults end, and the
//! fleet comes to rest. The verdict of each job is compared with `facts`, which knows every recorded outcome and shares no
//! code with the fold. The store is one in memory, or any other [`SimulatedStore`].

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
mod process;
mod report;
mod rest;
mod run;
mod sabotage;
mod search;
mod store;
mod tasks;
mod world;

pub use counts::{CallPoint, Count, Counts};
pub use report::{SimulationReport, SimulationSettings};
pub use run::{simulate, simulate_on};
pub use sabotage::Sabotage;
pub use search::{SeedsReport, simulate_all, simulate_each};
pub use store::SimulatedStore;
