//! Handles invocations of the worker: receives messages, and returns the ids of the messages that must be delivered
//! again.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use aws_config::SdkConfig;
use concord_clock::SystemClock;
use concord_cloud::{
    BatchReply, CopyMessage, DynamoLedger, FunctionEvent, LedgerSettings, MessageContent, QueueMessage,
    SqsQueue, log_error,
};
use concord_protocol::ports::{
    Clock, Delivery, PortError, PortResult, ReadJob, ReadPayload, RecordOutcome, WriteOutput,
};
use concord_protocol::{Digest, Job, JobId, Outcome, Settlement, Timestamp};
use futures::{FutureExt, StreamExt, stream};
use lambda_runtime::Error;
use serde_json::{Value, json};

use super::bounded::Bounded;
use super::hold::{self, HeldCopy, Holds};
use super::{Calc, WorkerSettings};
use crate::{Calculate, Disposition, System, Worker, environment, unseen};

/// Milliseconds of an invocation that are reserved to record the outcomes: a twentieth of it, but at least the first and at
/// most the second number.
const MARGIN_MS: (u64, u64) = (2_000, 10_000);

/// Milliseconds until a message is delivered again if AWS failed while it was handled.
const OUTAGE_DELAY_MS: u64 = 30_000;

/// Milliseconds until an invalid message is delivered again: it is on its way to the dead letters.
const INVALID_DELAY_MS: u64 = 1_000;

/// Handles the invocations of the worker's function.
pub struct WorkerHandler<C> {
    worker: Worker<HandlerLedger, Bounded<C>, SystemClock>,
    ledger: DynamoLedger,
    queue: SqsQueue,
    holds: Arc<Holds>,
    clock: SystemClock,
    at_once: usize,
    description: String,
}

