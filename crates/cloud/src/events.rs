//! Parses the events that Lambda sends to a function: batches of messages or of stream records. Each record is parsed
//! on its own, so that a malformed record does not fail the others.

use std::error::Error;

use aws_lambda_events::dynamodb::EventRecord;
use aws_lambda_events::sqs::SqsMessage;
use concord_protocol::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::log::causes;
use crate::{StreamChange, stream_changes};

/// The event of an invocation.
#[derive(Debug)]
pub enum FunctionEvent {
    /// Messages of queues.
    Messages(Vec<QueueMessage>),
    /// Records of the table's stream.
    Stream(Vec<StreamRecord>),
    /// `{"ask":"version"}`: asks which version is deployed.
    AskVersion,
}

/// The event has none of these forms, or one of its records has no id. The whole event must be delivered again.
#[derive(Debug, thiserror::Error)]
#[error("an event must be a batch of messages or a batch of stream records, each with an id")]
pub struct EventError;

/// A message of a queue.
#[derive(Debug)]
pub struct QueueMessage {
    /// The id that names the message in a reply.
    pub id: String,
    /// The content; `None` when it cannot be parsed.
    pub content: Option<MessageContent>,
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageContent {
    /// The name of the queue that delivered the message.
    pub queue: String,
    /// The body.
    pub body: String,
    /// How often the message was delivered, this delivery included.
    pub receive_count: u32,
    /// When the message was sent.
    pub sent_at: Option<Timestamp>,
    /// The receipt handle, which identifies this delivery.
    pub receipt_handle: String,
}

/// A record of the table's stream.
#[derive(Debug)]
pub struct StreamRecord {
    /// The sequence number.
    pub id: String,
    /// The changes in the record, or the record itself when it cannot be parsed.
    pub changes: Result<Vec<StreamChange>, Value>,
}

/// The reply to a batch: the records that must be delivered again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchReply {
    /// One entry for each of these records.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// Names a record that must be delivered again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// The id of the message, or the sequence number of the stream record.
    pub item_identifier: String,
}

impl BatchReply {
    /// A reply that has each of these messages delivered again.
    #[must_use]
    pub fn failed(ids: impl IntoIterator<Item = String>) -> Self {
        let failures = ids.into_iter().map(|item_identifier| BatchItemFailure { item_identifier });
        Self { batch_item_failures: failures.collect() }
    }

    /// A reply that has the stream delivered again from the lowest of these sequence numbers on.
    #[must_use]
    pub fn from_lowest(sequence_numbers: impl IntoIterator<Item = String>) -> Self {
        // These are decimal numbers of up to 40 digits. Of two, the one with fewer digits is lower.
        let lowest = sequence_numbers.into_iter().min_by_key(|number| {
            let digits = number.trim_start_matches('0').to_owned();
            (digits.len(), digits)
        });
        Self::failed(lowest)
    }
}

impl FunctionEvent {
    /// Parses the event of an invocation.
    ///
    /// # Errors
    /// When `event` is not a batch, or one of its records has no id.
    pub fn parse(mut event: Value) -> Result<Self, EventError> {
        if event.get("ask").is_some_and(|asked| asked == "version") {
            return Ok(Self::AskVersion);
        }
        let records = match event.get_mut("Records").map(Value::take) {
            Some(Value::Array(records)) if !records.is_empty() => records,
            _ => return Err(EventError),
        };
        let is_stream_record = |record: &Value| record.pointer("/dynamodb").is_some();
        if records.iter().all(is_stream_record) {
            return records.into_iter().map(StreamRecord::read).collect::<Result<_, _>>().map(Self::Stream);
        }
        if records.iter().any(is_stream_record) {
            return Err(EventError);
        }
        records.into_iter().map(QueueMessage::read).collect::<Result<_, _>>().map(Self::Messages)
    }
}

