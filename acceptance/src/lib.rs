//! Promises that cross crates.
//!
//! Owns an adapter of all ports in memory, the conformance checks that every adapter has to pass, and a simulation of
//! a whole fleet, on the production worker and aggregator, which replays from one seed. Nothing that is shipped knows
//! this crate, and it knows no adapter but its own: the tests hand the others in.

pub mod conformance;
mod memory;
pub mod simulation;

pub use memory::Memory;
