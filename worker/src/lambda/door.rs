//! Messages come in, and those that have to come again go out.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use concord_cloud::{
    BatchReply, CopyMessage, Event, Ledger, Message, Place, Queue, ReadMessage, SystemClock, complain,
};
use concord_protocol::ports::{
    Clock, Delivery, PortError, PortResult, ReadJob, ReadPayload, RecordOutcome, WriteOutput,
};
use concord_protocol::{Digest, Job, JobId, Outcome, Settlement};
use futures::{FutureExt, StreamExt, stream};
use lambda_runtime::Error;
use serde_json::{Value, json};

use super::Settings;
use super::bounded::Bounded;
use crate::{Calculate, Disposition, Worker, environment};

/// Milliseconds kept of an invocation's time to record what its runs came to.
const MARGIN_MS: u64 = 2_000;

/// Milliseconds until a message comes again whose handling failed because AWS did not do its part.
const OUTAGE_DELAY_MS: u64 = 30_000;

/// Milliseconds until a message comes again that makes no sense: it is on its way to the dead letters.
const SENSELESS_DELAY_MS: u64 = 1_000;

/// What comes in, and where it goes.
pub struct Door<C> {
    worker: Worker<Kept, Bounded<C>, SystemClock>,
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
        let kept = Kept { ledger, hash_only: settings.hash_only };
        let calculation = Bounded(Arc::new(calculation));
        Self {
            worker: Worker::new(kept, calculation, clock, environment(settings.sandbox, &cpuinfo)),
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
        let messages = match Event::parse(event)? {
            Event::Messages(messages) => messages,
            Event::AskVersion => {
                return Ok(json!({"version": env!("CARGO_PKG_VERSION"), "calculation": self.description}));
            }
            Event::Stream(_) => return Err("this function serves a queue, not a stream".into()),
        };
        let handled = messages.into_iter().map(|message| self.message(message, deadline_unix_ms));
        let failed = stream::iter(handled).buffer_unordered(self.at_once).filter_map(std::future::ready);
        Ok(serde_json::to_value(BatchReply::failed(failed.collect::<Vec<_>>().await))?)
    }

    /// Handles a message; gives its id when it has to come again.
    async fn message(&self, message: Message, deadline_unix_ms: u64) -> Option<String> {
        let Message { id, read } = message;
        let Some(read) = read else {
            complain(&id, &PortError::Rejected("a message lacks what SQS gives to every one"));
            return Some(id);
        };
        let run = AssertUnwindSafe(self.run(&read, deadline_unix_ms)).catch_unwind().await;
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

    async fn run(&self, message: &ReadMessage, deadline_unix_ms: u64) -> PortResult<Disposition> {
        let copy = CopyMessage::parse(&message.body)
            .map_err(|_| PortError::Rejected("the body of a message is not that of a copy"))?;
        let round = copy.round;
        let receive_count = message.receive_count;
        let delivery = Delivery { copy: copy.copy(), round, receive_count, receipt: 0 };
        let remaining_ms = deadline_unix_ms.saturating_sub(self.clock.now().unix_ms);
        // Whole seconds, so that copies which run out of time give the same reason.
        let time_limit = Duration::from_secs(remaining_ms.saturating_sub(MARGIN_MS) / 1_000);
        self.worker.handle(&delivery, time_limit).await
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
