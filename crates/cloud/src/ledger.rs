use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use concord_protocol::ports::{Clock, PortError, PortResult, ReadJob, ReplaceState};
use concord_protocol::{Digest, Job, JobId, JobState, Timestamp};
use lru::LruCache;

use crate::access::CONNECT_TIMEOUT;
use crate::aws_error;
use crate::item::expression::{self, Expression};
use crate::item::{self, Attributes, JOB_ITEM, job};

/// The longest time that one attempt of a request to the table may take. It is short, because items are small.
const TABLE_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// The most jobs, and the most digests of facts, that a process remembers. It forgets the least recently used ones.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");

/// The settings of a [`DynamoLedger`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerSettings {
    /// The name of the table.
    pub table: String,
    /// The name of the bucket for payloads and outputs that are too large for the table. The aggregator needs no
    /// bucket.
    pub bucket: Option<String>,
    /// The number of days after which a written item expires.
    pub keep_days: u32,
}

/// The ledger in `DynamoDB`, with large payloads and outputs in S3. A clone uses the same ledger and the same caches.
#[derive(Clone)]
pub struct DynamoLedger {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) bucket: Option<(aws_sdk_s3::Client, String)>,
    pub(crate) table: String,
    keep_days: u32,
    clock: Arc<dyn Clock>,
    known_jobs: Arc<Mutex<LruCache<JobId, ()>>>,
    kept_facts: Arc<Mutex<LruCache<(JobId, Digest), ()>>>,
}

impl DynamoLedger {
    /// A ledger in the table and the bucket of `settings`, which must exist.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, settings: LedgerSettings, clock: Arc<dyn Clock>) -> Self {
        // The bucket is in the path of the URL, because this works with every endpoint, also with that of an emulator.
        let s3 = |bucket| {
            let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
            (aws_sdk_s3::Client::from_conf(config), bucket)
        };
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(TABLE_ATTEMPT_TIMEOUT)
            .build();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(config).timeout_config(timeouts).build();
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            bucket: settings.bucket.map(s3),
            table: settings.table,
            keep_days: settings.keep_days,
            clock,
            known_jobs: Arc::new(Mutex::new(LruCache::new(REMEMBERED_MAX))),
            kept_facts: Arc::new(Mutex::new(LruCache::new(REMEMBERED_MAX))),
        }
    }

    /// The current time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// When an item that is written now expires, in seconds since 1970. The table's time to live requires this unit.
    pub(crate) fn expires_at(&self) -> u64 {
        self.expires_after(self.clock.now())
    }

    /// When an item that is needed until `time` expires, in seconds since 1970.
    pub(crate) fn expires_after(&self, time: Timestamp) -> u64 {
        let later = time.max(self.clock.now());
        later.unix_ms / 1_000 + u64::from(self.keep_days) * 24 * 60 * 60
    }

    /// A request that writes `item`, on the condition of `expression`.
    pub(crate) fn put(&self, item: Attributes, expression: Expression) -> PutItemFluentBuilder {
        self.dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .set_condition_expression(expression.condition)
    }

    /// A request that updates an item.
    pub(crate) fn update(
        &self,
        job: &JobId,
        item: impl Into<String>,
        expression: Expression,
    ) -> UpdateItemFluentBuilder {
        self.dynamodb
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(job, item)))
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .set_update_expression(expression.update)
            .set_condition_expression(expression.condition)
    }

    /// A query for the items whose keys match the condition of `expression`.
    pub(crate) fn query(&self, expression: Expression) -> QueryFluentBuilder {
        self.dynamodb
            .query()
            .table_name(&self.table)
            .set_expression_attribute_names(expression.names())
            .set_expression_attribute_values(expression.values())
            .set_key_condition_expression(expression.condition)
    }

    /// Reads an item, with strong consistency.
    pub(crate) async fn get(&self, job: &JobId, item: &str) -> PortResult<Option<Attributes>> {
        let get = self.dynamodb.get_item().table_name(&self.table).set_key(Some(item::key(job, item)));
        Ok(get.consistent_read(true).send().await.map_err(aws_error::port("GetItem"))?.item)
    }

    /// Reads the items of a job whose sort keys are from `from` to `to`, both included, with strong consistency.
    pub(crate) async fn between(&self, job: &JobId, from: &str, to: &str) -> PortResult<Vec<Attributes>> {
        let query = self.query(expression::between(job, from, to)).consistent_read(true);
        let items = query.into_paginator().items().send().collect::<Result<_, _>>().await;
        items.map_err(aws_error::port("Query"))
    }

    /// Fails when a job was never created. No job is deleted while anything is written for it.
    pub(crate) async fn check_known(&self, job: &JobId) -> PortResult<()> {
        if locked(&self.known_jobs).get(job).is_some() || self.read_job(job).await?.is_some() {
            return Ok(());
        }
        Err(PortError::Invalid("an outcome names a job that is not in the ledger"))
    }

    /// Whether this process has stored the facts with the digest `facts` for a job.
    pub(crate) fn has_kept_facts(&self, job: &JobId, facts: Digest) -> bool {
        locked(&self.kept_facts).get(&(job.clone(), facts)).is_some()
    }

    /// Remembers that the facts with the digest `facts` are stored for a job.
    pub(crate) fn remember_facts(&self, job: &JobId, facts: Digest) {
        remember(&self.kept_facts, (job.clone(), facts));
    }
}

fn locked<T>(seen: &Mutex<T>) -> MutexGuard<'_, T> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remember<T: Eq + Hash>(seen: &Mutex<LruCache<T, ()>>, new: T) {
    locked(seen).put(new, ());
}

impl ReadJob for DynamoLedger {
    /// Reads with strong consistency: a worker that read an older round would drop the copies of a retry.
    async fn read_job(&self, id: &JobId) -> PortResult<Option<Job>> {
        let Some(item) = self.get(id, JOB_ITEM).await? else { return Ok(None) };
        remember(&self.known_jobs, id.clone());
        job::job(item).map(Some)
    }
}

impl ReplaceState for DynamoLedger {
    async fn replace_state(&self, id: &JobId, state: JobState) -> PortResult<bool> {
        let expression = job::replace_state(&state, self.expires_after(state.deadline_at()))?;
        aws_error::condition_held("UpdateItem", self.update(id, JOB_ITEM, expression).send().await)
    }
}
