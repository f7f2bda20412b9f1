use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;

use aws_sdk_dynamodb::types::AttributeValue;
use concord_protocol::ports::{Clock, PortError, PortResult, ReadJob, ReplaceState};
use concord_protocol::{Digest, Job, JobId, JobState, Timestamp};
use lru::LruCache;

use crate::access::CONNECT_TIMEOUT;
use crate::fault;
use crate::item::{self, Attributes, JOB_ITEM, job};

/// Longest time that one attempt at a request to the table may take; items are small.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// Jobs, and facts of jobs, that a process remembers to have seen, at most: the ones seen last.
const REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");

/// Where jobs are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the table.
    pub table: String,
    /// Name of the bucket for payloads and outputs that are too large for the table; nobody who only folds needs it.
    pub bucket: Option<String>,
    /// Days until what is written expires.
    pub keep_days: u32,
}

/// The ledger in `DynamoDB`, with large payloads and outputs in S3. Its clones are the same ledger.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) bucket: Option<(aws_sdk_s3::Client, String)>,
    pub(crate) table: String,
    keep_days: u32,
    clock: Arc<dyn Clock>,
    known_jobs: Arc<Mutex<LruCache<JobId, ()>>>,
    kept_facts: Arc<Mutex<LruCache<(JobId, Digest), ()>>>,
}

impl Ledger {
    /// A ledger in the given table and bucket, which exist.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, place: Place, clock: Arc<dyn Clock>) -> Self {
        // The address of a bucket as a path works with every endpoint, an emulator's too.
        let s3 = |bucket| {
            let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true).build();
            (aws_sdk_s3::Client::from_conf(config), bucket)
        };
        let quick = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .build();
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(config).timeout_config(quick).build();
        Self {
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
            bucket: place.bucket.map(s3),
            table: place.table,
            keep_days: place.keep_days,
            clock,
            known_jobs: Arc::new(Mutex::new(LruCache::new(REMEMBERED_MAX))),
            kept_facts: Arc::new(Mutex::new(LruCache::new(REMEMBERED_MAX))),
        }
    }

    /// The moment it is now.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// When an item that is written now expires, in seconds since 1970, as the table's time to live wants it.
    pub(crate) fn expires_at(&self) -> u64 {
        self.expires_after(self.clock.now())
    }

    /// When an item that is needed until `moment` expires.
    pub(crate) fn expires_after(&self, moment: Timestamp) -> u64 {
        let later = moment.max(self.clock.now());
        later.unix_ms / 1_000 + u64::from(self.keep_days) * 24 * 60 * 60
    }

    /// An item as it stands now.
    pub(crate) async fn get(&self, job: &JobId, item: &str) -> PortResult<Option<Attributes>> {
        let get = self.dynamodb.get_item().table_name(&self.table).set_key(Some(item::key(job, item)));
        Ok(get.consistent_read(true).send().await.map_err(fault::port("GetItem"))?.item)
    }

    /// The items of a job whose sort keys stand between two, both included, as they stand now.
    pub(crate) async fn between(&self, job: &JobId, from: &str, to: &str) -> PortResult<Vec<Attributes>> {
        let query = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .key_condition_expression("#job = :job AND #item BETWEEN :from AND :to")
            .expression_attribute_names("#job", item::JOB)
            .expression_attribute_names("#item", item::ITEM)
            .expression_attribute_values(":job", AttributeValue::S(job.to_string()))
            .expression_attribute_values(":from", AttributeValue::S(from.to_owned()))
            .expression_attribute_values(":to", AttributeValue::S(to.to_owned()))
            .consistent_read(true);
        let items = query.into_paginator().items().send().collect::<Result<_, _>>().await;
        items.map_err(fault::port("Query"))
    }

    /// Fails when a job was never created. A job is not deleted while anything is written for it.
    pub(crate) async fn check_known(&self, job: &JobId) -> PortResult<()> {
        if locked(&self.known_jobs).get(job).is_some() || self.read_job(job).await?.is_some() {
            return Ok(());
        }
        Err(PortError::Invalid("an outcome names a job that is not in the ledger"))
    }

    /// Whether this process has stored facts for a job.
    pub(crate) fn has_kept_facts(&self, job: &JobId, facts: Digest) -> bool {
        locked(&self.kept_facts).get(&(job.clone(), facts)).is_some()
    }

    /// Remembers that facts are stored for a job.
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

impl ReadJob for Ledger {
    /// Reads what was written last: a worker that saw an older round would drop the copies of a retry.
    async fn read_job(&self, id: &JobId) -> PortResult<Option<Job>> {
        let Some(item) = self.get(id, JOB_ITEM).await? else { return Ok(None) };
        remember(&self.known_jobs, id.clone());
        job::job(item).map(Some)
    }
}

impl ReplaceState for Ledger {
    async fn replace_state(&self, id: &JobId, state: JobState) -> PortResult<bool> {
        let mut attributes = job::state_attributes(&state)?;
        attributes.insert("expires_at".to_owned(), item::number(self.expires_after(state.deadline_at())));
        let before = AttributeValue::N(state.revision().saturating_sub(1).to_string());
        let mut update = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(id, JOB_ITEM)))
            .condition_expression("#revision = :before")
            .expression_attribute_values(":before", before);
        let absent = job::STATE_OPTIONAL.into_iter().filter(|name| !attributes.contains_key(*name));
        let removed: Vec<_> = absent.map(|name| format!("#{name}")).collect();
        let set: Vec<_> = attributes.keys().map(|name| format!("#{name} = :{name}")).collect();
        let mut expression = format!("SET {}", set.join(", "));
        if !removed.is_empty() {
            expression = format!("{expression} REMOVE {}", removed.join(", "));
        }
        for name in attributes.keys().map(String::as_str).chain(job::STATE_OPTIONAL) {
            update = update.expression_attribute_names(format!("#{name}"), name);
        }
        for (name, value) in attributes {
            update = update.expression_attribute_values(format!(":{name}"), value);
        }
        fault::held("UpdateItem", update.update_expression(expression).send().await)
    }
}
