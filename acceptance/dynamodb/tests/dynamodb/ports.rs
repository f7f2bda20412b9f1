//! Implements all ports: those of the adapter, and a stand-in for the event sources of Lambda.

use std::collections::{BTreeSet, HashMap};
use std::io::{Sink, sink};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType};
use aws_sdk_sqs::types::MessageSystemAttributeName;
use concord_acceptance::conformance::{FedChange, Transport};
use concord_cloud::{Announcer, CopyMessage, DynamoLedger, SqsQueue, StreamChange, stream_changes};
use concord_protocol::ports::*;
use concord_protocol::{
    Announcement, Digest, Golden, GoldenKey, Job, JobId, JobState, JobTally, ListFilter, Lookup, Outcome,
    Rollup, Settlement, Tally,
};
use serde_dynamo::Item;

use crate::sqs::{DEAD_LETTERS, QUEUE, Sqs};

/// The adapter under test.
pub(crate) struct Cloud {
    pub(crate) ledger: DynamoLedger,
    pub(crate) queue: SqsQueue,
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    streams: aws_sdk_dynamodbstreams::Client,
    announcer: Announcer<Sink>,
    table: String,
    stream: String,
    acknowledged: Mutex<BTreeSet<u64>>,
    handles: Mutex<HashMap<u64, String>>,
}

impl Cloud {
    pub(crate) fn new(
        ledger: DynamoLedger,
        queue: SqsQueue,
        sqs: &Sqs,
        config: &SdkConfig,
        table: &str,
        stream: String,
    ) -> Self {
        let (bus, stack) = ("default".to_owned(), "checks".to_owned());
        Self {
            announcer: Announcer::new(&sqs.config(), bus, stack, ledger.clone(), sink()),
            ledger,
            queue,
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(&sqs.config()),
            streams: aws_sdk_dynamodbstreams::Client::new(config),
            table: table.to_owned(),
            stream,
            acknowledged: Mutex::default(),
            handles: Mutex::default(),
        }
    }

    async fn receive(&self, url: &str, count_max: usize) -> PortResult<Vec<Delivery>> {
        let received = self
            .sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(i32::try_from(count_max).unwrap())
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .send()
            .await
            .unwrap();
        let mut deliveries = Vec::new();
        for message in received.messages.unwrap_or_default() {
            let handle = message.receipt_handle.unwrap();
            let receipt = handle.parse().unwrap();
            self.handles.lock().unwrap().insert(receipt, handle);
            let count = &message.attributes.unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount];
            let read = CopyMessage::parse(&message.body.unwrap()).unwrap();
            let round = read.round;
            deliveries.push(Delivery {
                copy: read.copy(),
                round,
                receive_count: count.parse().unwrap(),
                sent_at: None,
                receipt,
            });
        }
        Ok(deliveries)
    }

    async fn delete(&self, url: &str, delivery: &Delivery) -> PortResult<()> {
        let handle = self.handles.lock().unwrap()[&delivery.receipt].clone();
        self.sqs.delete_message().queue_url(url).receipt_handle(handle).send().await.unwrap();
        Ok(())
    }

    /// All records of the stream, from its beginning.
    pub(crate) async fn records(&self) -> Vec<Record> {
        let described = self.streams.describe_stream().stream_arn(&self.stream).send().await.unwrap();
        let mut records = Vec::new();
        for shard in described.stream_description.unwrap().shards.unwrap() {
            let iterator = self
                .streams
                .get_shard_iterator()
                .stream_arn(&self.stream)
                .shard_id(shard.shard_id.unwrap())
                .shard_iterator_type(ShardIteratorType::TrimHorizon);
            let mut iterator = iterator.send().await.unwrap().shard_iterator;
            while let Some(from) = iterator {
                let read = self.streams.get_records().shard_iterator(from).send().await.unwrap();
                let batch = read.records.unwrap_or_default();
                iterator = read.next_shard_iterator.filter(|_| !batch.is_empty());
                records.extend(batch);
            }
        }
        records
    }

    /// The changes in all records of the stream.
    pub(crate) async fn changes(&self) -> PortResult<Vec<StreamChange>> {
        let mut changes = Vec::new();
        for record in self.records().await {
            let images = record.dynamodb.unwrap();
            let image = |image: Option<HashMap<_, _>>| Item::from(image.unwrap_or_default());
            changes.extend(stream_changes(image(images.old_image), image(images.new_image))?);
        }
        Ok(changes)
    }
}

impl ReceiveCopies for Cloud {
    async fn receive_copies(&self, count_max: usize) -> PortResult<Vec<Delivery>> {
        self.receive(QUEUE, count_max).await
    }
}

impl ReceiveDeadLetters for Cloud {
    async fn receive_dead_letters(&self, count_max: usize) -> PortResult<Vec<Delivery>> {
        self.receive(DEAD_LETTERS, count_max).await
    }
}

