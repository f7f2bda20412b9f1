//! All ports in memory: the reference that other adapters are compared with, and the store of the simulation.

mod feed;
mod ledger;
mod messages;
mod queue;
mod state;

pub use state::Memory;
