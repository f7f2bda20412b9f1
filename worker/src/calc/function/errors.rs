//! What a call that Lambda did not answer with a reply means for whoever called.

use std::error::Error;
use std::fmt;

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError;

/// Refusals to start a function which pass: too many calls, network interfaces or addresses that are not there yet, a
/// function that is being created, updated or restored
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

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Lambda did not start it, and may do so later.
    Throttled,
    /// Nothing was sent: there was no connection.
    NotConnected,
    /// The request was sent, and no answer came: the function may have run.
    BrokenOff,
    /// Lambda refused, for good.
    Refused {
        /// The error code.
        code: String,
    },
    /// Lambda answered with a status that says no more.
    Status(u16),
    /// The request was not made: no credentials, no such endpoint.
    NotSent,
}

impl Trouble {
    pub(super) fn of(error: &SdkError<InvokeError, HttpResponse>) -> Self {
        match error {
            SdkError::ServiceError(context) => {
                Self::answered(context.err().code(), context.raw().status().as_u16())
            }
            SdkError::ResponseError(context) if context.raw().status().is_success() => Self::BrokenOff,
            // An error whose text cannot be read, such as a gateway's page: its status says enough.
            SdkError::ResponseError(context) => Self::answered(None, context.raw().status().as_u16()),
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(connector) => Self::not_answered(connector),
                None => Self::BrokenOff,
            },
            SdkError::ConstructionFailure(_) => Self::NotSent,
            _ => Self::BrokenOff,
        }
    }

    fn answered(code: Option<&str>, status: u16) -> Self {
        let passes = code.is_some_and(|code| THROTTLING_CODES.contains(&code));
        match (code, status) {
            _ if passes => Self::Throttled,
            // A 500 is not among them: Lambda failed inside, and the function may have run.
            (_, 429) | (None | Some("ServiceException"), 502 | 503) => Self::Throttled,
            (Some(code), _) => Self::Refused { code: code.to_owned() },
            (None, status) => Self::Status(status),
        }
    }

    fn not_answered(error: &ConnectorError) -> Self {
        // Only connecting has a timeout of its own.
        if error.is_timeout() {
            return Self::NotConnected;
        }
        match source::<hyper_util::client::legacy::Error>(error) {
            Some(error) if error.is_connect() => Self::NotConnected,
            Some(_) => Self::BrokenOff,
            // It never came to the HTTP client: credentials, for one.
            None if error.is_io() => Self::BrokenOff,
            None => Self::NotSent,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled => formatter.write_str("function throttled"),
            Self::NotConnected => formatter.write_str("no connection to Lambda"),
            Self::BrokenOff => formatter.write_str("the connection to Lambda broke off before the reply"),
            Self::Refused { code } => write!(formatter, "Lambda refused: {code}"),
            Self::Status(status) => write!(formatter, "Lambda answered with status {status}"),
            Self::NotSent => formatter.write_str("the call could not be made: credentials or endpoint"),
        }
    }
}

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
            assert_eq!(Trouble::answered(code, status).to_string(), expect, "{code:?} {status}");
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
