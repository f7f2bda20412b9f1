//! A calculation as an AWS Lambda function that exists: the payload is sent to it, its reply is the output.
//!
//! Knows nothing of jobs and copies. Needs an async runtime, but not to be driven by one: the call runs on the
//! runtime that [`Functions::new`] was given, and whoever wants the output may wait for it on any executor.
//!
//! What always holds:
//! - Payload and reply are bytes, and go through as they are.
//! - A call is sent again only when the function cannot have started: nothing was connected, or Lambda throttled.
//!   Whatever else breaks off may have run, and is an attempt of the copy.
//! - Whoever no longer waits drops the future: the connection is closed. The function goes on in AWS until its end,
//!   and its reply is lost.

mod check;
mod errors;
mod facts;
mod name;
mod reply;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{Builder, Region, StalledStreamProtectionConfig};
use aws_sdk_lambda::operation::invoke::builders::InvokeFluentBuilder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, LogType};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::{CalculationError, Output};
use errors::Trouble;

pub use check::Unusable;
pub use name::{FunctionName, FunctionNameError, parse_qualifier};

/// Bytes of a payload, at most: the quota of Lambda for a synchronous request
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>: "6 MB each for request and response").
pub const REQUEST_BYTES_MAX: usize = 6 * 1024 * 1024;

/// Bytes of a reply, at most: the same quota, with the 100 bytes more that Lambda's own error message names
/// ("Response payload size exceeded maximum allowed payload size (6291556 bytes)").
pub const REPLY_BYTES_MAX: usize = 6 * 1024 * 1024 + 100;

/// How long it may take to connect, once.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Times that a connection is tried in a row before that is a failure. Throttling has no such bound but the time
/// limit of the copy.
const CONNECTS_MAX: u32 = 5;

/// The longest wait before the second try; each further one may wait twice as long.
const BACKOFF: Duration = Duration::from_millis(100);

/// The longest wait before any try.
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// Which function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Its name or ARN, without a qualifier.
    pub name: &'a str,
    /// A version or an alias.
    pub qualifier: Option<&'a str>,
    /// The region that has it.
    pub region: &'a str,
}

/// Calls functions.
pub struct Functions {
    runtime: Handle,
    config: Builder,
    clients: Mutex<HashMap<String, Client>>,
}

impl Functions {
    /// Calls that go by `config`, except for its region, retries and timeouts, and run on `runtime`.
    #[must_use]
    pub fn new(runtime: Handle, config: Builder) -> Self {
        // A function may keep quiet for as long as it runs: only the time limit of the copy ends the wait. And what
        // is safe to send again is decided here, not by the SDK, which also sends again what broke off half-way.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .disable_read_timeout()
            .disable_operation_attempt_timeout()
            .disable_operation_timeout();
        let config = config
            .timeout_config(timeouts.build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::disabled());
        Self { runtime, config, clients: Mutex::default() }
    }

    /// The client of a region, made when it is first asked for.
    fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || {
            let region = Region::new(region.to_owned());
            Client::from_conf(self.config.clone().region(region).build())
        };
        clients.entry(region.to_owned()).or_insert_with(made).clone()
    }

    /// Calls a function once and gives its reply.
    ///
    /// # Errors
    /// When it failed, or there was no reply within `timeout`.
    pub async fn call(
        &self,
        target: &Target<'_>,
        payload: Blob,
        timeout: Duration,
    ) -> Result<Output, CalculationError> {
        if payload.as_ref().len() > REQUEST_BYTES_MAX {
            return Err(failed(format!("payload over the {REQUEST_BYTES_MAX} bytes that a function takes")));
        }
        let request = self
            .client(target.region)
            .invoke()
            .function_name(target.name)
            .set_qualifier(target.qualifier.map(str::to_owned))
            .invocation_type(InvocationType::RequestResponse)
            .log_type(LogType::Tail)
            .payload(payload);
        let call = self.runtime.spawn(call(request, timeout));
        let _ended = EndOnDrop(call.abort_handle());
        call.await.unwrap_or_else(|_| Err(failed("the call of the function panicked")))
    }
}

/// Ends the call of whoever no longer waits for it.
struct EndOnDrop(AbortHandle);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends the request until something other than a refusal to start comes back.
async fn call(request: InvokeFluentBuilder, timeout: Duration) -> Result<Output, CalculationError> {
    let deadline = Instant::now() + timeout;
    let (mut connects, mut tries) = (0, 0);
    loop {
        let Ok(sent) = timeout_at(deadline, request.clone().send()).await else {
            return Err(failed(format!("function was given up after its timeout of {timeout:?}")));
        };
        let trouble = match sent {
            Ok(reply) => return reply::output(reply),
            Err(error) => Trouble::of(&error),
        };
        connects = if trouble == Trouble::NotConnected { connects + 1 } else { 0 };
        let again = trouble == Trouble::Throttled || (1..CONNECTS_MAX).contains(&connects);
        if !again || timeout_at(deadline, sleep(backoff(tries))).await.is_err() {
            return Err(failed(trouble.to_string()));
        }
        tries = tries.saturating_add(1);
    }
}

/// How long to wait after so many tries: exponential, with full jitter
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>), so that copies which were throttled
/// together do not come back together.
fn backoff(tries: u32) -> Duration {
    let longest = BACKOFF.saturating_mul(1 << tries.min(16)).min(BACKOFF_MAX);
    // The keys of each hash map of this process are random: chance enough, and it decides nothing that is recorded.
    let chance = RandomState::new().hash_one(tries) >> 32;
    longest.mul_f64(f64::from(u32::try_from(chance).unwrap_or(u32::MAX)) / f64::from(u32::MAX))
}

fn failed(reason: impl Into<String>) -> CalculationError {
    CalculationError::Failed { reason: reason.into(), stderr_tail: Vec::new() }
}
