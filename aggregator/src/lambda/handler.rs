//! Handles invocations of the aggregator: records come in, and the ids of those to deliver again go out.

use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use aws_config::SdkConfig;

use concord_clock::SystemClock;
use concord_cloud::{
    Announcer, BatchReply, CopyMessage, DeadlineMessage, DeadlineQueue, DynamoLedger, FunctionEvent,
    LedgerSettings, MessageContent, QuarantineQueue, SqsQueue, StreamChange, StreamRecord, log_error,
    trace_header,
};
use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{Clock, Delivery, EnqueueCopies, PortError, PortResult, ReadJob};
use concord_protocol::{JobId, Timestamp, copy_ranges};
use futures::{StreamExt, stream};
use lambda_runtime::Error;
use serde_json::{Value, json};

use super::AggregatorSettings;
use crate::{Aggregator, GIVEN_UP};

/// Rounds that are begun, or jobs that are extended, at the same time, at most.
const BEGUN_AT_ONCE_MAX: usize = 32;

/// Handles the invocations of the aggregator's function.
pub struct AggregatorHandler<W> {
    ledger: DynamoLedger,
    aggregator: Aggregator<DynamoLedger, Announcer<W>, SystemClock>,
    copies: SqsQueue,
    deadlines: DeadlineQueue,
    quarantine: QuarantineQueue,
    deadline_queue: String,
    dead_letter_queue: String,
    clock: SystemClock,
}

impl<W: Write + Send> AggregatorHandler<W> {
    /// A handler for the table and queues that the settings name. `events` are the settings of the clients of EventBridge and
    /// SQS; CloudWatch Logs receives `log`.
    pub fn new(config: &SdkConfig, events: &SdkConfig, settings: AggregatorSettings, log: W) -> Self {
        let clock = SystemClock;
        let ledger_settings =
            LedgerSettings { table: settings.table, bucket: None, keep_days: settings.keep_days };
        let ledger = DynamoLedger::new(config, ledger_settings, Arc::new(clock));
        let announcer = Announcer::new(events, settings.event_bus, settings.stack, ledger.clone(), log);
        let name = |url: &str| url.rsplit('/').next().unwrap_or(url).to_owned();
        Self {
            aggregator: Aggregator::new(ledger.clone(), announcer, clock),
            copies: SqsQueue::new(events, settings.queue_url, ledger.clone()),
            ledger,
            deadline_queue: name(&settings.deadline_queue_url),
            dead_letter_queue: name(&settings.dead_letter_queue_url),
            deadlines: DeadlineQueue::new(events, settings.deadline_queue_url),
            quarantine: QuarantineQueue::new(events, settings.quarantine_queue_url),
            clock,
        }
    }

    /// Handles an invocation, and returns the ids of the records to deliver again. An error of one record never delays
    /// another.
    ///
    /// # Errors
    /// When this function does not serve the event.
    pub async fn handle(&self, event: Value) -> Result<Value, Error> {
        let reply = match FunctionEvent::parse(event)? {
            FunctionEvent::AskVersion => return Ok(json!({"version": env!("CARGO_PKG_VERSION")})),
            FunctionEvent::Stream(records) => self.fold(records).await,
            FunctionEvent::Messages(messages) => {
                let mut failed = Vec::new();
                for message in messages {
                    if let Err(error) = self.message(message.content).await {
                        log_error(&message.id, &error);
                        failed.push(message.id);
                    }
                }
                BatchReply::failed(failed)
            }
        };
        Ok(serde_json::to_value(reply)?)
    }

    /// Folds a batch of the stream. Records that can never be folded are quarantined, so that they delay no others.
    async fn fold(&self, records: Vec<StreamRecord>) -> BatchReply {
        let mut failed = Vec::new();
        let mut changes = Vec::new();
        let mut ids_of = BTreeMap::<JobId, Vec<String>>::new();
        let mut due = Vec::new();
        for StreamRecord { id, changes: said } in records {
            let said = match said {
                Ok(said) => said,
                Err(record) => {
                    let unreadable = PortError::Invalid("a record of the stream cannot be read");
                    failed.extend(self.quarantine_records(vec![id], &unreadable, record).await);
                    continue;
                }
            };
            for change in said {
                match change {
                    StreamChange::Fold(change) => {
                        ids_of.entry(change.job().clone()).or_default().push(id.clone());
                        changes.push(change);
                    }
                    begun @ (StreamChange::Due { .. } | StreamChange::Extended { .. }) => {
                        due.push(self.begin(id.clone(), begun));
                    }
                }
            }
        }
        let begun = stream::iter(due).buffer_unordered(BEGUN_AT_ONCE_MAX);
        failed.extend(begun.filter_map(std::future::ready).collect::<Vec<_>>().await);
        let mut errors = self.aggregator.fold(&changes).await;
        for (job, ids) in ids_of {
            let Some(error) = errors.remove(&job) else { continue };
            if matches!(error, PortError::Invalid(_)) {
                failed.extend(self.quarantine_records(ids, &error, json!({ "job": job })).await);
            } else {
                log_error(job.as_str(), &error);
                failed.extend(ids);
            }
        }
        BatchReply::from_lowest(failed)
    }

