//! Creates the jobs of a submission with their payloads: all of them or none.

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

/// The most jobs in one transaction. Each has two items, and a transaction has at most 100 items.
const JOBS_PER_TRANSACTION_MAX: usize = 50;

/// The most bytes of payloads in one transaction, which has at most 4 MB in total.
const BYTES_PER_TRANSACTION_MAX: usize = 3 * 1024 * 1024;

/// The error for an id that cannot be used again yet.
const NOT_EXPIRED: &str =
    "an earlier job had this id, and some of its outcomes have not expired yet: choose another id";

/// The result of the transaction that creates some jobs.
enum Created {
    All,
    /// All of the jobs existed already, and belong to the same submission.
    Existed,
    /// This other job has one of the ids.
    Taken(Box<Job>),
}

/// The progress of a submission before this call creates jobs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SubmissionProgress {
    /// This call wrote the item of the submission.
    New,
    /// An earlier call wrote it, and may not have created all of the jobs.
    Partial,
    /// An earlier call wrote it and created all of the jobs; or the submission has only one job, and so no item.
    Complete,
}

impl CreateJobs for DynamoLedger {
    /// Creates few jobs in one transaction, and many in several. A submission of several jobs has an item of its own,
    /// which is written before the first transaction and completed after the last. If the process dies in between, only
    /// a part of the jobs exists; the same call again creates the rest.
    async fn create_jobs(&self, jobs: Vec<NewJob>) -> PortResult<Option<Job>> {
        let Some(first) = jobs.first() else { return Ok(None) };
        let submission = first.spec.submission.clone();
        let several = first.spec.job != submission;
        let progress = if several {
            self.begin_submission(&submission, jobs.len()).await?
        } else {
            SubmissionProgress::Complete
        };
        let resumed = progress == SubmissionProgress::Partial;
        let mut created = Vec::new();
        // If some jobs may exist already, each job has its own transaction, because a transaction succeeds or fails as
        // a whole.
        for batch in batches(&jobs, if resumed { 1 } else { JOBS_PER_TRANSACTION_MAX }) {
            match self.create_batch(batch, resumed).await? {
                Created::All => created.extend(batch.iter().map(|new| new.spec.job.clone())),
                Created::Existed => {}
                Created::Taken(taken) => {
                    self.remove(&submission, progress == SubmissionProgress::New, &created).await?;
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

/// Divides `jobs` into batches that each fit into one transaction.
fn batches(jobs: &[NewJob], jobs_max: usize) -> Vec<&[NewJob]> {
    let mut batches = Vec::new();
    let mut rest = jobs;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take(jobs_max).take_while(|new| {
            bytes += inline_bytes(new);
            bytes <= BYTES_PER_TRANSACTION_MAX
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
    /// Writes the item of a submission of several jobs, unless it exists.
    async fn begin_submission(&self, submission: &JobId, jobs: usize) -> PortResult<SubmissionProgress> {
        if let Some(stored) = self.submission(submission).await? {
            return Ok(if stored.complete {
                SubmissionProgress::Complete
            } else {
                SubmissionProgress::Partial
            });
        }
        let new = self.put_submission(submission, jobs, false, true).await?;
        Ok(if new { SubmissionProgress::New } else { SubmissionProgress::Partial })
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
        aws_error::condition_held("PutItem", put.send().await)
    }

    /// Creates jobs in one transaction. If `resumed`, jobs of the same submission may exist already.
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
        let existing =
            cancelled.cancellation_reasons().iter().filter(failed).filter_map(CancellationReason::item);
        let existing: Vec<Job> = existing.cloned().map(job::job).collect::<Result<_, _>>()?;
        let ours = |job: &Job| resumed && job.spec.submission == batch[0].spec.submission;
        let total = existing.len();
        match existing.into_iter().find(|job| !ours(job)) {
            Some(taken) => Ok(Created::Taken(Box::new(taken))),
            None if total == batch.len() => Ok(Created::Existed),
            // Another transaction used the same items at the same time.
            None => Err(PortError::Transient(Box::new(error))),
        }
    }

    /// Refuses an id if the table still has items of an earlier job with this id. The items of a job expire one by one,
    /// and a tally or an outcome of another payload must never count for the new job.
    async fn check_unused(&self, job: &JobId) -> PortResult<()> {
        // One of the two items may be a submission of the same name, which is not a job.
        let query = self.query(expression::all_of(job)).consistent_read(true).limit(2);
        let items = query.send().await.map_err(aws_error::port("Query"))?.items.unwrap_or_default();
        // If the job itself exists, the transaction finds it.
        if !items.iter().any(item::is_of_a_job) || self.get(job, JOB_ITEM).await?.is_some() {
            return Ok(());
        }
        Err(PortError::Invalid(NOT_EXPIRED))
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

    /// Deletes the created jobs of a submission whose other jobs cannot be created. No copy is on the queue yet.
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
