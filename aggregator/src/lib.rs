//! Changes become a tally, a verdict and an announcement.
//!
//! Knows the words and ports of `concord-protocol`, and what `concord-explain` says of outcomes. Knows no stream, no table, no SQLite, no Lambda, and nothing of
//! the worker. It keeps nothing between two calls: all that it knows is in the ledger, so it may be killed between
//! any two lines, run twice at once, and be fed any change again.

mod aggregator;
mod examine;
#[cfg(feature = "lambda")]
pub mod lambda;
mod separation;

pub use aggregator::{Aggregator, GIVEN_UP, Ledger};
pub use separation::IsSeparated;
