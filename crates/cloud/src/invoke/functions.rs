use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{Builder, Region, StalledStreamProtectionConfig};
use aws_sdk_lambda::operation::invoke::builders::InvokeFluentBuilder;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, LogType};
use bytes::Bytes;
use concord_protocol::ports::InvokeFunction;
use concord_protocol::{FunctionReply, Invocation, InvokeError};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout_at};

use super::backoff::backoff;
use super::{errors, reply};

/// The most bytes of a payload: the quota of Lambda for a synchronous request
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>: "6 MB each for request and response").
pub const REQUEST_BYTES_MAX: usize = 6 * 1024 * 1024;

/// The longest time that one attempt to connect may take.
pub(super) const LAMBDA_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The number of consecutive failed attempts to connect after which a call fails. Throttling has no such bound: it is
/// retried until the timeout of the call.
const CONNECTS_MAX: u32 = 5;

/// Calls Lambda functions.
pub struct Functions {
    pub(super) runtime: Handle,
    config: Builder,
    clients: Mutex<HashMap<String, Client>>,
}

impl Functions {
    /// Uses the settings of `config`, except its region, retries and timeouts. Calls run on `runtime`.
    #[must_use]
    pub fn new(runtime: Handle, config: &SdkConfig) -> Self {
        // A function may send nothing while it runs, so only the timeout of the call ends the wait. This crate decides
        // which calls are sent again, and not the SDK, because the SDK also sends calls again whose connection was
        // closed half-way.
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(LAMBDA_CONNECT_TIMEOUT)
            .disable_read_timeout()
            .disable_operation_attempt_timeout()
            .disable_operation_timeout();
        let config = Builder::from(config)
            .timeout_config(timeouts.build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::disabled());
        Self { runtime, config, clients: Mutex::default() }
    }

    /// The client for a region. It is created at the first use.
    pub(super) fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || {
            let region = Region::new(region.to_owned());
            Client::from_conf(self.config.clone().region(region).build())
        };
        clients.entry(region.to_owned()).or_insert_with(made).clone()
    }
}

impl InvokeFunction for Functions {
    async fn invoke_function(&self, invocation: Invocation<'_>) -> Result<FunctionReply, InvokeError> {
        let Invocation { target, payload, timeout } = invocation;
        if payload.len() > REQUEST_BYTES_MAX {
            return Err(InvokeError::PayloadTooLarge { bytes_max: REQUEST_BYTES_MAX });
        }
        let request = self
            .client(target.region)
            .invoke()
            .function_name(target.name)
            .set_qualifier(target.qualifier.map(str::to_owned))
            .invocation_type(InvocationType::RequestResponse)
            .log_type(LogType::Tail)
            // All copies of a job share these bytes.
            .payload(Blob::from_maybe_shared(Bytes::from_owner(payload)));
        let call = self.runtime.spawn(call(request, timeout));
        let _aborts = AbortOnDrop(call.abort_handle());
        call.await.unwrap_or(Err(InvokeError::Panicked))
    }
}

/// Aborts the call when the caller drops its future.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends the request. Sends it again if the function cannot have started, until there is a reply or a permanent error.
async fn call(request: InvokeFluentBuilder, timeout: Duration) -> Result<FunctionReply, InvokeError> {
    let deadline = Instant::now() + timeout;
    let (mut connects, mut tries) = (0, 0);
    loop {
        let Ok(sent) = timeout_at(deadline, request.clone().send()).await else {
            return Err(InvokeError::TimedOut(timeout));
        };
        let error = match sent {
            Ok(output) => return reply::reply(output),
            Err(error) => errors::classify(&error),
        };
        connects = if error == InvokeError::NotConnected { connects + 1 } else { 0 };
        let is_sent_again = error == InvokeError::Throttled || (1..CONNECTS_MAX).contains(&connects);
        if !is_sent_again || timeout_at(deadline, sleep(backoff(tries))).await.is_err() {
            return Err(error);
        }
        tries = tries.saturating_add(1);
    }
}
