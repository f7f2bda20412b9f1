//! What a function answered.

use aws_sdk_lambda::operation::invoke::InvokeOutput;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use concord_protocol::limits::STDERR_TAIL_BYTES;

use super::{REPLY_BYTES_MAX, facts};
use crate::calc::{CalculationError, Output};

/// The status of a reply to a synchronous call; a function that failed has it too.
const REPLIED: i32 = 200;

/// Bytes of the type of a function's error that go into a reason, at most.
const ERROR_TYPE_BYTES_MAX: usize = 100;

/// The reply as output, or as the failure that it tells of.
pub(super) fn output(reply: InvokeOutput) -> Result<Output, CalculationError> {
    let stderr_tail = log_tail(reply.log_result());
    let failed = |reason: String, stderr_tail| Err(CalculationError::Failed { reason, stderr_tail });
    let bytes = reply.payload().map_or(&[][..], AsRef::as_ref);
    if let Some(kind) = reply.function_error() {
        let reason = match error_type(bytes) {
            Some(error_type) => format!("function error: {kind} {error_type}"),
            None => format!("function error: {kind}"),
        };
        return failed(reason, stderr_tail);
    }
    if reply.status_code() != REPLIED {
        return failed(format!("Lambda answered with status {}", reply.status_code()), stderr_tail);
    }
    if bytes.len() > REPLY_BYTES_MAX {
        return failed(format!("reply over {REPLY_BYTES_MAX} bytes"), stderr_tail);
    }
    let facts = facts::of(reply.executed_version(), &stderr_tail);
    let bytes = reply.payload.map_or_else(Vec::new, aws_sdk_lambda::primitives::Blob::into_inner);
    Ok(Output { bytes, stderr_tail, facts })
}

/// The end of the log, which comes in base 64. One that cannot be read is no reason to lose a reply.
fn log_tail(log_result: Option<&str>) -> Vec<u8> {
    let mut log = STANDARD.decode(log_result.unwrap_or_default()).unwrap_or_default();
    log.split_off(log.len().saturating_sub(STDERR_TAIL_BYTES))
}

/// The type of the error, such as `ValueError`, from the reply of a function that failed. Its message is left out:
/// messages name requests, times and addresses, and would tell apart what failed alike.
fn error_type(reply: &[u8]) -> Option<String> {
    let reply: serde_json::Value = serde_json::from_slice(reply).ok()?;
    let mut error_type = reply.get("errorType")?.as_str().filter(|text| !text.is_empty())?.to_owned();
    error_type.truncate(error_type.floor_char_boundary(ERROR_TYPE_BYTES_MAX));
    Some(error_type)
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::primitives::Blob;

    use super::*;

    fn reply(status: i32, payload: &[u8]) -> InvokeOutput {
        InvokeOutput::builder().status_code(status).payload(Blob::new(payload)).build()
    }

    #[track_caller]
    fn fails(reply: InvokeOutput, expect: &str) {
        match output(reply) {
            Err(CalculationError::Failed { reason, .. }) => assert_eq!(reason, expect),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn replies_are_outputs_byte_for_byte() {
        let bytes = [0, 255, b'{', 0xc3];
        assert_eq!(output(reply(200, &bytes)).unwrap().bytes, bytes);
        assert_eq!(output(reply(200, b"")).unwrap().bytes, b"");
    }

    #[test]
    fn a_function_that_failed_is_grouped_by_the_type_of_its_error() {
        let error = |payload: &str| {
            let mut reply = reply(200, payload.as_bytes());
            reply.function_error = Some("Unhandled".to_owned());
            reply
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
    fn other_statuses_and_oversized_replies_are_failures() {
        fails(reply(202, b""), "Lambda answered with status 202");
        fails(reply(204, b""), "Lambda answered with status 204");
        assert!(output(reply(200, &vec![0; REPLY_BYTES_MAX])).is_ok());
        fails(reply(200, &vec![0; REPLY_BYTES_MAX + 1]), "reply over 6291556 bytes");
    }

    #[test]
    fn the_log_is_decoded_and_its_end_is_kept() {
        let check = |log: Option<&str>, expect: &[u8]| assert_eq!(log_tail(log), expect);
        check(None, b"");
        check(Some("U1RBUlQKRU5ECg=="), b"START\nEND\n");
        check(Some("not base 64!"), b"");
        let log = STANDARD.encode(["a".repeat(9), "b".repeat(STDERR_TAIL_BYTES)].concat());
        check(Some(&log), "b".repeat(STDERR_TAIL_BYTES).as_bytes());
    }
}
