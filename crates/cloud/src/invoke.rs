//! Calls existing AWS Lambda functions: sends the payload, and returns the reply.
//!
//! Does not know jobs and copies. A call runs on the async runtime that [`Functions::new`] receives; the caller may
//! await it on any executor.
//!
//! Invariants:
//! - The bytes of the payload and of the reply are not changed.
//! - A call is sent again only if the function cannot have started: there was no connection, or Lambda throttled. After
//!   any other error the function may have run, so the call counts as an attempt of the copy.
//! - Dropping the future of a call closes its connection. The function continues in AWS until it ends, and its reply is
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
