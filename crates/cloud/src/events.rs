//! What Lambda hands to a function: batches of messages or of stream records, read one record at a time, so that a
//! malformed one fails alone.

use std::error::Error;

use aws_lambda_events::dynamodb::EventRecord;
use aws_lambda_events::sqs::SqsMessage;
use concord_protocol::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::log::causes;
use crate::{StreamChange, stream_changes};

/// An invocation.
#[derive(Debug)]
pub enum FunctionEvent {
    /// Messages of queues.
    Messages(Vec<QueueMessage>),
    /// Records of the table's stream.
    Stream(Vec<StreamRecord>),
    /// `{"ask":"version"}`: whoever looks after the stack wants to know what is deployed.
    AskVersion,
}

/// An event that is none of those, or has a record that cannot be named: as a whole it has to come again.
#[derive(Debug, thiserror::Error)]
#[error("an event is neither a batch of messages nor of stream records, with an id for each")]
pub struct EventError;

/// A message of a queue.
#[derive(Debug)]
pub struct QueueMessage {
    /// What names it in a reply.
    pub id: String,
    /// The rest; `None` when it cannot be read.
    pub read: Option<MessageContent>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageContent {
    /// Name of the queue that it came from.
    pub queue: String,
    /// Its body.
    pub body: String,
    /// How often it was delivered, this time included.
    pub receive_count: u32,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// What names this delivery.
    pub receipt_handle: String,
}

/// A record of the stream.
#[derive(Debug)]
pub struct StreamRecord {
    /// Its sequence number.
    pub id: String,
    /// What it says, or the record itself when it cannot be read.
    pub changes: Result<Vec<StreamChange>, Value>,
}

/// The reply to a batch: the records that have to come again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchReply {
    /// Each by what names it.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A record that has to come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// A message's id, or a record's sequence number.
    pub item_identifier: String,
}

impl BatchReply {
    /// Every one of these messages has to come again.
    #[must_use]
    pub fn failed(ids: impl IntoIterator<Item = String>) -> Self {
        let failures = ids.into_iter().map(|item_identifier| BatchItemFailure { item_identifier });
        Self { batch_item_failures: failures.collect() }
    }

    /// The stream has to come again from the lowest of these sequence numbers on: whatever follows comes too.
    #[must_use]
    pub fn from_lowest(sequence_numbers: impl IntoIterator<Item = String>) -> Self {
        // Decimal numbers of up to 40 digits: the shorter is the lower.
        let lowest = sequence_numbers.into_iter().min_by_key(|number| {
            let digits = number.trim_start_matches('0').to_owned();
            (digits.len(), digits)
        });
        Self::failed(lowest)
    }
}

impl FunctionEvent {
    /// Reads an invocation.
    ///
    /// # Errors
    /// When it is no batch, or one of its records has no id.
    pub fn parse(mut event: Value) -> Result<Self, EventError> {
        if event.get("ask").is_some_and(|asked| asked == "version") {
            return Ok(Self::AskVersion);
        }
        let records = match event.get_mut("Records").map(Value::take) {
            Some(Value::Array(records)) if !records.is_empty() => records,
            _ => return Err(EventError),
        };
        let of_stream = |record: &Value| record.pointer("/dynamodb").is_some();
        if records.iter().all(of_stream) {
            return records.into_iter().map(StreamRecord::read).collect::<Result<_, _>>().map(Self::Stream);
        }
        if records.iter().any(of_stream) {
            return Err(EventError);
        }
        records.into_iter().map(QueueMessage::read).collect::<Result<_, _>>().map(Self::Messages)
    }
}

/// What went wrong with a record goes to the function's log, as a line of JSON with all causes.
pub fn log_error(record: &str, error: &(dyn Error + 'static)) {
    let line = json!({"level": "error", "record": record, "error": causes(error)});
    #[expect(clippy::print_stderr, reason = "Lambda takes standard error as the function's log")]
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
        Ok(Self { id, read: read.and_then(MessageContent::of) })
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
    fn a_reply_is_what_lambda_expects() {
        let reply = serde_json::to_value(BatchReply::failed(["a".to_owned()])).unwrap();
        assert_eq!(reply, json!({"batchItemFailures": [{"itemIdentifier": "a"}]}));
    }

    #[test]
    fn an_event_without_ids_is_an_error_as_a_whole() {
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
    fn a_malformed_record_fails_alone() {
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
            panic!("they are messages");
        };
        assert_eq!((messages[0].id.as_str(), &messages[0].read), ("bad", &None));
        let read = MessageContent {
            queue: "concord-queue".to_owned(),
            body: "text".to_owned(),
            receive_count: 2,
            sent_at: Some(Timestamp::from_unix_ms(1_785_801_600_000)),
            receipt_handle: "handle".to_owned(),
        };
        assert_eq!((messages[1].id.as_str(), &messages[1].read), ("good", &Some(read)));
    }
}
