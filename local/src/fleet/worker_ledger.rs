use std::sync::Arc;

use concord_protocol::ports::{PortResult, ReadJob, ReadPayload, RecordOutcome, WriteOutput};
use concord_protocol::{Digest, Job, JobId, Outcome, Settlement};

use super::byte_budget::ByteBudget;
use crate::store::Store;

/// The store as a worker sees it. A job is remembered from the delivery of its copies, which saves one read for each
/// copy. The remembered job is never older than the message that the worker handles.
pub(super) struct WorkerLedger {
    pub(super) store: Store,
    pub(super) byte_budget: Arc<ByteBudget>,
}

impl ReadJob for WorkerLedger {
    async fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
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
        let _held = self.byte_budget.hold(bytes.len());
        self.store.write_output(job, digest, bytes).await
    }
}

impl RecordOutcome for WorkerLedger {
    async fn record_outcome(&self, outcome: Outcome) -> PortResult<Settlement> {
        self.store.record_outcome(outcome).await
    }
}
