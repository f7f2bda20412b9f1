//! The ports on SQLite: queue, jobs, outcomes and change feed in one file. Knows nothing of workers, aggregators or
//! threads that run copies.

mod enqueue;
mod feed;
mod goldens;
mod jobs;
mod open;
mod outcomes;
mod owners;
mod queue;
mod receipts;
mod rows;
mod selection;
#[expect(
    clippy::module_inception,
    reason = "the folder is named after the struct that all its files are about"
)]
mod store;
mod tallies;
mod writer;

pub use open::OpenError;
pub(crate) use selection::QueueSelection;
pub use store::Store;
