//! Copies are put on the queue in batches.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::time::Duration;

use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};
use concord_protocol::ports::{EnqueueCopies, PortError, PortResult};
use concord_protocol::{CopyId, Digest, Job, JobId};
use futures::{StreamExt, TryStreamExt, stream};

use crate::aws_error;
use crate::item::{copies_between, outcome};
use crate::ledger::DynamoLedger;
use crate::message::CopyMessage;

/// Entries of one batch, at most, as SQS sets it. Ten of the longest messages have about 2 KB, of the 1 MiB that a
/// batch may have, so count alone decides.
const ENTRIES_MAX: usize = 10;

/// Batches in flight, at most.
const BATCHES_AT_ONCE_MAX: usize = 16;

/// Times that the failed entries of a batch are sent again, at most.
const RESENDS_MAX: u32 = 8;

/// Longest pause before the first time; each further one is up to twice as long.
const RESEND_PAUSE_MS: u64 = 50;

/// Longest that SQS hides a message: 12 hours.
const HIDDEN_SECONDS_MAX: u64 = 12 * 60 * 60;

/// The queue of copies in SQS.
#[derive(Clone)]
pub struct SqsQueue {
    sqs: aws_sdk_sqs::Client,
    url: String,
    ledger: DynamoLedger,
    trace: Option<String>,
}

/// An entry that SQS refused, with what it said.
#[derive(Debug, thiserror::Error)]
#[error("SendMessageBatch: {code}: {message}")]
struct EntryError {
    code: String,
    message: String,
}

impl SqsQueue {
    /// The queue with this address, for the copies of jobs in `ledger`.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, url: String, ledger: DynamoLedger) -> Self {
        Self { sqs: aws_sdk_sqs::Client::new(config), url, ledger, trace: None }
    }

    /// The same, with an X-Ray trace header that goes with every message, so that its run belongs to that trace.
    #[must_use]
    pub fn traced(self, header: String) -> Self {
        Self { trace: Some(header), ..self }
    }

    /// Makes a delivered message visible again after `delay_ms`, rounded up to seconds. A receipt handle that is no
    /// longer valid is no error: somebody else has the message.
    ///
    /// # Errors
    /// When SQS cannot be asked.
    pub async fn delay(&self, receipt_handle: &str, delay_ms: u64) -> PortResult<()> {
        let seconds = delay_ms.div_ceil(1_000).min(HIDDEN_SECONDS_MAX);
        let changed = self
            .sqs
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX))
            .send()
            .await;
        match changed {
            Err(error) if is_stale(&error) => Ok(()),
            changed => changed.map(|_| ()).map_err(aws_error::port("ChangeMessageVisibility")),
        }
    }

    fn entry(&self, copy: CopyId, round: u32) -> PortResult<SendMessageBatchRequestEntry> {
        let id = copy.index.to_string();
        let group = copy.job.to_string();
        let body = serde_json::to_string(&CopyMessage::new(copy, round))
            .map_err(|error| PortError::Permanent(Box::new(error)))?;
        // Fair queues: the copies of one large job do not hold up those of others.
        let mut entry =
            SendMessageBatchRequestEntry::builder().id(id).message_body(body).message_group_id(group);
        if let Some(trace) = &self.trace {
            let value = MessageSystemAttributeValue::builder().data_type("String").string_value(trace);
            let value = value.build().map_err(|error| PortError::Permanent(Box::new(error)))?;
            entry =
                entry.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value);
        }
        entry.build().map_err(|error| PortError::Permanent(Box::new(error)))
    }

    /// Sends the entries of a batch until all are taken.
    async fn send(&self, entries: Vec<SendMessageBatchRequestEntry>) -> PortResult<()> {
        let mut entries: HashMap<_, _> = entries.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
        for resend in 0.. {
            let request = self.sqs.send_message_batch().queue_url(&self.url);
            let request = request.set_entries(Some(entries.values().cloned().collect()));
            let sent = request.send().await.map_err(aws_error::port("SendMessageBatch"))?;
            let Some(failed) = sent.failed.first() else { return Ok(()) };
            let fault = Box::new(EntryError {
                code: failed.code.clone(),
                message: failed.message.clone().unwrap_or_default(),
            });
            if failed.sender_fault {
                return Err(PortError::Permanent(fault));
            }
            if resend >= RESENDS_MAX {
                return Err(PortError::Transient(fault));
            }
            let failed: BTreeSet<_> = sent.failed.into_iter().map(|entry| entry.id).collect();
            entries.retain(|id, _| failed.contains(id));
            tokio::time::sleep(pause(resend)).await;
        }
        Ok(())
    }
}

/// Whether a receipt handle names nothing any more. SQS has said so under several codes, with and without its prefix.
fn is_stale(error: &impl ProvideErrorMetadata) -> bool {
    let stale = ["MessageNotInflight", "ReceiptHandleIsInvalid"];
    let by_code = error.code().is_some_and(|code| stale.iter().any(|stale| code.ends_with(stale)));
    let words = "not available for visibility timeout change";
    by_code || error.message().is_some_and(|message| message.contains(words))
}

/// A pause of any length up to a bound that doubles: whoever was refused together does not come back together.
fn pause(resend: u32) -> Duration {
    let longest = RESEND_PAUSE_MS << resend.min(10);
    Duration::from_millis(fastrand::u64(0..=longest))
}

/// The header by which X-Ray puts the runs of a job's copies into one trace: its id has the time of the submission and
/// 96 bits that come from the job's own facts, so that whoever completes an interrupted submission continues it
/// (<https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids>).
#[must_use]
pub fn trace_header(job: &Job) -> String {
    let seconds = job.spec.submitted_at.unix_ms / 1_000;
    let facts = format!("{}{}", job.spec.job, job.spec.payload_digest);
    let random = Digest::of(facts.as_bytes()).to_string();
    let random = &random["sha256:".len()..][..24];
    format!("Root=1-{seconds:08x}-{random};Sampled=1")
}

impl EnqueueCopies for SqsQueue {
    /// A copy that is on the queue already is there twice afterwards; its second outcome settles with its first.
    async fn enqueue_copies(&self, job: &JobId, round: u32, copies: Range<u32>) -> PortResult<()> {
        let Some((from, to)) = copies_between(&copies) else { return Ok(()) };
        let stored = self.ledger.between(job, &from, &to).await?;
        let stored = stored.into_iter().map(outcome::outcome).collect::<Result<Vec<_>, _>>()?;
        let produced: BTreeSet<_> = stored
            .iter()
            .filter(|outcome| outcome.result.is_ok())
            .map(|outcome| outcome.copy.index)
            .collect();
        let entries: Vec<_> = copies
            .filter(|index| !produced.contains(index))
            .map(|index| self.entry(CopyId { job: job.clone(), index }, round))
            .collect::<Result<_, _>>()?;
        let batches = entries.chunks(ENTRIES_MAX).map(<[_]>::to_vec).collect::<Vec<_>>();
        stream::iter(batches.into_iter().map(|batch| self.send(batch)))
            .buffer_unordered(BATCHES_AT_ONCE_MAX)
            .try_collect()
            .await
    }
}
