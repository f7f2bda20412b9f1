//! Checks whether a function can be called, without calling it.

use std::error::Error;
use std::time::Duration;

use aws_sdk_lambda::Config;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::types::InvocationType;
use concord_protocol::{FunctionTarget, InvokeError};

use super::errors;
use super::functions::{Functions, LAMBDA_CONNECT_TIMEOUT};

/// The most times that the dry run is sent.
const CHECK_ATTEMPTS_MAX: u32 = 3;

/// The longest time that all attempts may take together.
const CHECK_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a function cannot be called. Each variant needs another action of the caller.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// No function has this name, or the function has no such version or alias.
    #[error("there is no such function: {message}")]
    Unknown {
        /// The message of Lambda.
        message: String,
    },
    /// The name is not a valid name of a function, or the function cannot be called in this way.
    #[error("Lambda refused: {code}: {message}")]
    Invalid {
        /// The error code.
        code: String,
        /// The message of Lambda.
        message: String,
    },
    /// The caller has no permission to call the function, or the credentials are not valid.
    #[error("Lambda refused: {code}: {message}")]
    Denied {
        /// The error code.
        code: String,
        /// The message of Lambda.
        message: String,
    },
    /// Lambda could not be reached, or its response was not usable.
    #[error("cannot reach Lambda")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}

impl Functions {
    /// Asks Lambda whether a call of the function would be accepted.
    ///
    /// # Errors
    /// When Lambda would not accept the call, or does not respond.
    pub async fn check(&self, target: &FunctionTarget<'_>) -> Result<(), CheckError> {
        // A dry run starts nothing, so the SDK may send it again after any error.
        let timeouts = TimeoutConfig::builder().connect_timeout(LAMBDA_CONNECT_TIMEOUT);
        let settings = Config::builder()
            .retry_config(RetryConfig::standard().with_max_attempts(CHECK_ATTEMPTS_MAX))
            .timeout_config(timeouts.operation_timeout(CHECK_TIMEOUT).build());
        let request = self
            .client(target.region)
            .invoke()
            .function_name(target.name)
            .set_qualifier(target.qualifier.map(str::to_owned))
            .invocation_type(InvocationType::DryRun)
            .customize()
            .config_override(settings);
        let error = match self.runtime.spawn(request.send()).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error,
            Err(panicked) => return Err(CheckError::Unreachable(Box::new(panicked))),
        };
        let message = error.as_service_error().and_then(ProvideErrorMetadata::message).map(str::to_owned);
        match errors::classify(&error) {
            InvokeError::Refused { code } => Err(refused(code, message.unwrap_or_default())),
            // With an error code, Lambda itself is busy. Without one, the response may come from a gateway.
            InvokeError::Throttled if error.code().is_some() => Ok(()),
            _ => Err(CheckError::Unreachable(Box::new(error))),
        }
    }
}

fn refused(code: String, message: String) -> CheckError {
    match code.as_str() {
        "ResourceNotFoundException" => CheckError::Unknown { message },
        "InvalidParameterValueException" | "ValidationException" | "InvalidRequestContentException" => {
            CheckError::Invalid { code, message }
        }
        _ => CheckError::Denied { code, message },
    }
}
