//! All ports in memory. The simulation stores its jobs here, and the conformance checks run on it first.

mod feed;
mod index;
mod ledger;
mod messages;
mod queue;
mod state;

pub use state::Memory;
