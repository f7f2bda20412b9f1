//! The promises that cross crates, in one binary.

mod algebra;
mod clock_steps;
mod conformance;
mod extensions;
mod retries;
mod simulation;
mod store_simulation;
mod witnesses;
