//! The ports on SQLite: queue, jobs, outcomes and change feed in one file. Knows nothing of workers, aggregators or
//! threads that run copies.

mod changes;
mod check;
mod checksum;
mod damage;
mod enqueue;
mod feed;
mod goldens;
mod jobs;
mod lock_wait;
mod log;
mod message;
mod open;
mod opened;
mod opening;
mod outcome_rows;
mod outcomes;
mod owners;
mod owning;
mod queue;
mod rebase;
mod receipts;
mod rows;
mod selection;
mod states;
mod steady;
#[expect(
    clippy::module_inception,
    reason = "the folder is named after the struct that all its files are about"
)]
mod store;
mod tallies;
mod tally_rows;
mod transaction_gate;
mod writer;

pub use check::{Damage, StoreCheck};
pub use damage::DamagedStore;
pub use lock_wait::{LockHolder, LockWait, StillLocked};
pub use open::OpenError;
pub use opening::Opening;
pub(crate) use selection::QueueSelection;
pub use store::Store;
pub use transaction_gate::TransactionGate;
