//! Converts errors of the SDK into the [`InvokeError`] for the caller.

use std::error::Error;

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation;
use concord_protocol::InvokeError;

/// The error codes of temporary refusals: there are too many calls, a network interface or address is not ready yet, or
/// the function is being created, updated or restored
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

/// The [`InvokeError`] for an error of the SDK.
pub(super) fn classify(error: &SdkError<operation::invoke::InvokeError, HttpResponse>) -> InvokeError {
    match error {
        SdkError::ServiceError(context) => {
            from_response(context.err().code(), context.raw().status().as_u16())
        }
        SdkError::ResponseError(context) if context.raw().status().is_success() => InvokeError::Disconnected,
        // The body of the response cannot be parsed, for example because a gateway sent a page. The status is enough.
        SdkError::ResponseError(context) => from_response(None, context.raw().status().as_u16()),
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(connector) => without_response(connector),
            None => InvokeError::Disconnected,
        },
        SdkError::ConstructionFailure(_) => InvokeError::NotSent,
        _ => InvokeError::Disconnected,
    }
}

/// The error for a response with this HTTP status and this error code, if it has one.
fn from_response(code: Option<&str>, status: u16) -> InvokeError {
    let is_throttling = code.is_some_and(|code| THROTTLING_CODES.contains(&code));
    match (code, status) {
        _ if is_throttling => InvokeError::Throttled,
        // Status 500 is not throttling: Lambda failed internally, and the function may have run.
        (_, 429) | (None | Some("ServiceException"), 502 | 503) => InvokeError::Throttled,
        (Some(code), _) => InvokeError::Refused { code: code.to_owned() },
        (None, status) => InvokeError::Status { status, log_tail: Vec::new() },
    }
}

/// The error for a call without a response.
fn without_response(error: &ConnectorError) -> InvokeError {
    // The only timeout of the connector is that for connecting.
    if error.is_timeout() {
        return InvokeError::NotConnected;
    }
    match source::<hyper_util::client::legacy::Error>(error) {
        Some(error) if error.is_connect() => InvokeError::NotConnected,
        Some(_) => InvokeError::Disconnected,
        None if error.is_io() => InvokeError::Disconnected,
        // The request did not reach the HTTP client, for example because there were no credentials.
        None => InvokeError::NotSent,
    }
}

/// The first error of type `E` in the chain of `error` and its sources.
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
    fn only_a_call_that_cannot_have_started_is_throttling() {
        let check = |code: Option<&str>, status, expect: &str| {
            assert_eq!(from_response(code, status).to_string(), expect, "{code:?} {status}");
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
