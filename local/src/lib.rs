//! The fleet on one machine: the ports on SQLite, and the conductor that plays queue delivery and the change feed.
//!
//! Alone in knowing SQLite, the store's file and its locks. Knows nothing of AWS, of the command line, or of what a
//! calculation does. Whether a job is reproducible is decided by the worker and the aggregator, not here.

mod conductor;
mod feed;
mod golden;
mod intake;
mod jobs;
mod lane;
mod open;
mod outcomes;
mod owners;
mod queue;
mod rows;
mod store;
mod tallies;
mod unwritten;
mod writer;

pub use conductor::{Conductor, Elsewhere, Settings, catch_up};
pub use jobs::{Found, Listed};
pub use open::OpenError;
pub use store::Store;
