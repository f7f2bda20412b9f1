//! One copy becomes one outcome.
//!
//! Knows the words and ports of `concord-protocol` and the calculations that it runs. Knows no queue, no table, no SQLite,
//! no AWS, no async runtime and nothing of the aggregator: its caller hands in a
//! [`Delivery`](concord_protocol::ports::Delivery) and does with the message what the [`Disposition`] says. The feature
//! `lambda` adds the Lambda function.
//!
//! A worker of your own needs no more than this library: a type that implements [`Calculate`], and the ports of the place
//! where outcomes are recorded.
//!
//! ```
//! use concord_protocol::ports::{Clock, Delivery, ReadJob, ReadPayload, RecordOutcome, WriteOutput};
//! use concord_worker::{Calculate, CalculationError, Disposition, Output, System, Task, Variables, Worker};
//!
//! /// Counts the bytes of the payload.
//! struct Count;
//!
//! impl Calculate for Count {
//!     async fn calculate(&self, task: Task) -> Result<Output, CalculationError> {
//!         let bytes = task.payload.bytes().len().to_string().into_bytes();
//!         Ok(Output { bytes, ..Output::default() })
//!     }
//! }
//!
//! /// Runs one copy. `ledger` and `clock` are the caller's.
//! async fn run<L, K>(ledger: L, clock: K, delivery: &Delivery) -> Result<Disposition, Box<dyn std::error::Error>>
//! where
//!     L: ReadJob + ReadPayload + WriteOutput + RecordOutcome + Sync,
//!     K: Clock,
//! {
//!     let environment = concord_worker::environment("my-worker-1".to_owned(), &System::new(Variables::default()));
//!     let ends_at = clock.now().plus_ms(60_000);
//!     Ok(Worker::new(ledger, Count, clock, environment).handle(delivery, ends_at).await?)
//! }
//! ```
//!
//! With the feature `lambda`, one more line makes it a Lambda function:
//! `concord_worker::lambda::serve(settings, |_, _| Ok::<_, lambda_runtime::Error>(Count))`.

pub mod calc;
mod digested;
mod environment;
mod kept;
#[cfg(feature = "lambda")]
pub mod lambda;
mod memory;
mod payloads;
mod run;
mod worker;

pub use calc::{
    ArtifactPatternError, ArtifactPatterns, BuiltIn, Calculate, CalculationError, CollectError, NoFunctions,
    Output, ProducedArtifact, Runs, Task, read_artifacts,
};
pub use digested::Digested;
pub use environment::{System, Variables, environment, unseen};
pub use kept::{FOLDERS_MAX, FOLDERS_PER_CLASS_MAX, KeptClass, KeptFolder, KeptFolders};
pub use payloads::Payload;
pub use worker::{Disposition, Worker};