    /// Quarantines records that can never be folded. Returns the ids of the records for which that failed.
    async fn quarantine_records(&self, ids: Vec<String>, error: &PortError, what: Value) -> Vec<String> {
        log_error(&ids.join(" "), error);
        let quarantined =
            json!({"from": "stream", "sequence_numbers": ids, "error": error.to_string(), "what": what});
        match self.quarantine.put(&quarantined).await {
            Ok(()) => Vec::new(),
            Err(error) => {
                log_error(&ids.join(" "), &error);
                ids
            }
        }
    }

    /// Does the work that a change of a job's state begins. Returns the record's id when that failed.
    async fn begin(&self, id: String, change: StreamChange) -> Option<String> {
        let begun = match change {
            StreamChange::Due { job, round, deadline_at } => self.begin_round(job, round, deadline_at).await,
            StreamChange::Extended { job, round, copies } => self.extend(&job, round, copies).await,
            StreamChange::Fold(_) => Ok(()),
        };
        let error = begun.err()?;
        log_error(&id, &error);
        Some(id)
    }

    /// Makes sure that a round ends by its deadline.
    async fn begin_round(&self, job: JobId, round: u32, deadline_at: Timestamp) -> PortResult<()> {
        if round > 0 {
            // When a retry leaves nothing to run, no later outcome would end the job.
            self.aggregator.meet_deadline(&job).await?;
        }
        self.deadlines.send(job, round, deadline_at, self.clock.now()).await
    }

    /// Puts the copies by which a job was extended on the queue, unless that was done before. The state that wants them was
    /// written first, so after a crash in between the same record comes again.
    async fn extend(&self, id: &JobId, round: u32, copies: Range<u32>) -> PortResult<()> {
        let Some(job) = self.ledger.read_job(id).await? else { return Ok(()) };
        if job.state.ended_at().is_some() || job.state.round() != round {
            return Ok(());
        }
        let queue = self.copies.clone().traced(trace_header(&job));
        let from = self.ledger.enqueued_copies(&job).await?.max(copies.start);
        for range in copy_ranges(from..copies.end, CHUNK_COPIES) {
            let to = range.end;
            queue.enqueue_copies(id, round, range).await?;
            // If this takes longer than an invocation, the next one goes on from here.
            self.ledger.set_enqueued(id, round, to).await?;
        }
        Ok(())
    }

    async fn message(&self, message: Option<MessageContent>) -> PortResult<()> {
        let message =
            message.ok_or(PortError::Invalid("a message lacks fields that SQS gives to every message"))?;
        if message.queue == self.deadline_queue {
            let deadline = DeadlineMessage::parse(&message.body).map_err(unreadable)?;
            self.meet(deadline).await
        } else if message.queue == self.dead_letter_queue {
            self.give_up(&message).await
        } else {
            Err(PortError::Invalid("a message comes from a queue that this function does not serve"))
        }
    }

    /// Ends a round whose deadline has passed; before that, sends the message again.
    async fn meet(&self, deadline: DeadlineMessage) -> PortResult<()> {
        let Some(job) = self.ledger.read_job(&deadline.job).await? else { return Ok(()) };
        if job.state.ended_at().is_some() || job.state.round() != deadline.round {
            return Ok(());
        }
        if self.clock.now() < job.state.deadline_at() {
            let DeadlineMessage { job: id, round } = deadline;
            return self.deadlines.send(id, round, job.state.deadline_at(), self.clock.now()).await;
        }
        self.aggregator.meet_deadline(&deadline.job).await
    }

    /// Records that a copy was given up.
    async fn give_up(&self, message: &MessageContent) -> PortResult<()> {
        let copy = CopyMessage::parse(&message.body).map_err(unreadable)?;
        let round = copy.round;
        let copy = copy.copy();
        let job = self.ledger.read_job(&copy.job).await?;
        if job.is_none_or(|job| copy.index >= job.state.copies()) {
            return Err(PortError::Invalid("a dead letter names a copy that no job has"));
        }
        let delivery = Delivery {
            copy,
            round,
            receive_count: message.receive_count,
            sent_at: message.sent_at,
            receipt: 0,
        };
        self.aggregator.give_up(&delivery, GIVEN_UP).await
    }
}

fn unreadable(error: concord_cloud::MessageError) -> PortError {
    PortError::Permanent(Box::new(error))
}
