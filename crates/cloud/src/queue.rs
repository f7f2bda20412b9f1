//! Puts copies on the queue, in batches.

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

/// The most entries in one batch; SQS sets this limit. A batch may have 1 MiB, and ten of the longest messages have
/// only about 2 KB, so only the number of entries matters.
const ENTRIES_MAX: usize = 10;

/// The most batches that are sent at the same time.
const BATCHES_AT_ONCE_MAX: usize = 16;

/// The most times that the failed entries of a batch are sent again.
const RESENDS_MAX: u32 = 8;

/// The longest pause before the failed entries are sent again for the first time. The bound doubles with each further
/// time.
const RESEND_PAUSE_MS: u64 = 50;

/// The longest time that SQS hides a message: 12 hours.
const HIDDEN_SECONDS_MAX: u64 = 12 * 60 * 60;

/// The SQS queue of copies.
#[derive(Clone)]
pub struct SqsQueue {
    sqs: aws_sdk_sqs::Client,
    url: String,
    ledger: DynamoLedger,
    trace: Option<String>,
}

/// SQS refused an entry of a batch, with this code and message.
#[derive(Debug, thiserror::Error)]
#[error("SendMessageBatch: {code}: {message}")]
struct EntryError {
    code: String,
    message: String,
}

impl SqsQueue {
    /// The queue with the address `url`, for the copies of jobs in `ledger`.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, url: String, ledger: DynamoLedger) -> Self {
        Self { sqs: aws_sdk_sqs::Client::new(config), url, ledger, trace: None }
    }

    /// `self`, but with an X-Ray trace header in every message, so that each run belongs to that trace.
    #[must_use]
    pub fn traced(self, header: String) -> Self {
        Self { trace: Some(header), ..self }
    }

    /// Makes a delivered message visible again after `delay_ms`, rounded up to seconds. A receipt handle that is no
    /// longer valid is not an error: another delivery of the message has replaced it.
    ///
    /// # Errors
    /// When the request fails for any other reason.
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
        // The group makes this a fair queue: the copies of one large job do not delay those of other jobs.
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

    /// Sends the entries of a batch until SQS has accepted all of them.
    async fn send(&self, entries: Vec<SendMessageBatchRequestEntry>) -> PortResult<()> {
        let mut entries: HashMap<_, _> = entries.into_iter().map(|entry| (entry.id.clone(), entry)).collect();
        for resend in 0.. {
            let request = self.sqs.send_message_batch().queue_url(&self.url);
            let request = request.set_entries(Some(entries.values().cloned().collect()));
            let sent = request.send().await.map_err(aws_error::port("SendMessageBatch"))?;
            let Some(failed) = sent.failed.first() else { return Ok(()) };
            let error = Box::new(EntryError {
                code: failed.code.clone(),
                message: failed.message.clone().unwrap_or_default(),
            });
            if failed.sender_fault {
                return Err(PortError::Permanent(error));
            }
            if resend >= RESENDS_MAX {
                return Err(PortError::Transient(error));
            }
            let failed: BTreeSet<_> = sent.failed.into_iter().map(|entry| entry.id).collect();
            entries.retain(|id, _| failed.contains(id));
            tokio::time::sleep(pause(resend)).await;
        }
        Ok(())
    }
}

/// Whether `error` says that a receipt handle is no longer valid. SQS uses several codes for this, with and without a
/// prefix.
fn is_stale(error: &impl ProvideErrorMetadata) -> bool {
    let stale = ["MessageNotInflight", "ReceiptHandleIsInvalid"];
    let by_code = error.code().is_some_and(|code| stale.iter().any(|stale| code.ends_with(stale)));
    let words = "not available for visibility timeout change";
    by_code || error.message().is_some_and(|message| message.contains(words))
}

/// A random pause, up to a bound that doubles with each resend. The pause is random so that senders that were refused
/// at the same time do not try again at the same time.
fn pause(resend: u32) -> Duration {
    let longest = RESEND_PAUSE_MS << resend.min(10);
    Duration::from_millis(fastrand::u64(0..=longest))
}

/// The trace header with which X-Ray puts the runs of all copies of a job into one trace. The id of the trace has the
/// time of the submission and 96 bits of a digest of the job's id and payload digest. A process that completes an
/// interrupted submission therefore continues the same trace
/// (<https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids>).
#[must_use]
pub fn trace_header(job: &Job) -> String {
    let seconds = job.spec.submitted_at.unix_ms / 1_000;
    let identity = format!("{}{}", job.spec.job, job.spec.payload_digest);
    let random = Digest::of(identity.as_bytes()).to_string();
    let random = &random["sha256:".len()..][..24];
    format!("Root=1-{seconds:08x}-{random};Sampled=1")
}

impl EnqueueCopies for SqsQueue {
    /// Leaves out copies that already have an output. If a copy is on the queue already, it is there twice afterwards;
    /// its second outcome is settled against its first.
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
