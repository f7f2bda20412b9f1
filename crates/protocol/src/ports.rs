//! What the worker, the aggregator and the producer ask of the outside world: one verb a trait, so that each maps to
//! one right to grant and an implementation can be given just what it needs.
//!
//! Every method is safe to repeat: doing it twice leaves what doing it once does. A future that is dropped half-way
//! has either done its write as a whole or not at all.

use std::error::Error;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

pub use crate::delivery::Delivery;
use crate::{
    Announcement, Digest, FunctionReply, Golden, GoldenKey, Invocation, InvokeError, Job, JobId, JobSpec,
    JobState, JobTally, Outcome, Rollup, Settlement, Tally, Timestamp,
};

/// Why a port did not do what was asked, named by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// A passing fault: the same call may succeed later.
    #[error("the store did not answer this time")]
    Transient(#[source] Box<dyn Error + Send + Sync>),
    /// The store cannot do it (full disk, no permission, damaged data): somebody has to act first.
    #[error("the store cannot go on")]
    Permanent(#[source] Box<dyn Error + Send + Sync>),
    /// What was asked makes no sense, such as an outcome of an unknown job: a message to set aside.
    #[error("{0}")]
    Invalid(&'static str),
}

/// What a port gives.
pub type PortResult<T> = Result<T, PortError>;

/// Time, as a parameter.
pub trait Clock: Send + Sync {
    /// The moment it is now.
    fn now(&self) -> Timestamp;

    /// Microseconds of a clock that never goes back, from an arbitrary start: for lengths of time.
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

/// The jobs of one submit call, created together or not at all.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// What it is.
    pub spec: JobSpec,
    /// Its payload.
    pub payload: Arc<[u8]>,
}

/// Creates jobs with their payloads.
pub trait CreateJobs {
    /// Creates all of the jobs, or none when one of their ids is taken: then gives that job back.
    fn create_jobs(&self, jobs: Vec<NewJob>) -> impl Future<Output = PortResult<Option<Job>>> + Send;
}

/// Puts copies on the queue.
pub trait EnqueueCopies {
    /// Makes those of the given copies deliverable in `round` which have given no digest. A copy that is queued for
    /// that round already stays queued, once or twice.
    fn enqueue_copies(
        &self,
        job: &JobId,
        round: u32,
        copies: Range<u32>,
    ) -> impl Future<Output = PortResult<()>> + Send;
}

/// Takes messages from the queue.
pub trait ReceiveCopies {
    /// At most `count_max` messages, hidden from other receivers until they are deleted, put back, or the time in
    /// which they should have been runs out. May wait a little for the first one; none is a valid answer.
    fn receive_copies(&self, count_max: usize) -> impl Future<Output = PortResult<Vec<Delivery>>> + Send;
}

/// Removes messages from the queue.
pub trait DeleteMessage {
    /// Removes a delivered message. A receipt that is no longer valid is no error.
    fn delete_message(&self, delivery: &Delivery) -> impl Future<Output = PortResult<()>> + Send;
}

/// Puts messages back.
pub trait DelayMessage {
    /// Makes a delivered message visible again after `delay_ms`.
    fn delay_message(
        &self,
        delivery: &Delivery,
        delay_ms: u64,
    ) -> impl Future<Output = PortResult<()>> + Send;
}

/// Reads messages that were delivered too often.
pub trait ReceiveDeadLetters {
    /// At most `count_max` copies whose deliveries ended without an outcome too often.
    fn receive_dead_letters(
        &self,
        count_max: usize,
    ) -> impl Future<Output = PortResult<Vec<Delivery>>> + Send;
}

/// Reads a job.
pub trait ReadJob {
    /// The job as it is stored.
    fn read_job(&self, job: &JobId) -> impl Future<Output = PortResult<Option<Job>>> + Send;
}

/// Reads payloads.
pub trait ReadPayload {
    /// The payload of a job, whose digest the caller checks.
    fn read_payload(&self, job: &JobId) -> impl Future<Output = PortResult<Option<Arc<[u8]>>>> + Send;
}

/// Keeps outputs.
pub trait WriteOutput {
    /// Keeps the bytes of a distinct output; beyond [`crate::limits::OUTPUTS_KEPT_MAX`] of a job they are not kept.
    fn write_output(
        &self,
        job: &JobId,
        digest: Digest,
        bytes: Arc<[u8]>,
    ) -> impl Future<Output = PortResult<()>> + Send;
}

/// Reads outputs.
pub trait ReadOutput {
    /// The bytes of an output, when they were kept.
    fn read_output(
        &self,
        job: &JobId,
        digest: Digest,
    ) -> impl Future<Output = PortResult<Option<Vec<u8>>>> + Send;
}

/// Remembers golden results.
pub trait WriteGolden {
    /// Remembers a result in place of the one that was golden before, for as long as nobody replaces it.
    fn write_golden(&self, golden: Golden) -> impl Future<Output = PortResult<()>> + Send;
}

/// Reads golden results.
pub trait ReadGolden {
    /// The golden result of a calculation on a payload, if one was accepted.
    fn read_golden(&self, key: &GoldenKey) -> impl Future<Output = PortResult<Option<Golden>>> + Send;
}

/// Records outcomes.
pub trait RecordOutcome {
    /// Settles an outcome with what is stored for its copy, by [`crate::settle`], in one atomic step which also
    /// enters the [`crate::Change`] into the feed, unless the outcome is dropped.
    fn record_outcome(&self, outcome: Outcome) -> impl Future<Output = PortResult<Settlement>> + Send;
}

/// Reads outcomes.
pub trait ReadOutcomes {
    /// The outcomes of the copies in `copies`, by index; a differing second outcome follows the first.
    fn read_outcomes(
        &self,
        job: &JobId,
        copies: Range<u32>,
    ) -> impl Future<Output = PortResult<Vec<Outcome>>> + Send;
}

/// Merges tallies.
pub trait MergeTally {
    /// Merges `delta` into the tally of a chunk in one atomic step and gives the whole of it.
    fn merge_tally(
        &self,
        job: &JobId,
        chunk: u32,
        delta: Tally,
    ) -> impl Future<Output = PortResult<Tally>> + Send;
}

/// Merges rollups.
pub trait MergeRollup {
    /// Merges `delta` into the rollup of a job in one atomic step and gives the whole of it.
    fn merge_rollup(&self, job: &JobId, delta: Rollup) -> impl Future<Output = PortResult<Rollup>> + Send;
}

/// Reads tallies.
pub trait ReadTally {
    /// The tallies of all chunks of a job.
    fn read_tally(&self, job: &JobId) -> impl Future<Output = PortResult<JobTally>> + Send;
}

/// Replaces the state of a job.
pub trait ReplaceState {
    /// Writes a state on condition that the stored revision is the one before it, and in the same atomic step enters
    /// a changed verdict into the feed, unless it is `running` again. Gives whether it was written.
    fn replace_state(&self, job: &JobId, state: JobState) -> impl Future<Output = PortResult<bool>> + Send;
}

/// Calls AWS Lambda functions.
pub trait InvokeFunction: Send + Sync {
    /// Calls a function once and gives its reply. A call is sent again only when the function cannot have started.
    /// Dropping the future ends the wait; a function that has started goes on, and its reply is lost.
    fn invoke_function(
        &self,
        invocation: Invocation<'_>,
    ) -> impl Future<Output = Result<FunctionReply, InvokeError>> + Send;
}

/// Announces verdicts.
pub trait Announce {
    /// Tells whoever listens of a verdict, at least once.
    fn announce(&self, announcement: &Announcement) -> impl Future<Output = PortResult<()>> + Send;
}
