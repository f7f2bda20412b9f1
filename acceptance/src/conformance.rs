//! What every adapter of the ports has to do, as checks that run on any of them.
//!
//! A check is a function over a [`Fixture`]. It panics when the adapter does not conform, and returns the error of a
//! port that failed. The checks are listed in `checks.rs`. A check that is not listed there is dead code, and the
//! compiler warns about it.

mod announcements;
mod checks;
mod embedded;
pub mod examples;
mod fairness;
mod feed;
mod fixture;
mod goldens;
mod index;
mod jobs;
mod outcomes;
mod outputs;
mod queue;
mod receipts;
mod states;
mod tallies;

pub use checks::assert_conforms;
pub use fixture::{AllPorts, FedChange, Fixture, Transport};
