//! Changes become a tally, a verdict and an announcement.
//!
//! Knows the words and ports of `concord-protocol`, and how `concord-explain` explains outcomes. Knows no stream, no table, no
//! SQLite, no Lambda, and nothing of the worker. It keeps nothing between two calls: everything is in the ledger, so it
//! may be killed between any two lines, run twice at once, and get any change again.

mod aggregator;
mod examine;
#[cfg(feature = "lambda")]
pub mod lambda;
mod separation;
mod witnesses;

pub use aggregator::{Aggregator, AggregatorLedger, GIVEN_UP};
pub use separation::IsSeparated;
