//! One copy becomes one outcome.
//!
//! Knows the words and ports of `concord-protocol` and the calculations it runs. Knows no queue, no table, no SQLite,
//! no Lambda, and nothing of the aggregator: whoever drives it hands in a [`Delivery`](concord_protocol::ports::Delivery)
//! and does with the message what the [`Disposition`] says.

pub mod calc;
mod environment;
mod payloads;
mod worker;

pub use calc::{BuiltIn, Calculate, CalculationError, Output, Runs, Task};
pub use environment::environment;
pub use payloads::Payload;
pub use worker::{Disposition, Worker};
