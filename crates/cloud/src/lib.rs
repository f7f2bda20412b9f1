//! Implements the ports with SQS, DynamoDB, S3 and Lambda.
//!
//! Owns how the table stores jobs, outcomes and tallies (only `item.rs` knows the shape of the table), and the messages
//! of the queues. Knows the words and ports of `concord-protocol`, and the AWS SDK. Does not know the worker, the
//! aggregator, the Lambda runtime or the command line. Only the AWS SDK reads environment variables, for its own
//! settings.

mod access;
#[cfg(feature = "lambda")]
mod announcer;
mod aws_error;
mod blobs;
mod create;
mod deadlines;
mod enqueued;
#[cfg(feature = "lambda")]
mod events;
mod golden;
mod index;
#[cfg(feature = "invoke")]
mod invoke;
mod item;
mod ledger;
#[cfg(feature = "lambda")]
mod log;
mod message;
mod outcomes;
#[cfg(feature = "lambda")]
mod quarantine;
mod queue;
mod refold;
mod tallies;

pub use access::{Access, sdk_config};
#[cfg(feature = "lambda")]
pub use announcer::{Announcer, EVENT_DETAIL_TYPE, EVENT_SOURCE, METRIC_NAMESPACE};
pub use aws_error::AwsError;
pub use deadlines::DeadlineQueue;
#[cfg(feature = "lambda")]
pub use events::{
    BatchItemFailure, BatchReply, EventError, FunctionEvent, MessageContent, QueueMessage, StreamRecord,
    log_error,
};
#[cfg(feature = "invoke")]
pub use invoke::{CheckError, Functions, REQUEST_BYTES_MAX};
pub use item::BY_STATUS;
pub use item::change::{StreamChange, stream_changes};
pub use ledger::{DynamoLedger, LedgerSettings};
#[cfg(feature = "lambda")]
pub use log::exit_with_error;
pub use message::{CopyMessage, DeadlineMessage, MessageError};
#[cfg(feature = "lambda")]
pub use quarantine::QuarantineQueue;
pub use queue::{SqsQueue, trace_header};
