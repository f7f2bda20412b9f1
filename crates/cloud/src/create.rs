//! Jobs are created with their payloads, all of a submission or none.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use concord_protocol::ports::{CreateJobs, NewJob, PortError, PortResult};
use concord_protocol::{Job, JobId};
use futures::future::try_join_all;

use crate::aws_error;
use crate::blobs::{INLINE_BYTES_MAX, payload_object};
use crate::item::expression::{self, Expression};
use crate::item::{
    self, BlobAttributes, Bytes, JOB_ITEM, PAYLOAD_ITEM, SUBMISSION_ITEM, SubmissionAttributes, attributes,
    job,
};
use crate::ledger::DynamoLedger;

/// Jobs created in one transaction, at most: two items each, of the 100 that a transaction may have.
const JOBS_AT_ONCE_MAX: usize = 50;

/// Bytes of payloads in one transaction, at most, of the 4 MB that it may have in all.
const BYTES_AT_ONCE_MAX: usize = 3 * 1024 * 1024;

/// Why an id cannot be used again yet.
const LEFT: &str =
    "the id of a job was used before, and outcomes of that job have not expired yet: choose another";

/// What a transaction came to.
enum Created {
    All,
    /// They were there before, of the same submission.
    Stood,
    /// One of the ids is taken, by this job.
    Taken(Box<Job>),
}

/// When a submission of several jobs was entered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begun {
    /// By this call.
    Now,
    /// By another one, which may not have created all of its jobs.
    InPart,
    /// By another one, which created all of them; or there is but one job.
    Before,
}

impl CreateJobs for DynamoLedger {
    /// One job, or few, are one transaction. A larger submission is several, begun and ended by an item of its own: who
    /// dies in between has created a part, and the same call again creates the rest.
    async fn create_jobs(&self, jobs: Vec<NewJob>) -> PortResult<Option<Job>> {
        let Some(first) = jobs.first() else { return Ok(None) };
        let submission = first.spec.submission.clone();
        let several = first.spec.job != submission;
        let begun =
            if several { self.begin_submission(&submission, jobs.len()).await? } else { Begun::Before };
        let resumed = begun == Begun::InPart;
        let mut created = Vec::new();
        // What is there in part is completed one by one: a transaction is all or none.
        for batch in batches(&jobs, if resumed { 1 } else { JOBS_AT_ONCE_MAX }) {
            match self.create_batch(batch, resumed).await? {
                Created::All => created.extend(batch.iter().map(|new| new.spec.job.clone())),
                Created::Stood => {}
                Created::Taken(taken) => {
                    self.remove(&submission, begun == Begun::Now, &created).await?;
                    return Ok(Some(*taken));
                }
            }
        }
        if several {
            self.put_submission(&submission, jobs.len(), true, false).await?;
        }
        Ok(None)
    }
}

/// Jobs that fit into one transaction each.
fn batches(jobs: &[NewJob], jobs_max: usize) -> Vec<&[NewJob]> {
    let mut batches = Vec::new();
    let mut rest = jobs;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take(jobs_max).take_while(|new| {
            bytes += inline_bytes(new);
            bytes <= BYTES_AT_ONCE_MAX
        });
        let (batch, others) = rest.split_at(fitting.count().max(1));
        batches.push(batch);
        rest = others;
    }
    batches
}

fn inline_bytes(new: &NewJob) -> usize {
    if new.payload.len() <= INLINE_BYTES_MAX { new.payload.len() } else { 0 }
}

impl DynamoLedger {
    /// Enters a submission of several jobs.
    async fn begin_submission(&self, submission: &JobId, jobs: usize) -> PortResult<Begun> {
        if let Some(stored) = self.submission(submission).await? {
            return Ok(if stored.complete { Begun::Before } else { Begun::InPart });
        }
        let new = self.put_submission(submission, jobs, false, true).await?;
        Ok(if new { Begun::Now } else { Begun::InPart })
    }

    pub(crate) async fn submission(&self, submission: &JobId) -> PortResult<Option<SubmissionAttributes>> {
        self.get(submission, SUBMISSION_ITEM).await?.map(item::value).transpose()
    }

    async fn put_submission(
        &self,
        submission: &JobId,
        jobs: usize,
        complete: bool,
        only_new: bool,
    ) -> PortResult<bool> {
        let stored = SubmissionAttributes {
            job: submission.clone(),
            item: SUBMISSION_ITEM.to_owned(),
            jobs: u32::try_from(jobs).unwrap_or(u32::MAX),
            complete,
            expires_at: self.expires_at(),
        };
        let expression = if only_new { expression::absent() } else { Expression::default() };
        let put = self.put(attributes(&stored)?, expression);
        aws_error::held("PutItem", put.send().await)
    }

