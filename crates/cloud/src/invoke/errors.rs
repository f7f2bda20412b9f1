//! What it means for the caller that Lambda gave no reply.

use std::error::Error;

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation;
use concord_protocol::InvokeError;

/// Error codes of refusals that pass: too many calls, network interfaces or addresses that are not there yet, a function
/// that is being created, updated or restored
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>, "Errors").
const THROTTLING_CODES: [&str; 12] = [
    "TooManyRequestsException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "EC2ThrottledException",
    "ENILimitReachedException",
    "SubnetIPAddressLimitReachedException",
    "ResourceNotReadyException",
    "ResourceConflictException",
    "SnapStartNotReadyException",
];

/// What an error of the SDK means for the caller.
pub(super) fn classify(error: &SdkError<operation::invoke::InvokeError, HttpResponse>) -> InvokeError {
    match error {
        SdkError::ServiceError(context) => answered(context.err().code(), context.raw().status().as_u16()),
        SdkError::ResponseError(context) if context.raw().status().is_success() => InvokeError::Disconnected,
        // An error whose text cannot be read, such as a gateway's page: its status says enough.
        SdkError::ResponseError(context) => answered(None, context.raw().status().as_u16()),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(connector) => not_answered(connector),
            None => InvokeError::Disconnected,
        },
        SdkError::ConstructionFailure(_) => InvokeError::NotSent,
        _ => InvokeError::Disconnected,
    }
}

/// What an error with this code, if it has one, and this HTTP status means.
fn answered(code: Option<&str>, status: u16) -> InvokeError {
    let is_throttling = code.is_some_and(|code| THROTTLING_CODES.contains(&code));
    match (code, status) {
        _ if is_throttling => InvokeError::Throttled,
        // A 500 is not throttling: Lambda failed inside, and the function may have run.
        (_, 429) | (None | Some("ServiceException"), 502 | 503) => InvokeError::Throttled,
        (Some(code), _) => InvokeError::Refused { code: code.to_owned() },
        (None, status) => InvokeError::Status { status, log_tail: Vec::new() },
    }
}

/// What an error means after which there was no answer.
fn not_answered(error: &ConnectorError) -> InvokeError {
    // Only connecting has a timeout of its own.
    if error.is_timeout() {
        return InvokeError::NotConnected;
    }
    match source::<hyper_util::client::legacy::Error>(error) {
        Some(error) if error.is_connect() => InvokeError::NotConnected,
        Some(_) => InvokeError::Disconnected,
        None if error.is_io() => InvokeError::Disconnected,
        // The request did not reach the HTTP client: there were no credentials, for example.
        None => InvokeError::NotSent,
    }
}

/// The first error of type `E` among `error` and its sources.
fn source<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_have_started_is_throttling() {
        let check = |code: Option<&str>, status, expect: &str| {
            assert_eq!(answered(code, status).to_string(), expect, "{code:?} {status}");
        };
        check(Some("TooManyRequestsException"), 429, "function throttled");
        check(None, 429, "function throttled");
        check(Some("EC2ThrottledException"), 502, "function throttled");
        check(Some("ENILimitReachedException"), 502, "function throttled");
        check(Some("ServiceException"), 503, "function throttled");
        check(None, 502, "function throttled");
        check(Some("ServiceException"), 500, "Lambda refused: ServiceException");
        check(None, 504, "Lambda answered with status 504");
        check(Some("AccessDeniedException"), 403, "Lambda refused: AccessDeniedException");
        check(Some("KMSAccessDeniedException"), 502, "Lambda refused: KMSAccessDeniedException");
    }
}
