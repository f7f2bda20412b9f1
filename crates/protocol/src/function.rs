//! A call of an AWS Lambda function: the request and the reply.

use std::sync::Arc;
use std::time::Duration;

use crate::Facts;

/// The function to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionTarget<'a> {
    /// Its name or ARN, without a qualifier.
    pub name: &'a str,
    /// A version or an alias; the latest version when absent.
    pub qualifier: Option<&'a str>,
    /// The region that has the function.
    pub region: &'a str,
}

/// One call of a function.
#[derive(Clone, Debug)]
pub struct Invocation<'a> {
    /// The function to call.
    pub target: FunctionTarget<'a>,
    /// The bytes for the function, unchanged.
    pub payload: Arc<[u8]>,
    /// How long to wait for the reply. All attempts to start the function count.
    pub timeout: Duration,
}

/// The reply of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionReply {
    /// The bytes of the reply, unchanged.
    pub bytes: Vec<u8>,
    /// The end of the function's log, at most [`crate::limits::STDERR_TAIL_BYTES`].
    pub log_tail: Vec<u8>,
    /// Facts that Lambda reports about the call, such as the version that ran.
    pub facts: Facts,
}

/// Why a call gave no reply. Equal failures of different copies have equal texts, so that failures can be grouped by
/// their text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// Lambda did not start the function. It may start it later.
    #[error("function throttled")]
    Throttled,
    /// Nothing was sent, because there was no connection.
    #[error("no connection to Lambda")]
    NotConnected,
    /// The request was sent, and no answer came. The function may have run.
    #[error("the connection to Lambda broke off before the reply")]
    Disconnected,
    /// The request was not made: the credentials or the endpoint are missing.
    #[error("the call could not be made: credentials or endpoint")]
    NotSent,
    /// Lambda refused the call for good.
    #[error("Lambda refused: {code}")]
    Refused {
        /// Lambda's error code.
        code: String,
    },
    /// Lambda answered with a status that no reply has.
    #[error("Lambda answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The end of the function's log; empty when the function did not run.
        log_tail: Vec<u8>,
    },
    /// The function ran and failed.
    #[error("function error: {error}")]
    Failed {
        /// The kind of the failure and the type of the error, such as `Unhandled ValueError`. The message of the
        /// error is left out, because it may differ from copy to copy.
        error: String,
        /// The end of the function's log.
        log_tail: Vec<u8>,
    },
    /// No reply came within the timeout of the call.
    #[error("function was given up after its timeout of {0:?}")]
    TimedOut(Duration),
    /// The payload is larger than a function accepts.
    #[error("payload over the {bytes_max} bytes that a function takes")]
    PayloadTooLarge {
        /// The largest number of bytes that a function accepts.
        bytes_max: usize,
    },
    /// The reply is larger than a function may return.
    #[error("reply over {bytes_max} bytes")]
    ReplyTooLarge {
        /// The largest number of bytes that a function may return.
        bytes_max: usize,
        /// The end of the function's log.
        log_tail: Vec<u8>,
    },
    /// The code that makes the call panicked.
    #[error("the call of the function panicked")]
    Panicked,
}

impl InvokeError {
    /// The end of the function's log; empty when it is unknown.
    #[must_use]
    pub fn into_log_tail(self) -> Vec<u8> {
        match self {
            Self::Status { log_tail, .. }
            | Self::Failed { log_tail, .. }
            | Self::ReplyTooLarge { log_tail, .. } => log_tail,
            _ => Vec::new(),
        }
    }
}
