//! One copy becomes one outcome.
//!
//! Knows the words and ports of `concord-protocol` and the calculations it runs. Knows no queue, no table, no SQLite,
//! nothing of the aggregator, and of AWS only how a function is called: whoever drives it hands in a
//! [`Delivery`](concord_protocol::ports::Delivery) and does with the message what the [`Disposition`] says.

pub mod calc;
mod environment;
#[cfg(feature = "lambda")]
pub mod lambda;
mod payloads;
mod run;
mod worker;

pub use calc::{BuiltIn, Calculate, CalculationError, Output, Runs, Task};
pub use environment::{System, Variables, environment, unseen};
pub use payloads::Payload;
pub use worker::{Disposition, Worker};
