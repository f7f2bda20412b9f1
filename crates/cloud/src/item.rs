//! Defines the shape of the table. Nothing else in Concord knows it.
//!
//! The partition key is `job`, the sort key is `item`. A person can read the attributes in the `DynamoDB` console: they
//! are words, numbers, sets of numbers, and times as RFC 3339 text. An [`Item`] converts to and from both the
//! attributes of the SDK and the records of the table's stream.

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

/// The attributes of an item, in the form of the SDK.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// The name of the partition key.
const JOB: &str = "job";

/// The name of the sort key.
const ITEM: &str = "item";

/// The name of the attribute with the time of expiry, in seconds since 1970.
const EXPIRES_AT: &str = "expires_at";

/// The name of the index of jobs. It contains only jobs, because no other item has a `status`.
pub const BY_STATUS: &str = "by_status";

/// The sort key of a job.
pub(crate) const JOB_ITEM: &str = "job";

/// The sort key of a payload.
pub(crate) const PAYLOAD_ITEM: &str = "payload";

/// The sort key of the rollup of all chunks.
pub(crate) const ROLLUP_ITEM: &str = "rollup";

/// The sort key of the record of how many copies were put on the queue.
pub(crate) const ENQUEUED_ITEM: &str = "enqueued";

/// The sort key of a submission of several jobs. Its partition key is the id of the submission.
pub(crate) const SUBMISSION_ITEM: &str = "submission";

/// The sort key of a golden result, which has a partition of its own.
pub(crate) const GOLDEN_ITEM: &str = "golden";

/// The sort key of the set of the outputs that are kept.
pub(crate) const OUTPUTS_ITEM: &str = "outputs";

/// The prefix of the sort keys of tallies.
const TALLIES: &str = "tally#";

/// The prefix of the sort keys of outcomes.
const COPIES: &str = "copy#";

/// The prefix of the sort keys of the facts of environments.
const FACTS: &str = "facts#";

/// The number of hexadecimal digits of the digest in the sort key of a differing second outcome.
const BESIDE_DIGITS: usize = 16;

/// The sort key of a copy's first outcome. The index has six digits, so that [`COPIES_MAX`] copies sort by index.
pub(crate) fn copy_item(index: u32) -> String {
    format!("{COPIES}{index:06}")
}

/// The sort key of a differing second outcome. It contains the digest, so that a replayed outcome has the same key.
pub(crate) fn beside_item(index: u32, digest: Digest) -> String {
    let hex = digest.hex();
    format!("{}#{}", copy_item(index), &hex[..BESIDE_DIGITS])
}

/// The first and the last sort key that outcomes of `copies` can have; `None` when the range is empty.
pub(crate) fn copies_between(copies: &std::ops::Range<u32>) -> Option<(String, String)> {
    let last = copies.end.min(COPIES_MAX).checked_sub(1).filter(|last| *last >= copies.start)?;
    Some((copy_item(copies.start), format!("{}#~", copy_item(last))))
}

/// The sort key of the tally of a chunk.
pub(crate) fn tally_item(chunk: u32) -> String {
    format!("{TALLIES}{chunk:04}")
}

/// The sort key of an output.
pub(crate) fn output_item(digest: Digest) -> String {
    format!("output#{digest}")
}

/// The sort key of the facts of an environment.
pub(crate) fn facts_item(digest: Digest) -> String {
    format!("{FACTS}{digest}")
}

/// The first and the last sort key that the facts of environments can have.
pub(crate) fn all_facts() -> (String, String) {
    (FACTS.to_owned(), format!("{FACTS}~"))
}

/// The first and the last sort key that tallies can have.
pub(crate) fn all_tallies() -> (String, String) {
    (TALLIES.to_owned(), format!("{TALLIES}~"))
}

/// The chunk of the tally that `item` holds; `None` when `item` is not a tally.
pub(crate) fn chunk_of(item: &Attributes) -> Option<u32> {
    item.get(ITEM)?.as_s().ok()?.strip_prefix(TALLIES)?.parse().ok()
}

/// Whether `item` belongs to a job, and not to a submission. Both have the same partition key when their ids are equal.
pub(crate) fn is_of_a_job(item: &Attributes) -> bool {
    item.get(ITEM).and_then(|key| key.as_s().ok()).is_some_and(|key| key != SUBMISSION_ITEM)
}

/// The key of an item, in the form of the SDK.
pub(crate) fn key(job: &JobId, item: impl Into<String>) -> Attributes {
    [(JOB, job.as_str().to_owned()), (ITEM, item.into())]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value)))
        .into()
}

/// A payload or an output, in an item of its own. If the item has no bytes, they are in the bucket.
#[derive(Serialize, Deserialize)]
pub(crate) struct BlobAttributes {
    pub(crate) job: JobId,
    pub(crate) item: String,
    pub(crate) digest: Digest,
    /// The number of bytes before compression.
    pub(crate) bytes: u64,
    /// The bytes, uncompressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Bytes>,
    /// The bytes, compressed with Zstandard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zstd: Option<Bytes>,
    pub(crate) expires_at: u64,
}

/// Bytes that serde stores as a binary attribute and not as a list of numbers.
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
    /// The number of its jobs, which are numbered from 0.
    pub(crate) jobs: u32,
    /// Whether all of its jobs were created.
    pub(crate) complete: bool,
    pub(crate) expires_at: u64,
}

/// The record of how many copies of a job were put on the queue in a round.
#[derive(Serialize, Deserialize)]
pub(crate) struct EnqueuedAttributes {
    pub(crate) job: JobId,
    pub(crate) item: String,
    pub(crate) round: u32,
    /// The number of these copies, counted from the first.
    pub(crate) copies: u32,
    pub(crate) expires_at: u64,
}

/// The attributes of an item do not match its key.
#[derive(Debug, thiserror::Error)]
#[error("an item of the table cannot be parsed")]
pub(crate) struct DamagedItem(#[source] serde_dynamo::Error);

/// A number, in the form of the SDK.
fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Converts a value to the attributes of an item.
pub(crate) fn attributes<T: Serialize>(value: &T) -> PortResult<Attributes> {
    let item: Item = serde_dynamo::to_item(value).map_err(damaged)?;
    Ok(item.into())
}

/// Converts the attributes of an item to a value.
pub(crate) fn value<T: DeserializeOwned>(item: impl Into<Item>) -> PortResult<T> {
    serde_dynamo::from_item(item.into()).map_err(damaged)
}

fn damaged(error: serde_dynamo::Error) -> PortError {
    PortError::Permanent(Box::new(DamagedItem(error)))
}

/// The copy with this job and index. Fails when the index is too large.
pub(crate) fn copy(job: JobId, index: u32) -> PortResult<CopyId> {
    if index < COPIES_MAX {
        Ok(CopyId { job, index })
    } else {
        Err(PortError::Invalid("an item names a copy whose index is too large"))
    }
}
