//! Promises that cross crates.
//!
//! Owns an adapter of all ports in memory, the conformance checks that every adapter has to pass, and the simulation
//! of a whole fleet. The simulation runs the production worker and aggregator, and replays from one seed. No shipped
//! crate depends on this one. This crate knows no adapter but its own; the tests pass in the others.

pub mod conformance;
mod memory;
pub mod simulation;

pub use memory::Memory;
