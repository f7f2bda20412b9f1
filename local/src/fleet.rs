//! What a cloud does by itself, on one machine: delivers copies to workers, changes to the aggregator, and deadlines
//! to jobs. Drives the libraries of the worker and of the aggregator over the store.

mod byte_budget;
mod claim;
mod first_divergence;
#[expect(
    clippy::module_inception,
    reason = "the folder is named after the struct that all its files are about"
)]
mod fleet;
mod fold_feed;
mod maintenance;
mod prefetch;
mod remote;
mod run;
mod shared;
mod stopped;
mod worker_ledger;

pub use fleet::{FleetSettings, LocalFleet};
pub use fold_feed::{catch_up, up_to_date};
pub use remote::RemoteJobs;