    /// Creates jobs in one transaction. `resumed` says that jobs of the same submission may be there already.
    async fn create_batch(&self, batch: &[NewJob], resumed: bool) -> PortResult<Created> {
        if !resumed {
            try_join_all(batch.iter().map(|new| self.check_unused(&new.spec.job))).await?;
        }
        let mut transaction = self.dynamodb.transact_write_items();
        for new in batch {
            if new.payload.len() > INLINE_BYTES_MAX {
                self.put_object(&payload_object(new.spec.payload_digest), new.payload.to_vec()).await?;
            }
            transaction =
                transaction.transact_items(self.put_job(new)?).transact_items(self.put_payload(new)?);
        }
        let Err(error) = transaction.send().await else { return Ok(Created::All) };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error()
        else {
            return Err(aws_error::port("TransactWriteItems")(error));
        };
        let failed = |reason: &&CancellationReason| reason.code() == Some("ConditionalCheckFailed");
        let standing =
            cancelled.cancellation_reasons().iter().filter(failed).filter_map(CancellationReason::item);
        let standing: Vec<Job> = standing.cloned().map(job::job).collect::<Result<_, _>>()?;
        let ours = |job: &Job| resumed && job.spec.submission == batch[0].spec.submission;
        let total = standing.len();
        match standing.into_iter().find(|job| !ours(job)) {
            Some(taken) => Ok(Created::Taken(Box::new(taken))),
            None if total == batch.len() => Ok(Created::Stood),
            // Another transaction was at the same items.
            None => Err(PortError::Transient(Box::new(error))),
        }
    }

    /// Refuses an id under which something of an earlier job is left: its items expire one by one, and a tally or an
    /// outcome of another payload must never count for this one.
    async fn check_unused(&self, job: &JobId) -> PortResult<()> {
        // One may be a submission of the same name, which is no job.
        let query = self.query(expression::all_of(job)).consistent_read(true).limit(2);
        let items = query.send().await.map_err(aws_error::port("Query"))?.items.unwrap_or_default();
        // A job that is there is for the transaction to find.
        if !items.iter().any(item::is_of_a_job) || self.get(job, JOB_ITEM).await?.is_some() {
            return Ok(());
        }
        Err(PortError::Invalid(LEFT))
    }

    fn put_job(&self, new: &NewJob) -> PortResult<TransactWriteItem> {
        let state = new.spec.first_state();
        let expires_at = self.expires_after(state.deadline_at());
        let attributes = job::job_attributes(&new.spec, &state, expires_at)?;
        self.put_new(attributes, true)
    }

    fn put_payload(&self, new: &NewJob) -> PortResult<TransactWriteItem> {
        let body = BlobAttributes {
            job: new.spec.job.clone(),
            item: PAYLOAD_ITEM.to_owned(),
            digest: new.spec.payload_digest,
            bytes: new.payload.len() as u64,
            body: (new.payload.len() <= INLINE_BYTES_MAX).then(|| Bytes(new.payload.to_vec())),
            zstd: None,
            expires_at: self.expires_after(new.spec.first_state().deadline_at()),
        };
        self.put_new(attributes(&body)?, false)
    }

    fn put_new(&self, attributes: item::Attributes, conditional: bool) -> PortResult<TransactWriteItem> {
        let mut put = Put::builder().table_name(&self.table).set_item(Some(attributes));
        if conditional {
            let expression = expression::absent();
            put = put
                .set_expression_attribute_names(expression.names())
                .set_condition_expression(expression.condition)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        }
        let put = put.build().map_err(|error| PortError::Permanent(Box::new(error)))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// Takes back what was created of a submission whose other jobs cannot be: nobody has begun on it.
    async fn remove(&self, submission: &JobId, with_submission: bool, jobs: &[JobId]) -> PortResult<()> {
        for job in jobs {
            self.delete(job, JOB_ITEM).await?;
            self.delete(job, PAYLOAD_ITEM).await?;
        }
        if with_submission { self.delete(submission, SUBMISSION_ITEM).await } else { Ok(()) }
    }

    async fn delete(&self, job: &JobId, item: &str) -> PortResult<()> {
        let delete = self.dynamodb.delete_item().table_name(&self.table).set_key(Some(item::key(job, item)));
        delete.send().await.map(|_| ()).map_err(aws_error::port("DeleteItem"))
    }
}
