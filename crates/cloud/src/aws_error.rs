//! What a failed request means for whoever made it.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use concord_protocol::ports::{PortError, PortResult};

/// Codes of errors that pass, beside every answer of the 5xx kind.
const PASSING: [&str; 9] = [
    "ThrottlingException",
    "Throttling",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "TransactionConflictException",
    "TransactionInProgressException",
    "SlowDown",
    "ServiceUnavailable",
];

/// An error of AWS, with the code and the words that it gave.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {}", describe(.code.as_deref(), .message.as_deref()))]
pub struct AwsError {
    operation: &'static str,
    code: Option<String>,
    message: Option<String>,
    #[source]
    source: Box<dyn Error + Send + Sync>,
}

fn describe(code: Option<&str>, message: Option<&str>) -> String {
    match (code, message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(text), None) | (None, Some(text)) => text.to_owned(),
        (None, None) => "no answer".to_owned(),
    }
}

/// The port's error for a request that failed after all of its attempts.
pub(crate) fn port<E>(operation: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    move |error| {
        let passes = match &error {
            SdkError::ServiceError(service) => {
                service.raw().status().is_server_error()
                    || error.code().is_some_and(|code| PASSING.contains(&code))
            }
            SdkError::ConstructionFailure(_) => false,
            // No connection, no answer in time, or half of one.
            _ => true,
        };
        let (code, message) = (error.code().map(str::to_owned), error.message().map(str::to_owned));
        let fault = Box::new(AwsError { operation, code, message, source: Box::new(error) });
        if passes { PortError::Transient(fault) } else { PortError::Permanent(fault) }
    }
}

/// What a conditional write came to: whether its condition held.
pub(crate) fn held<T, E>(
    operation: &'static str,
    sent: Result<T, SdkError<E, HttpResponse>>,
) -> PortResult<bool>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match sent {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
        Err(error) => Err(port(operation)(error)),
    }
}
