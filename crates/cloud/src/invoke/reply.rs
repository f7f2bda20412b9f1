//! Converts the response to a call into the reply of the function.

use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use concord_protocol::limits::STDERR_TAIL_BYTES;
use concord_protocol::{FunctionReply, InvokeError};

use super::facts;

/// The most bytes of a reply: Lambda's quota for a synchronous call, plus 100 bytes. The error message of Lambda names
/// this number ("Response payload size exceeded maximum allowed payload size (6291556 bytes)").
pub(super) const REPLY_BYTES_MAX: usize = 6 * 1024 * 1024 + 100;

/// The HTTP status of a reply to a synchronous call. A function that failed has the same status.
const REPLIED: i32 = 200;

/// The most bytes that are kept of the type of a function's error.
const ERROR_TYPE_BYTES_MAX: usize = 100;

/// The reply in `output`, or the failure that `output` reports.
pub(super) fn reply(output: InvokeOutput) -> Result<FunctionReply, InvokeError> {
    let log_tail = log_tail(output.log_result());
    let bytes = output.payload().map_or(&[][..], AsRef::as_ref);
    if let Some(kind) = output.function_error() {
        let error = match error_type(bytes) {
            Some(error_type) => format!("{kind} {error_type}"),
            None => kind.to_owned(),
        };
        return Err(InvokeError::Failed { error, log_tail });
    }
    if output.status_code() != REPLIED {
        let status = u16::try_from(output.status_code()).unwrap_or_default();
        return Err(InvokeError::Status { status, log_tail });
    }
    if bytes.len() > REPLY_BYTES_MAX {
        return Err(InvokeError::ReplyTooLarge { bytes_max: REPLY_BYTES_MAX, log_tail });
    }
    let facts = facts::of(output.executed_version(), &log_tail);
    let bytes = output.payload.map_or_else(Vec::new, Blob::into_inner);
    Ok(FunctionReply { bytes, log_tail, facts })
}

/// The end of the log, decoded from base64. Empty when it cannot be decoded, because the reply matters more.
fn log_tail(log_result: Option<&str>) -> Vec<u8> {
    let mut log = STANDARD.decode(log_result.unwrap_or_default()).unwrap_or_default();
    log.split_off(log.len().saturating_sub(STDERR_TAIL_BYTES))
}

/// The type of the error, such as `ValueError`, from the reply of a function that failed. The message of the error is
/// left out: it names requests, times and addresses, so copies that failed in the same way would have different
/// reasons.
fn error_type(reply: &[u8]) -> Option<String> {
    let reply: serde_json::Value = serde_json::from_slice(reply).ok()?;
    let mut error_type = reply.get("errorType")?.as_str().filter(|text| !text.is_empty())?.to_owned();
    error_type.truncate(error_type.floor_char_boundary(ERROR_TYPE_BYTES_MAX));
    Some(error_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(status: i32, payload: &[u8]) -> InvokeOutput {
        InvokeOutput::builder().status_code(status).payload(Blob::new(payload)).build()
    }

    #[track_caller]
    fn fails(output: InvokeOutput, expect: &str) {
        assert_eq!(reply(output).unwrap_err().to_string(), expect);
    }

    #[test]
    fn the_output_has_the_same_bytes_as_the_reply() {
        let bytes = [0, 255, b'{', 0xc3];
        assert_eq!(reply(output(200, &bytes)).unwrap().bytes, bytes);
        assert_eq!(reply(output(200, b"")).unwrap().bytes, b"");
    }

    #[test]
    fn the_reason_of_a_failed_function_is_the_type_of_its_error() {
        let error = |payload: &str| {
            let mut output = output(200, payload.as_bytes());
            output.function_error = Some("Unhandled".to_owned());
            output
        };
        let python = r#"{"errorMessage":"id 17","errorType":"ValueError","stackTrace":[]}"#;
        fails(error(python), "function error: Unhandled ValueError");
        fails(error(r#"{"errorMessage":"id 17 Task timed out"}"#), "function error: Unhandled");
        fails(error("not JSON"), "function error: Unhandled");
        fails(error(r#"{"errorType":7}"#), "function error: Unhandled");
        let long = format!(r#"{{"errorType":"{}"}}"#, "ä".repeat(80));
        fails(error(&long), &format!("function error: Unhandled {}", "ä".repeat(50)));
    }

    #[test]
    fn other_statuses_and_too_large_replies_are_failures() {
        fails(output(202, b""), "Lambda answered with status 202");
        fails(output(204, b""), "Lambda answered with status 204");
        assert!(reply(output(200, &vec![0; REPLY_BYTES_MAX])).is_ok());
        fails(output(200, &vec![0; REPLY_BYTES_MAX + 1]), "reply over 6291556 bytes");
    }

    #[test]
    fn the_log_is_decoded_and_only_its_end_is_kept() {
        let check = |log: Option<&str>, expect: &[u8]| assert_eq!(log_tail(log), expect);
        check(None, b"");
        check(Some("U1RBUlQKRU5ECg=="), b"START\nEND\n");
        check(Some("not base 64!"), b"");
        let log = STANDARD.encode(["a".repeat(9), "b".repeat(STDERR_TAIL_BYTES)].concat());
        check(Some(&log), "b".repeat(STDERR_TAIL_BYTES).as_bytes());
    }
}