impl<C: Calculate + 'static> WorkerHandler<C> {
    /// A handler for the table, bucket and queue that the settings name. `sqs` are the settings of the queue's client.
    pub fn new(config: &SdkConfig, sqs: &SdkConfig, settings: WorkerSettings, calculation: C) -> Self {
        let clock = SystemClock;
        let ledger_settings = LedgerSettings {
            table: settings.table,
            bucket: Some(settings.bucket),
            keep_days: settings.keep_days,
        };
        let ledger = DynamoLedger::new(config, ledger_settings, Arc::new(clock));
        let queue = SqsQueue::new(sqs, settings.queue_url, ledger.clone());
        // The function computes on another machine, whatever a job says.
        let environment = match &settings.calc {
            Calc::Function(_) => unseen(settings.sandbox),
            Calc::Probe | Calc::Command(_) | Calc::Custom => {
                environment(settings.sandbox, &System::new(settings.variables))
            }
        };
        let holds = Arc::<Holds>::default();
        let worker_ledger = HandlerLedger {
            ledger: ledger.clone(),
            hash_only: settings.hash_only,
            holds: Arc::clone(&holds),
        };
        let calculation = Bounded::new(calculation);
        Self {
            worker: Worker::new(worker_ledger, calculation, clock, environment),
            ledger,
            queue,
            holds,
            clock,
            at_once: settings.workers,
            description: settings.description,
        }
    }

    /// Handles an invocation that ends at `deadline_unix_ms`, and returns the ids of the messages to deliver again. An error
    /// of one message never delays another.
    ///
    /// # Errors
    /// When this function does not serve the event.
    pub async fn handle(&self, event: Value, deadline_unix_ms: u64) -> Result<Value, Error> {
        let now_ms = self.clock.now().unix_ms;
        let margin_ms = (deadline_unix_ms.saturating_sub(now_ms) / 20).clamp(MARGIN_MS.0, MARGIN_MS.1);
        let ends_at = Timestamp::from_unix_ms(deadline_unix_ms.saturating_sub(margin_ms));
        let messages = match FunctionEvent::parse(event)? {
            FunctionEvent::Messages(messages) => messages,
            FunctionEvent::AskVersion => {
                return Ok(json!({"version": env!("CARGO_PKG_VERSION"), "calculation": self.description}));
            }
            FunctionEvent::Stream(_) => return Err("this function serves a queue, not a stream".into()),
        };
        let handled = messages.into_iter().map(|message| self.message(message, ends_at));
        let (mut holds, mut failed) = (Vec::new(), Vec::new());
        for handled in stream::iter(handled).buffer_unordered(self.at_once).collect::<Vec<_>>().await {
            match handled {
                Ok(hold) => holds.extend(hold),
                Err(id) => failed.push(id),
            }
        }
        self.hold(holds, ends_at).await;
        Ok(serde_json::to_value(BatchReply::failed(failed))?)
    }

    /// Stays busy for the jobs that ask for it, so that Lambda gives other copies other sandboxes.
    async fn hold(&self, held: Vec<HeldCopy>, ends_at: Timestamp) {
        // A job that cannot be read now is read again a moment later.
        let has_ended = async |job: &JobId| match self.ledger.read_job(job).await {
            Ok(stored) => stored.is_none_or(|job| job.state.ended_at().is_some()),
            Err(_) => false,
        };
        hold::wait(held, ends_at, &self.clock, has_ended, async |pause| tokio::time::sleep(pause).await)
            .await;
    }

    /// Handles a message. Returns how long the sandbox is held for it, or its id when it must be delivered again.
    async fn message(&self, message: QueueMessage, ends_at: Timestamp) -> Result<Option<HeldCopy>, String> {
        let QueueMessage { id, content } = message;
        let Some(content) = content else {
            log_error(&id, &PortError::Invalid("a message lacks fields that SQS gives to every message"));
            return Err(id);
        };
        let started_at = self.clock.now();
        let delay_ms = match CopyMessage::parse(&content.body) {
            Ok(copy) => {
                let run = AssertUnwindSafe(self.run(&content, copy, ends_at)).catch_unwind().await;
                match run {
                    Ok(Ok((job, Disposition::Ack))) => return Ok(self.holds.held(job, started_at)),
                    Ok(Ok((_, Disposition::RetryAfter { delay_ms }))) => delay_ms,
                    Ok(Ok((_, Disposition::Release))) => 0,
                    Ok(Err(error)) => {
                        log_error(&id, &error);
                        if matches!(error, PortError::Invalid(_)) {
                            INVALID_DELAY_MS
                        } else {
                            OUTAGE_DELAY_MS
                        }
                    }
                    Err(_) => OUTAGE_DELAY_MS,
                }
            }
            Err(error) => {
                log_error(&id, &error);
                INVALID_DELAY_MS
            }
        };
        if let Err(error) = self.queue.delay(&content.receipt_handle, delay_ms).await {
            // It is delivered again anyway, after the queue's visibility timeout.
            log_error(&id, &error);
        }
        Err(id)
    }

    async fn run(
        &self,
        message: &MessageContent,
        copy: CopyMessage,
        ends_at: Timestamp,
    ) -> PortResult<(JobId, Disposition)> {
        let round = copy.round;
        let MessageContent { receive_count, sent_at, .. } = *message;
        let delivery = Delivery { copy: copy.copy(), round, receive_count, sent_at, receipt: 0 };
        let job = delivery.copy.job.clone();
        let handled = match self.worker.handle(&delivery, ends_at).await {
            Err(PortError::Invalid(reason)) => self.give_up(delivery, reason).await,
            handled => handled,
        };
        handled.map(|disposition| (job, disposition))
    }

    /// Records at once why a copy cannot be run, before it is delivered too often. Without such a job or copy nothing can be
    /// recorded, and the message goes to the dead letters.
    async fn give_up(&self, delivery: Delivery, reason: &'static str) -> PortResult<Disposition> {
        let job = self.ledger.read_job(&delivery.copy.job).await?;
        if job.is_none_or(|job| delivery.copy.index >= job.state.copies()) {
            return Err(PortError::Invalid(reason));
        }
        let outcome = Outcome::not_run(&delivery, reason, self.clock.now());
        self.ledger.record_outcome(outcome).await.map(|_| Disposition::Ack)
    }
}

/// The ledger of this worker: it may leave out outputs, and notes the holds that jobs ask for.
struct HandlerLedger {
    ledger: DynamoLedger,
    hash_only: bool,
    holds: Arc<Holds>,
}

impl ReadJob for HandlerLedger {
    async fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
        let stored = self.ledger.read_job(job).await?;
        if let Some(job) = &stored {
            self.holds.note(job);
        }
        Ok(stored)
    }
}

impl ReadPayload for HandlerLedger {
    async fn read_payload(&self, job: &JobId) -> PortResult<Option<Arc<[u8]>>> {
        self.ledger.read_payload(job).await
    }
}

impl WriteOutput for HandlerLedger {
    async fn write_output(&self, job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> PortResult<()> {
        if self.hash_only { Ok(()) } else { self.ledger.write_output(job, digest, bytes).await }
    }
}

impl RecordOutcome for HandlerLedger {
    async fn record_outcome(&self, outcome: Outcome) -> PortResult<Settlement> {
        self.ledger.record_outcome(outcome).await
    }
}
