//! All ports in memory: the reference that other adapters are compared with, and the ground of the simulation.

mod feed;
mod ledger;
mod queue;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use concord_protocol::ports::{Clock, PortError, PortResult};
use concord_protocol::{Change, Digest, Golden, GoldenKey, Job, JobId, JobTally, Outcome, Rollup, Verdict};

use queue::Queue;

/// A store of jobs in memory. Every call is one atomic step and gives its result at once. Cheap to clone.
#[derive(Clone)]
pub struct Memory {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
}

/// All that is stored.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) jobs: BTreeMap<JobId, StoredJob>,
    goldens: BTreeMap<GoldenKey, Golden>,
    /// Changes that nobody has acknowledged, by their place.
    pub(crate) feed: BTreeMap<u64, Change>,
    fed: u64,
    /// The job that the queue served last: the next one goes first.
    served: Option<JobId>,
    receipts: u64,
}

/// All that is stored of one job.
pub(crate) struct StoredJob {
    pub(crate) job: Job,
    payload: Arc<[u8]>,
    /// The outcomes of each copy, the first one first.
    pub(crate) outcomes: BTreeMap<u32, Vec<Outcome>>,
    outputs: BTreeMap<Digest, Arc<[u8]>>,
    pub(crate) tally: JobTally,
    pub(crate) rollup: Rollup,
    queue: Queue,
    announced: BTreeMap<u64, Verdict>,
}

impl Memory {
    /// An empty store which takes the time from `clock`.
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

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with what is stored of a job.
    fn with<T>(&self, job: &JobId, act: impl FnOnce(&mut StoredJob) -> T) -> PortResult<T> {
        self.state().jobs.get_mut(job).map(act).ok_or(NO_SUCH_JOB)
    }
}

const NO_SUCH_JOB: PortError = PortError::Invalid("there is no such job in memory");

impl State {
    pub(crate) fn feed(&mut self, change: Change) {
        self.fed += 1;
        self.feed.insert(self.fed, change);
    }
}
