//! Calls AWS Lambda functions that exist: the payload is sent, and the reply comes back.
//!
//! Knows nothing of jobs and copies. A call runs on the async runtime that [`Functions::new`] was given; the caller may
//! wait for it on any executor.
//!
//! What always holds:
//! - Payload and reply are bytes, and go through unchanged.
//! - A call is sent again only when the function cannot have started: there was no connection, or Lambda throttled. A
//!   call that broke off in any other way may have run, so it is an attempt of the copy.
//! - Dropping the future of a call closes its connection. The function goes on in AWS until its end, and its reply is
//!   lost.

mod backoff;
mod check;
mod errors;
mod facts;
mod functions;
mod reply;
#[cfg(test)]
mod tests;

pub use check::CheckError;
pub use functions::{Functions, REQUEST_BYTES_MAX};
