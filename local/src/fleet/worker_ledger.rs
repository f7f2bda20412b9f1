use std::pin::pin;
use std::sync::Arc;

use concord_protocol::ports::{PortResult, ReadJob, ReadPayload, RecordOutcome, WriteOutput};
use concord_protocol::{Digest, Job, JobId, Outcome, Policy, Settlement};

use futures::future::select;

use super::byte_budget::ByteBudget;
use super::first_divergence::FirstDivergence;
use crate::store::Store;

/// The store as a worker sees it. A job is remembered from the delivery of its copies, which saves one read for each
/// copy. The remembered job is never older than the message that the worker handles.
pub(super) struct WorkerLedger {
    pub(super) store: Store,
    pub(super) byte_budget: Arc<ByteBudget>,
    pub(super) first_divergence: Arc<FirstDivergence>,
}

impl WorkerLedger {
    /// Notes the digest of an output of a job that stops at its first divergence, if `counts` is true for its policy.
    fn note(&self, job: &JobId, digest: Digest, counts: impl Fn(&Policy) -> bool) {
        let remembered = self.store.remembered_job(job);
        if remembered.is_some_and(|job| job.spec.policy.fail_fast && counts(&job.spec.policy)) {
            self.first_divergence.record(job, digest);
        }
    }

    /// Reads a job whose outputs differ, and which stops for that, once it has its verdict. Gives up waiting when the fleet
    /// stops.
    async fn decided(&self, job: &JobId) -> PortResult<Option<Job>> {
        loop {
            let decided = self.store.signals().decided.listen();
            let read = self.store.read_job(job).await?;
            if read.as_ref().is_none_or(|job| job.state.ended_at().is_some()) {
                self.first_divergence.forget(job);
            }
            if !self.first_divergence.stops(job) {
                return Ok(read);
            }
            // Another process may have decided: then only the tick shows it.
            select(decided, pin!(self.first_divergence.tick())).await;
        }
    }
}

impl ReadJob for WorkerLedger {
    async fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
        if self.first_divergence.stops(job) {
            return self.decided(job).await;
        }
        match self.store.remembered_job(job) {
            Some(job) => Ok(Some(job)),
            None => self.store.read_job(job).await,
        }
    }
}

impl ReadPayload for WorkerLedger {
    async fn read_payload(&self, job: &JobId) -> PortResult<Option<Arc<[u8]>>> {
        self.store.read_payload(job).await
    }
}

impl WriteOutput for WorkerLedger {
    async fn write_output(&self, job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> PortResult<()> {
        // The output is written before its digest is recorded. An artifact is only a part of an output.
        self.note(job, digest, |policy| policy.artifacts.is_empty());
        let _held = self.byte_budget.hold(bytes.len());
        self.store.write_output(job, digest, bytes).await
    }
}

impl RecordOutcome for WorkerLedger {
    async fn record_outcome(&self, outcome: Outcome) -> PortResult<Settlement> {
        if let Ok(produced) = &outcome.result {
            self.note(&outcome.copy.job, produced.digest, |_| true);
        }
        self.store.record_outcome(outcome).await
    }
}
