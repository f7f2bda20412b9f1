//! Converts errors of AWS requests into errors of the ports.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use concord_protocol::ports::{PortError, PortResult};

/// The codes of temporary errors. A response with status 5xx is temporary too, whatever its code.
const TEMPORARY: [&str; 9] = [
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

/// An error of an AWS request, with its code and message.
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
        (None, None) => "no response".to_owned(),
    }
}

/// The error of the port for a request whose last attempt failed.
pub(crate) fn port<E>(operation: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> PortError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    move |error| {
        let is_temporary = match &error {
            SdkError::ServiceError(service) => {
                service.raw().status().is_server_error()
                    || error.code().is_some_and(|code| TEMPORARY.contains(&code))
            }
            SdkError::ConstructionFailure(_) => false,
            // There was no connection, or no complete response in time.
            _ => true,
        };
        let (code, message) = (error.code().map(str::to_owned), error.message().map(str::to_owned));
        let error = Box::new(AwsError { operation, code, message, source: Box::new(error) });
        if is_temporary { PortError::Transient(error) } else { PortError::Permanent(error) }
    }
}

/// Whether the condition of a conditional write was true, from the result of its request.
pub(crate) fn condition_held<T, E>(
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
