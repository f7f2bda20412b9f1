//! What AWS hands to a function or returns from one. The first line of the input says what the rest is.

use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use concord_cloud::{CopyMessage, DeadlineMessage, FunctionEvent};
use concord_protocol::limits::STDERR_TAIL_BYTES;

use crate::private::read_reply;

pub(crate) fn check(bytes: &[u8]) {
    match bytes {
        [b'e', b'\n', event @ ..] => check_event(event),
        [b'm', b'\n', body @ ..] => check_message(body),
        [b'r', b'\n', parts @ ..] => check_reply(parts),
        _ => {}
    }
}

/// The event of an invocation, and the bodies of the messages in it.
fn check_event(event: &[u8]) {
    let Ok(event) = serde_json::from_slice(event) else { return };
    if let Ok(FunctionEvent::Messages(messages)) = FunctionEvent::parse(event) {
        assert!(messages.iter().all(|message| !message.id.is_empty()));
        for content in messages.into_iter().filter_map(|message| message.content) {
            check_message(content.body.as_bytes());
        }
    }
}

/// A message that can be read can be written, and is then the same.
fn check_message(body: &[u8]) {
    let Ok(body) = str::from_utf8(body) else { return };
    if let Ok(message) = CopyMessage::parse(body) {
        let written = serde_json::to_string(&message).expect("a message is JSON");
        assert_eq!(CopyMessage::parse(&written).ok(), Some(message));
    }
    if let Ok(message) = DeadlineMessage::parse(body) {
        let written = serde_json::to_string(&message).expect("a message is JSON");
        assert_eq!(DeadlineMessage::parse(&written).ok(), Some(message));
    }
}

/// The reply of a function: a line with the kind of its error, the log up to a line `====`, and the output.
fn check_reply(parts: &[u8]) {
    let (log, output) = parts.cut(b"\n====\n");
    let (error, log) = log.cut(b"\n");
    let error = String::from_utf8_lossy(error);
    let called = InvokeOutput::builder()
        .status_code(200)
        .set_function_error((!error.is_empty()).then(|| error.clone().into_owned()))
        .log_result(STANDARD.encode(log))
        .payload(Blob::new(output))
        .executed_version("7")
        .build();
    match read_reply(called) {
        Ok(reply) => {
            assert!(error.is_empty());
            assert_eq!(reply.bytes, output);
            assert!(log.ends_with(&reply.log_tail) && reply.log_tail.len() <= STDERR_TAIL_BYTES);
            assert_eq!(reply.facts.get("function.version"), Some("7"));
        }
        Err(failed) => assert!(!error.is_empty() && !failed.to_string().is_empty()),
    }
}

/// Cuts bytes in two.
trait Cut {
    /// The bytes before and after the first `between`. All bytes stand before it if it is not there.
    fn cut(&self, between: &[u8]) -> (&[u8], &[u8]);
}

impl Cut for [u8] {
    fn cut(&self, between: &[u8]) -> (&[u8], &[u8]) {
        match self.windows(between.len()).position(|window| window == between) {
            Some(start) => (&self[..start], &self[start + between.len()..]),
            None => (self, &[]),
        }
    }
}