impl DeleteMessage for Cloud {
    async fn delete_message(&self, delivery: &Delivery) -> PortResult<()> {
        self.delete(QUEUE, delivery).await
    }
}

impl DelayMessage for Cloud {
    async fn delay_message(&self, delivery: &Delivery, delay_ms: u64) -> PortResult<()> {
        let handle = self.handles.lock().unwrap()[&delivery.receipt].clone();
        self.queue.delay(&handle, delay_ms).await
    }
}

impl Transport for Cloud {
    async fn read_changes(&self, count_max: usize) -> PortResult<Vec<FedChange>> {
        let changes = self.changes().await?.into_iter();
        let folds = changes.filter_map(|change| match change {
            StreamChange::Fold(change) => Some(change),
            StreamChange::Due { .. } | StreamChange::Extended { .. } => None,
        });
        let acknowledged = self.acknowledged.lock().unwrap();
        let numbered = (0..).zip(folds).map(|(sequence, change)| FedChange { sequence, change });
        Ok(numbered.filter(|fed| !acknowledged.contains(&fed.sequence)).take(count_max).collect())
    }

    async fn acknowledge_changes(&self, sequences: Vec<u64>) -> PortResult<()> {
        self.acknowledged.lock().unwrap().extend(sequences);
        Ok(())
    }

    async fn delete_dead_letter(&self, delivery: &Delivery) -> PortResult<()> {
        self.delete(DEAD_LETTERS, delivery).await
    }
}

impl Announce for Cloud {
    async fn announce(&self, announcement: &Announcement) -> PortResult<()> {
        self.announcer.announce(announcement).await
    }
}

impl EnqueueCopies for Cloud {
    async fn enqueue_copies(&self, job: &JobId, round: u32, copies: Range<u32>) -> PortResult<()> {
        self.queue.enqueue_copies(job, round, copies).await
    }
}

macro_rules! through_the_ledger {
    ($($port:ident :: $verb:ident($($name:ident: $of:ty),*) -> $gives:ty,)+) => {
        $(
            impl $port for Cloud {
                async fn $verb(&self, $($name: $of),*) -> PortResult<$gives> {
                    self.ledger.$verb($($name),*).await
                }
            }
        )+
    };
}

through_the_ledger! {
    CreateJobs::create_jobs(jobs: Vec<NewJob>) -> Option<Job>,
    ReadJob::read_job(job: &JobId) -> Option<Job>,
    FindJobs::find_jobs(name: &str) -> Lookup,
    ListJobs::list_jobs(filter: ListFilter) -> Vec<Job>,
    ListOpenJobs::list_open_jobs() -> Vec<JobId>,
    ReadSubmission::read_submission(submission: &JobId) -> Vec<JobId>,
    ReadPayload::read_payload(job: &JobId) -> Option<Arc<[u8]>>,
    WriteOutput::write_output(job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> (),
    ReadOutput::read_output(job: &JobId, digest: Digest) -> Option<Vec<u8>>,
    RecordOutcome::record_outcome(outcome: Outcome) -> Settlement,
    ReadOutcomes::read_outcomes(job: &JobId, copies: Range<u32>) -> Vec<Outcome>,
    MergeTally::merge_tally(job: &JobId, chunk: u32, delta: Tally) -> Tally,
    MergeRollup::merge_rollup(job: &JobId, delta: Rollup) -> Rollup,
    ReadTally::read_tally(job: &JobId) -> JobTally,
    ReplaceState::replace_state(job: &JobId, state: JobState) -> bool,
    WriteGolden::write_golden(golden: Golden) -> (),
    ReadGolden::read_golden(key: &GoldenKey) -> Option<Golden>,
}

impl Cloud {
    /// Deletes an item of a job, as the time to live does.
    pub(crate) async fn lose(&self, job: &JobId, item: &str) {
        let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
        let delete = self.dynamodb.delete_item().table_name(&self.table);
        delete.key("job", text(job.as_str())).key("item", text(item)).send().await.unwrap();
    }

    /// Creates jobs, and then marks their submission as incomplete. This is the state after a process died early.
    pub(crate) async fn forget_completion(&self, jobs: Vec<NewJob>) {
        let submission = jobs[0].spec.submission.clone();
        assert_eq!(self.ledger.create_jobs(jobs).await.unwrap(), None);
        let key = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
        self.dynamodb
            .update_item()
            .table_name(&self.table)
            .key("job", key(submission.as_str()))
            .key("item", key("submission"))
            .update_expression("SET complete = :no")
            .expression_attribute_values(":no", aws_sdk_dynamodb::types::AttributeValue::Bool(false))
            .send()
            .await
            .unwrap();
    }
}
