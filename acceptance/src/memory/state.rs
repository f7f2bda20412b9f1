use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use concord_protocol::ports::{Clock, PortError, PortResult};
use concord_protocol::{Change, Digest, Golden, GoldenKey, Job, JobId, JobTally, Outcome, Rollup, Verdict};

use super::messages::JobQueue;

/// A store of jobs in memory. Every call is one atomic step and gives its result at once. Cheap to clone.
#[derive(Clone)]
pub struct Memory {
    state: Arc<Mutex<MemoryState>>,
    pub(super) clock: Arc<dyn Clock>,
}

/// Everything that is stored.
#[derive(Default)]
pub(crate) struct MemoryState {
    pub(crate) jobs: BTreeMap<JobId, StoredJob>,
    pub(super) goldens: BTreeMap<GoldenKey, Golden>,
    /// Changes that were not acknowledged yet, by their sequence number.
    pub(crate) feed: BTreeMap<u64, Change>,
    fed: u64,
    /// The job that the queue served last: the job after it comes next.
    pub(super) served: Option<JobId>,
    pub(super) receipts: u64,
}

/// Everything that is stored of one job.
pub(crate) struct StoredJob {
    pub(crate) job: Job,
    pub(super) payload: Arc<[u8]>,
    /// The outcomes of each copy, the first one first.
    pub(crate) outcomes: BTreeMap<u32, Vec<Outcome>>,
    pub(super) outputs: BTreeMap<Digest, Arc<[u8]>>,
    pub(crate) tally: JobTally,
    pub(crate) rollup: Rollup,
    pub(super) queue: JobQueue,
    pub(super) announced: BTreeMap<u64, Verdict>,
}

impl Memory {
    /// An empty store that reads `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { state: Arc::default(), clock }
    }

    /// The verdicts of a job that were announced, with the revision of each.
    #[must_use]
    pub fn announced(&self, job: &JobId) -> Vec<(u64, Verdict)> {
        let announced = self.with(job, |stored| stored.announced.clone().into_iter().collect());
        announced.unwrap_or_default()
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, MemoryState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `act` with what is stored of a job.
    pub(super) fn with<T>(&self, job: &JobId, act: impl FnOnce(&mut StoredJob) -> T) -> PortResult<T> {
        self.state().jobs.get_mut(job).map(act).ok_or(NO_SUCH_JOB)
    }
}

pub(super) const NO_SUCH_JOB: PortError = PortError::Invalid("there is no such job in memory");

impl MemoryState {
    pub(crate) fn feed(&mut self, change: Change) {
        self.fed += 1;
        self.feed.insert(self.fed, change);
    }
}
