//! The shape of the table, which nothing else in Concord knows.
//!
//! Partition key `job`, sort key `item`. Attributes are readable as they stand in the `DynamoDB` console: words, numbers,
//! sets of numbers and moments as RFC 3339 text. An [`Item`] is neutral: the SDK's calls and the records of the table's
//! stream are both made of it.

pub(crate) mod change;
pub(crate) mod expression;
pub(crate) mod golden;
pub(crate) mod job;
pub(crate) mod outcome;
pub(crate) mod rfc3339;
pub(crate) mod tally;

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use concord_protocol::limits::COPIES_MAX;
use concord_protocol::ports::{PortError, PortResult};
use concord_protocol::{CopyId, Digest, JobId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_dynamo::Item;

/// Attributes as the SDK takes and gives them.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// Name of the partition key.
const JOB: &str = "job";

/// Name of the sort key.
const ITEM: &str = "item";

/// Name of the attribute with the time to live: seconds since 1970.
const EXPIRES_AT: &str = "expires_at";

/// Name of the index over jobs: no other item has a `status`.
pub const BY_STATUS: &str = "by_status";

/// Sort key of a job.
pub(crate) const JOB_ITEM: &str = "job";

/// Sort key of a payload.
pub(crate) const PAYLOAD_ITEM: &str = "payload";

/// Sort key of what is known of all chunks.
pub(crate) const ROLLUP_ITEM: &str = "rollup";

/// Sort key of the record that all copies of a round are on the queue.
pub(crate) const ENQUEUED_ITEM: &str = "enqueued";

/// Sort key of a submission of several jobs, under its own id.
pub(crate) const SUBMISSION_ITEM: &str = "submission";

/// Sort key of a golden result, in a partition of its own.
pub(crate) const GOLDEN_ITEM: &str = "golden";

/// Sort key of the set of outputs that are kept.
pub(crate) const OUTPUTS_ITEM: &str = "outputs";

/// Beginning of the sort keys of tallies.
const TALLIES: &str = "tally#";

/// Beginning of the sort keys of outcomes.
const COPIES: &str = "copy#";

/// Beginning of the sort keys of the facts of environments.
const FACTS: &str = "facts#";

/// Hexadecimal digits of a digest in the sort key of a differing second outcome.
const BESIDE_DIGITS: usize = 16;

/// Sort key of a copy's first outcome: six digits, so that [`COPIES_MAX`] copies stand in order.
pub(crate) fn copy_item(index: u32) -> String {
    format!("{COPIES}{index:06}")
}

/// Sort key of a differing second outcome: by its digest, so that a replay finds itself.
pub(crate) fn beside_item(index: u32, digest: Digest) -> String {
    let hex = hex(digest);
    format!("{}#{}", copy_item(index), &hex[..BESIDE_DIGITS])
}

/// Sort keys from the first to the last of the outcomes of these copies; `None` when there are none.
pub(crate) fn copies_between(copies: &std::ops::Range<u32>) -> Option<(String, String)> {
    let last = copies.end.min(COPIES_MAX).checked_sub(1).filter(|last| *last >= copies.start)?;
    Some((copy_item(copies.start), format!("{}#~", copy_item(last))))
}

/// Sort key of the tally of a chunk.
pub(crate) fn tally_item(chunk: u32) -> String {
    format!("{TALLIES}{chunk:04}")
}

/// Sort key of an output.
pub(crate) fn output_item(digest: Digest) -> String {
    format!("output#{digest}")
}

/// Sort key of the facts of an environment.
pub(crate) fn facts_item(digest: Digest) -> String {
    format!("{FACTS}{digest}")
}

/// Sort keys from the first to the last of the facts of environments.
pub(crate) fn all_facts() -> (String, String) {
    (FACTS.to_owned(), format!("{FACTS}~"))
}

/// The digits of a digest, for the names of objects.
pub(crate) fn hex(digest: Digest) -> String {
    digest.to_string().split_off("sha256:".len())
}

/// The first and the last sort key of tallies.
pub(crate) fn all_tallies() -> (String, String) {
    (TALLIES.to_owned(), format!("{TALLIES}~"))
}

/// The chunk whose tally `item` is; `None` when it is no tally.
pub(crate) fn chunk_of(item: &Attributes) -> Option<u32> {
    item.get(ITEM)?.as_s().ok()?.strip_prefix(TALLIES)?.parse().ok()
}

/// Whether `item` belongs to a job: a submission has the same partition key as a job of the same name.
pub(crate) fn is_of_a_job(item: &Attributes) -> bool {
    item.get(ITEM).and_then(|key| key.as_s().ok()).is_some_and(|key| key != SUBMISSION_ITEM)
}

/// The key of an item, as the SDK takes it.
pub(crate) fn key(job: &JobId, item: impl Into<String>) -> Attributes {
    [(JOB, job.as_str().to_owned()), (ITEM, item.into())]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
        .into()
}

/// Bytes that stand in an item of their own, or in the bucket when the item has none.
#[derive(Serialize, Deserialize)]
pub(crate) struct BlobAttributes {
    pub(crate) job: JobId,
    pub(crate) item: String,
    pub(crate) digest: Digest,
    /// Bytes before compression.
    pub(crate) bytes: u64,
    /// The bytes as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Bytes>,
    /// The bytes, compressed by Zstandard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zstd: Option<Bytes>,
    pub(crate) expires_at: u64,
}

/// Bytes as a binary attribute, not as a list of numbers.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("binary data")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }

            fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }
        }

        deserializer.deserialize_byte_buf(Visitor)
    }
}

/// A submission of several jobs.
#[derive(Serialize, Deserialize)]
pub(crate) struct SubmissionAttributes {
    pub(crate) job: JobId,
    pub(crate) item: String,
    /// How many jobs it has; they are numbered from 0.
    pub(crate) jobs: u32,
    /// Whether all of them are created.
    pub(crate) complete: bool,
    pub(crate) expires_at: u64,
}

/// The record that all copies of a round were put on the queue.
#[derive(Serialize, Deserialize)]
pub(crate) struct EnqueuedAttributes {
    pub(crate) job: JobId,
    pub(crate) item: String,
    pub(crate) round: u32,
    /// The number of these copies, from the first one on.
    pub(crate) copies: u32,
    pub(crate) expires_at: u64,
}

/// An item that is not what stands under its key.
#[derive(Debug, thiserror::Error)]
#[error("an item of the table cannot be read")]
pub(crate) struct DamagedItem(#[source] serde_dynamo::Error);

/// A number as the SDK takes it.
fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Attributes for the SDK from a value.
pub(crate) fn attributes<T: Serialize>(value: &T) -> PortResult<Attributes> {
    let item: Item = serde_dynamo::to_item(value).map_err(damaged)?;
    Ok(item.into())
}

/// A value from the attributes of an item.
pub(crate) fn value<T: DeserializeOwned>(item: impl Into<Item>) -> PortResult<T> {
    serde_dynamo::from_item(item.into()).map_err(damaged)
}

fn damaged(error: serde_dynamo::Error) -> PortError {
    PortError::Permanent(Box::new(DamagedItem(error)))
}

/// The copy that an outcome's item is of.
pub(crate) fn copy(job: JobId, index: u32) -> PortResult<CopyId> {
    if index < COPIES_MAX {
        Ok(CopyId { job, index })
    } else {
        Err(PortError::Invalid("an item names a copy beyond the most that a job can have"))
    }
}
