//! The fleet on one machine: the ports on SQLite, and what plays queue delivery and the change feed.
//!
//! Alone in knowing SQLite, the store's file and its locks. Knows nothing of AWS, of the command line, or of what a
//! calculation does. The worker and the aggregator decide whether a job is reproducible; this crate does not. The
//! store never knows the fleet.

mod fleet;
mod locked;
mod store;

pub use fleet::{FleetSettings, LocalFleet, RemoteJobs, catch_up, up_to_date};
pub use store::{
    Damage, DamagedStore, LockHolder, LockWait, OpenError, Opening, StillLocked, Store, StoreCheck,
    TransactionGate,
};