/// Writes the error of a record to the function's log, as a line of JSON with all causes.
pub fn log_error(record: &str, error: &(dyn Error + 'static)) {
    let line = json!({"level": "error", "record": record, "error": causes(error)});
    #[expect(clippy::print_stderr, reason = "Lambda copies standard error to the function's log")]
    {
        eprintln!("{line}");
    }
}

fn text_at(record: &Value, pointer: &str) -> Result<String, EventError> {
    let text = record.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or(EventError)
}

impl StreamRecord {
    fn read(record: Value) -> Result<Self, EventError> {
        let id = text_at(&record, "/dynamodb/SequenceNumber")?;
        let read: Option<EventRecord> = serde_json::from_value(record.clone()).ok();
        let images = read.map(|record| record.change);
        let changes = images.and_then(|images| stream_changes(images.old_image, images.new_image).ok());
        Ok(Self { id, changes: changes.ok_or(record) })
    }
}

impl QueueMessage {
    fn read(record: Value) -> Result<Self, EventError> {
        let id = text_at(&record, "/messageId")?;
        let read: Option<SqsMessage> = serde_json::from_value(record).ok();
        Ok(Self { id, content: read.and_then(MessageContent::of) })
    }
}

impl MessageContent {
    fn of(message: SqsMessage) -> Option<Self> {
        let arn = message.event_source_arn?;
        Some(Self {
            queue: arn.rsplit(':').next()?.to_owned(),
            body: message.body?,
            receive_count: message.attributes.get("ApproximateReceiveCount")?.parse().ok()?,
            sent_at: message
                .attributes
                .get("SentTimestamp")
                .and_then(|sent| sent.parse().ok())
                .map(Timestamp::from_unix_ms),
            receipt_handle: message.receipt_handle?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_sequence_number_is_the_smallest_number() {
        let check = |numbers: &[&str], expect: &[&str]| {
            let numbers = numbers.iter().map(|&number| number.to_owned());
            let expect = expect.iter().map(|&number| number.to_owned());
            assert_eq!(BatchReply::from_lowest(numbers), BatchReply::failed(expect));
        };
        check(&[], &[]);
        check(&["9", "10", "111"], &["9"]);
        check(
            &["4421584500000000017450439092", "4421584500000000017450439091"],
            &["4421584500000000017450439091"],
        );
    }

    #[test]
    fn a_reply_has_the_form_that_lambda_expects() {
        let reply = serde_json::to_value(BatchReply::failed(["a".to_owned()])).unwrap();
        assert_eq!(reply, json!({"batchItemFailures": [{"itemIdentifier": "a"}]}));
    }

    #[test]
    fn an_event_with_a_record_without_id_is_an_error() {
        for event in [
            json!(null),
            json!({}),
            json!({"Records": []}),
            json!({"Records": [{"body": "{}"}]}),
            json!({"Records": [{"messageId": "", "body": "{}"}]}),
            json!({"Records": [{"messageId": "a"}, {"dynamodb": {"SequenceNumber": "1"}}]}),
            json!({"Records": [{"dynamodb": {}}]}),
        ] {
            assert!(FunctionEvent::parse(event.clone()).is_err(), "{event}");
        }
    }

    #[test]
    fn a_malformed_record_does_not_fail_the_others() {
        let good = json!({
            "messageId": "good", "receiptHandle": "handle", "body": "text",
            "attributes": {"ApproximateReceiveCount": "2", "SentTimestamp": "1785801600000"}, "messageAttributes": {},
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:concord-queue",
        });
        let mut bad = good.clone();
        bad["messageId"] = json!("bad");
        bad["attributes"] = json!(7);
        let Ok(FunctionEvent::Messages(messages)) = FunctionEvent::parse(json!({"Records": [bad, good]}))
        else {
            panic!("not a batch of messages");
        };
        assert_eq!((messages[0].id.as_str(), &messages[0].content), ("bad", &None));
        let content = MessageContent {
            queue: "concord-queue".to_owned(),
            body: "text".to_owned(),
            receive_count: 2,
            sent_at: Some(Timestamp::from_unix_ms(1_785_801_600_000)),
            receipt_handle: "handle".to_owned(),
        };
        assert_eq!((messages[1].id.as_str(), &messages[1].content), ("good", &Some(content)));
    }
}
