//! What the worker, the aggregator and the producer need from the outside world. A trait has one verb, so that it
//! needs one permission, and an implementation gets no more than it needs.
//!
//! Every method is safe to repeat: two calls leave the same result as one. A future that is dropped early has either
//! written everything or nothing.

use std::error::Error;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

pub use crate::delivery::Delivery;
use crate::{
    Announcement, Digest, FunctionReply, Golden, GoldenKey, Invocation, InvokeError, Job, JobId, JobSpec,
    JobState, JobTally, ListFilter, Lookup, Outcome, Rollup, Settlement, Tally, Timestamp,
};

/// Why a port failed, named by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// A temporary error. The same call may succeed later.
    #[error("the store did not answer this time")]
    Transient(#[source] Box<dyn Error + Send + Sync>),
    /// The store cannot work (full disk, no permission). Somebody has to repair it first.
    #[error("the store cannot go on")]
    Permanent(#[source] Box<dyn Error + Send + Sync>),
    /// What the store holds was changed by an accident, such as a bad disk. No verdict may follow from it, and no repeated
    /// call helps.
    #[error("the store is damaged")]
    Damaged(#[source] Box<dyn Error + Send + Sync>),
    /// The request makes no sense, such as an outcome of an unknown job. Its message goes to quarantine.
    #[error("{0}")]
    Invalid(&'static str),
}

/// The result of a port.
pub type PortResult<T> = Result<T, PortError>;

/// The time, as a parameter.
pub trait Clock: Send + Sync {
    /// The current time. It may jump in either direction, because somebody may set the clock.
    fn now(&self) -> Timestamp;

    /// Microseconds of a clock that nobody can set, so that it never goes back, since a start that is the same for all
    /// processes of a machine. For lengths of time.
    fn ticks_us(&self) -> u64;
}

impl<K: Clock + ?Sized> Clock for Arc<K> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn ticks_us(&self) -> u64 {
        (**self).ticks_us()
    }
}

/// A job to create. The jobs of one submission are created together, or none of them is.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// What was submitted.
    pub spec: JobSpec,
    /// The payload of the job.
    pub payload: Arc<[u8]>,
}

/// Creates jobs with their payloads.
pub trait CreateJobs {
    /// Creates all of the jobs. If an id is taken, creates none of them and returns the job that has the id.
    fn create_jobs(&self, jobs: Vec<NewJob>) -> impl Future<Output = PortResult<Option<Job>>> + Send;
}

/// Puts copies on the queue.
pub trait EnqueueCopies {
    /// Puts the given copies on the queue for `round`, except for copies that gave a digest. A copy that is already
    /// on the queue for that round stays there, once or twice.
    fn enqueue_copies(
        &self,
        job: &JobId,
        round: u32,
        copies: Range<u32>,
    ) -> impl Future<Output = PortResult<()>> + Send;
}

/// Takes messages from the queue.
pub trait ReceiveCopies {
    /// Returns at most `count_max` messages. They are hidden from other receivers until they are deleted, put back,
    /// or their time limit is over. May wait a little for the first message; no message is a valid answer.
    fn receive_copies(&self, count_max: usize) -> impl Future<Output = PortResult<Vec<Delivery>>> + Send;
}

/// Removes messages from the queue.
pub trait DeleteMessage {
    /// Removes a delivered message. A receipt that is not valid any more is not an error.
    fn delete_message(&self, delivery: &Delivery) -> impl Future<Output = PortResult<()>> + Send;
}

/// Puts messages back on the queue.
pub trait DelayMessage {
    /// Makes a delivered message visible again after `delay_ms`.
    fn delay_message(
        &self,
        delivery: &Delivery,
        delay_ms: u64,
    ) -> impl Future<Output = PortResult<()>> + Send;
}

/// Receives messages that were delivered too often.
pub trait ReceiveDeadLetters {
    /// Returns at most `count_max` copies that were delivered too often without an outcome.
    fn receive_dead_letters(
        &self,
        count_max: usize,
    ) -> impl Future<Output = PortResult<Vec<Delivery>>> + Send;
}

/// Reads a job.
pub trait ReadJob {
    /// Returns the job as it is stored; `None` when there is none.
    fn read_job(&self, job: &JobId) -> impl Future<Output = PortResult<Option<Job>>> + Send;
}

/// Finds jobs by name.
pub trait FindJobs {
    /// Finds the jobs that a user means by `name`: the id of a job, the id of a submission, or the beginning of the id
    /// of one job. An adapter may search only its newest jobs for a beginning.
    fn find_jobs(&self, name: &str) -> impl Future<Output = PortResult<Lookup>> + Send;
}

/// Lists jobs.
pub trait ListJobs {
    /// Returns the jobs that the filter lets through, newest first.
    fn list_jobs(&self, filter: ListFilter) -> impl Future<Output = PortResult<Vec<Job>>> + Send;
}

/// Lists the jobs that have not ended.
pub trait ListOpenJobs {
    /// Returns the jobs that have not ended, oldest first. An adapter may search only its newest jobs.
    fn list_open_jobs(&self) -> impl Future<Output = PortResult<Vec<JobId>>> + Send;
}

/// Reads submissions.
pub trait ReadSubmission {
    /// Returns the jobs of a submission, in the order of its payloads; none when there is no such submission.
    fn read_submission(&self, submission: &JobId) -> impl Future<Output = PortResult<Vec<JobId>>> + Send;
}

/// Reads payloads.
pub trait ReadPayload {
    /// Returns the payload of a job. The caller checks its digest.
    fn read_payload(&self, job: &JobId) -> impl Future<Output = PortResult<Option<Arc<[u8]>>>> + Send;
}

/// Keeps outputs.
pub trait WriteOutput {
    /// Stores the bytes of a distinct output. Beyond [`crate::limits::OUTPUTS_KEPT_MAX`] outputs of a job, the bytes
    /// are not stored, and that is not an error.
    fn write_output(
        &self,
        job: &JobId,
        digest: Digest,
        bytes: Arc<[u8]>,
    ) -> impl Future<Output = PortResult<()>> + Send;
}

/// Reads outputs.
pub trait ReadOutput {
    /// Returns the bytes of an output, if they were stored.
    fn read_output(
        &self,
        job: &JobId,
        digest: Digest,
    ) -> impl Future<Output = PortResult<Option<Vec<u8>>>> + Send;
}

/// Stores golden results.
pub trait WriteGolden {
    /// Stores a golden result in place of the earlier one, until the next one replaces it.
    fn write_golden(&self, golden: Golden) -> impl Future<Output = PortResult<()>> + Send;
}

/// Reads golden results.
pub trait ReadGolden {
    /// Returns the golden result of a calculation and a payload, if one was accepted.
    fn read_golden(&self, key: &GoldenKey) -> impl Future<Output = PortResult<Option<Golden>>> + Send;
}

/// Records outcomes.
pub trait RecordOutcome {
    /// Settles an outcome with the stored outcomes of its copy, by [`crate::settle`]. The same atomic step enters the
    /// [`crate::Change`] into the feed, unless the outcome is dropped.
    fn record_outcome(&self, outcome: Outcome) -> impl Future<Output = PortResult<Settlement>> + Send;
}

/// Reads outcomes.
pub trait ReadOutcomes {
    /// Returns the outcomes of the copies in `copies`, in the order of their indices. A differing second outcome
    /// follows the first.
    fn read_outcomes(
        &self,
        job: &JobId,
        copies: Range<u32>,
    ) -> impl Future<Output = PortResult<Vec<Outcome>>> + Send;
}

/// Merges tallies.
pub trait MergeTally {
    /// Merges `delta` into the tally of a chunk, in one atomic step, and returns the whole tally.
    fn merge_tally(
        &self,
        job: &JobId,
        chunk: u32,
        delta: Tally,
    ) -> impl Future<Output = PortResult<Tally>> + Send;
}

/// Merges rollups.
pub trait MergeRollup {
    /// Merges `delta` into the rollup of a job, in one atomic step, and returns the whole rollup.
    fn merge_rollup(&self, job: &JobId, delta: Rollup) -> impl Future<Output = PortResult<Rollup>> + Send;
}

/// Reads tallies.
pub trait ReadTally {
    /// Returns the tallies of all chunks of a job.
    fn read_tally(&self, job: &JobId) -> impl Future<Output = PortResult<JobTally>> + Send;
}

/// Replaces the state of a job.
pub trait ReplaceState {
    /// Writes a state if the stored revision is the one before it. The same atomic step enters a changed verdict into
    /// the feed, unless the verdict is `running` again. Returns whether the state was written.
    fn replace_state(&self, job: &JobId, state: JobState) -> impl Future<Output = PortResult<bool>> + Send;
}

/// Calls AWS Lambda functions.
pub trait InvokeFunction: Send + Sync {
    /// Calls a function once and returns its reply. The call is sent again only if the function cannot have started.
    /// Dropping the future ends the wait; a function that has started goes on, and its reply is lost.
    fn invoke_function(
        &self,
        invocation: Invocation<'_>,
    ) -> impl Future<Output = Result<FunctionReply, InvokeError>> + Send;
}

/// Announces verdicts.
pub trait Announce {
    /// Announces a verdict to all listeners, at least once.
    fn announce(&self, announcement: &Announcement) -> impl Future<Output = PortResult<()>> + Send;
}
