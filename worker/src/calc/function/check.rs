//! Whether a function can be called, found out without calling it.

use std::error::Error;
use std::time::Duration;

use aws_sdk_lambda::Config;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::types::InvocationType;

use super::errors::Trouble;
use super::{CONNECT_TIMEOUT, Functions, Target};

/// Times that the question is asked before there is no answer.
const CHECK_ATTEMPTS_MAX: u32 = 3;

/// How long an answer may take, with all attempts.
const CHECK_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a function cannot be called, named by what whoever asked does next.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// There is none of this name, or no such version or alias.
    #[error("there is no such function: {message}")]
    Unknown {
        /// What Lambda said.
        message: String,
    },
    /// It cannot be a function's name, or the function cannot be called so.
    #[error("Lambda refused: {code}: {message}")]
    Invalid {
        /// The error code.
        code: String,
        /// What Lambda said.
        message: String,
    },
    /// Whoever asks may not call it, or is not known.
    #[error("Lambda refused: {code}: {message}")]
    Denied {
        /// The error code.
        code: String,
        /// What Lambda said.
        message: String,
    },
    /// Lambda was not reached, or gave no usable answer.
    #[error("cannot reach Lambda")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}

impl Functions {
    /// Asks Lambda whether a call of the function would be accepted.
    ///
    /// # Errors
    /// When it would not, or nobody answers.
    pub async fn check(&self, target: &Target<'_>) -> Result<(), Unusable> {
        // The question starts nothing, so the SDK may ask it again whatever came back.
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT);
        let patient = Config::builder()
            .retry_config(RetryConfig::standard().with_max_attempts(CHECK_ATTEMPTS_MAX))
            .timeout_config(timeouts.operation_timeout(CHECK_TIMEOUT).build());
        let request = self
            .client(target.region)
            .invoke()
            .function_name(target.name)
            .set_qualifier(target.qualifier.map(str::to_owned))
            .invocation_type(InvocationType::DryRun)
            .customize()
            .config_override(patient);
        let error = match self.runtime.spawn(request.send()).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error,
            Err(panicked) => return Err(Unusable::Unreachable(Box::new(panicked))),
        };
        let said = error.as_service_error().and_then(ProvideErrorMetadata::message).map(str::to_owned);
        match Trouble::of(&error) {
            Trouble::Refused { code } => Err(refused(code, said.unwrap_or_default())),
            // Lambda itself is busy; without a code it may be anybody who is.
            Trouble::Throttled if error.code().is_some() => Ok(()),
            _ => Err(Unusable::Unreachable(Box::new(error))),
        }
    }
}

fn refused(code: String, message: String) -> Unusable {
    match code.as_str() {
        "ResourceNotFoundException" => Unusable::Unknown { message },
        "InvalidParameterValueException" | "ValidationException" | "InvalidRequestContentException" => {
            Unusable::Invalid { code, message }
        }
        _ => Unusable::Denied { code, message },
    }
}
