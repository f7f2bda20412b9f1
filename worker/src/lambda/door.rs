//! Messages come in, and those that have to come again go out.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use aws_config::SdkConfig;
use concord_cloud::{
    BatchReply, CopyMessage, Event, Ledger, Message, Place, Queue, ReadMessage, SystemClock, complain,
};
use concord_protocol::ports::{
    Clock, Delivery, PortError, PortResult, ReadJob, ReadPayload, RecordOutcome, WriteOutput,
};
use concord_protocol::{Digest, Job, JobId, Outcome, Settlement, Timestamp};
use futures::{FutureExt, StreamExt, stream};
use lambda_runtime::Error;
use serde_json::{Value, json};

use super::Settings;
use super::bounded::Bounded;
use crate::{Calculate, Disposition, Worker, environment};

/// Milliseconds kept of an invocation's time to record what its runs came to, at least and at most; between those, a
/// twentieth of it.
const MARGIN_MS: (u64, u64) = (2_000, 10_000);

/// Milliseconds until a message comes again whose handling failed because AWS did not do its part.
const OUTAGE_DELAY_MS: u64 = 30_000;

/// Milliseconds until a message comes again that makes no sense: it is on its way to the dead letters.
const SENSELESS_DELAY_MS: u64 = 1_000;

/// What comes in, and where it goes.
pub struct Door<C> {
    worker: Worker<Kept, Bounded<C>, SystemClock>,
    ledger: Ledger,
    queue: Queue,
    clock: SystemClock,
    at_once: usize,
    description: String,
}

impl<C: Calculate + 'static> Door<C> {
    /// A door to the table, bucket and queue that the settings name. `sqs` is what the queue is reached by.
    pub fn new(config: &SdkConfig, sqs: &SdkConfig, settings: Settings, calculation: C) -> Self {
        let clock = SystemClock::start();
        let place =
            Place { table: settings.table, bucket: Some(settings.bucket), keep_days: settings.keep_days };
        let ledger = Ledger::new(config, place, Arc::new(clock));
        let queue = Queue::new(sqs, settings.queue_url, ledger.clone());
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let kept = Kept { ledger: ledger.clone(), hash_only: settings.hash_only };
        let calculation = Bounded(Arc::new(calculation));
        Self {
            worker: Worker::new(kept, calculation, clock, environment(settings.sandbox, &cpuinfo)),
            ledger,
            queue,
            clock,
            at_once: settings.workers,
            description: settings.description,
        }
    }

    /// Handles an invocation that ends at `deadline_unix_ms`, and says which of its messages have to come again. One
    /// message's trouble never holds up another's work.
    ///
    /// # Errors
    /// When the event is none of those that this function serves.
    pub async fn handle(&self, event: Value, deadline_unix_ms: u64) -> Result<Value, Error> {
        let now_ms = self.clock.now().unix_ms;
        let margin_ms = (deadline_unix_ms.saturating_sub(now_ms) / 20).clamp(MARGIN_MS.0, MARGIN_MS.1);
        let ends_at = Timestamp::from_unix_ms(deadline_unix_ms.saturating_sub(margin_ms));
        let messages = match Event::parse(event)? {
            Event::Messages(messages) => messages,
            Event::AskVersion => {
                return Ok(json!({"version": env!("CARGO_PKG_VERSION"), "calculation": self.description}));
            }
            Event::Stream(_) => return Err("this function serves a queue, not a stream".into()),
        };
        let handled = messages.into_iter().map(|message| self.message(message, ends_at));
        let failed = stream::iter(handled).buffer_unordered(self.at_once).filter_map(std::future::ready);
        Ok(serde_json::to_value(BatchReply::failed(failed.collect::<Vec<_>>().await))?)
    }

    /// Handles a message; gives its id when it has to come again.
    async fn message(&self, message: Message, ends_at: Timestamp) -> Option<String> {
        let Message { id, read } = message;
        let Some(read) = read else {
            complain(&id, &PortError::Rejected("a message lacks what SQS gives to every one"));
            return Some(id);
        };
        let run = AssertUnwindSafe(self.run(&read, ends_at)).catch_unwind().await;
        let delay_ms = match run {
            Ok(Ok(Disposition::Done)) => return None,
            Ok(Ok(Disposition::Again { delay_ms })) => delay_ms,
            Ok(Ok(Disposition::Left)) => 0,
            Ok(Err(error)) => {
                complain(&id, &error);
                if matches!(error, PortError::Rejected(_)) { SENSELESS_DELAY_MS } else { OUTAGE_DELAY_MS }
            }
            Err(_) => OUTAGE_DELAY_MS,
        };
        if let Err(error) = self.queue.delay(&read.receipt_handle, delay_ms).await {
            // It comes again all the same, when the time of its delivery is over.
            complain(&id, &error);
        }
        Some(id)
    }

    async fn run(&self, message: &ReadMessage, ends_at: Timestamp) -> PortResult<Disposition> {
        let copy = CopyMessage::parse(&message.body)
            .map_err(|_| PortError::Rejected("the body of a message is not that of a copy"))?;
        let round = copy.round;
        let receive_count = message.receive_count;
        let delivery = Delivery { copy: copy.copy(), round, receive_count, receipt: 0 };
        match self.worker.handle(&delivery, ends_at).await {
            Err(PortError::Rejected(reason)) => self.give_up(delivery, reason).await,
            handled => handled,
        }
    }

    /// Records why a copy cannot be run: at once, and not as one that was delivered too often. What cannot be recorded
    /// either, since there is no such job or copy, is for the dead letters.
    async fn give_up(&self, delivery: Delivery, reason: &'static str) -> PortResult<Disposition> {
        let job = self.ledger.read_job(&delivery.copy.job).await?;
        if job.is_none_or(|job| delivery.copy.index >= job.spec.copies) {
            return Err(PortError::Rejected(reason));
        }
        let outcome = Outcome::not_run(&delivery, reason, self.clock.now());
        self.ledger.record_outcome(outcome).await.map(|_| Disposition::Done)
    }
}

/// The ledger as this worker uses it: outputs may be left out.
struct Kept {
    ledger: Ledger,
    hash_only: bool,
}

impl ReadJob for Kept {
    async fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
        self.ledger.read_job(job).await
    }
}

impl ReadPayload for Kept {
    async fn read_payload(&self, job: &JobId) -> PortResult<Option<Arc<[u8]>>> {
        self.ledger.read_payload(job).await
    }
}

impl WriteOutput for Kept {
    async fn write_output(&self, job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> PortResult<()> {
        if self.hash_only { Ok(()) } else { self.ledger.write_output(job, digest, bytes).await }
    }
}

impl RecordOutcome for Kept {
    async fn record_outcome(&self, outcome: Outcome) -> PortResult<Settlement> {
        self.ledger.record_outcome(outcome).await
    }
}
