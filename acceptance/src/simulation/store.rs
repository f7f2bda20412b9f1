use std::collections::BTreeMap;
use std::sync::Arc;

use concord_protocol::ports::{Clock, PortResult};
use concord_protocol::{Job, JobId, Timestamp, Verdict};
use concord_testkit::TestClock;
use futures::executor::block_on;

use crate::Memory;
use crate::conformance::{AllPorts, Transport};

/// A store, as one process of a simulated fleet has it open. The fleet drives its queue and its feed. Clones belong to the
/// same process.
pub trait SimulatedStore: Transport + Clone + Send + Sync + 'static {
    /// The ports of the store.
    type Ports: AllPorts + Sync;

    /// Whether a process reads the wall clock of its machine. Otherwise the store has a clock that nobody can set.
    const FOLLOWS_WALL: bool;

    /// Whether a write waits while another process holds the lock of the store.
    const HAS_LOCK: bool;

    /// The ports of the store.
    fn ports(&self) -> &Self::Ports;

    /// The same store in another process, which has this name and this wall clock.
    #[must_use]
    fn opened(&self, name: &str, wall: &TestClock) -> Self;

    /// The clock of a process with this wall clock.
    fn clock(&self, wall: &TestClock) -> Arc<dyn Clock>;

    /// The process was killed. No clone of this is left.
    fn killed(self);

    /// Puts back what processes have claimed that were killed since.
    fn release_abandoned(&self) -> impl Future<Output = PortResult<()>> + Send;

    /// Every job.
    fn jobs(&self) -> Vec<Job>;

    /// The time at which the next message becomes visible.
    fn next_visible_at(&self) -> Option<Timestamp>;

    /// How many messages of a job are on the queue, dead letters included.
    fn queued(&self, job: &JobId) -> usize;

    /// Whether there are dead letters.
    fn has_dead_letters(&self) -> bool;

    /// Whether there are changes that were not acknowledged yet.
    fn has_changes(&self) -> bool;

    /// The verdicts of a job that were announced, by revision.
    fn announced(&self, job: &JobId) -> BTreeMap<u64, Verdict>;

    /// Whether the queue may lose a message.
    fn loses_messages(&self) -> bool {
        true
    }

    /// What is wrong with the rows of the store, if anything. `is_at_rest` says that no process has died since the claims of
    /// dead processes were put back.
    fn damage(&self, _is_at_rest: bool) -> Option<String> {
        None
    }

    /// Does one step on the store to its end. With `is_locked`, another process holds the lock for writing when the step
    /// begins.
    fn run<T>(&self, step: impl Future<Output = T>, _is_locked: bool) -> T {
        block_on(step)
    }

    /// The store in memory, in which a simulation can make deliberate mistakes.
    fn memory(&self) -> Option<&Memory> {
        None
    }
}

impl SimulatedStore for Memory {
    type Ports = Self;

    const FOLLOWS_WALL: bool = true;

    const HAS_LOCK: bool = false;

    fn ports(&self) -> &Self {
        self
    }

    fn opened(&self, _name: &str, _wall: &TestClock) -> Self {
        self.clone()
    }

    fn clock(&self, wall: &TestClock) -> Arc<dyn Clock> {
        Arc::new(wall.clone())
    }

    fn killed(self) {}

    async fn release_abandoned(&self) -> PortResult<()> {
        Ok(())
    }

    fn jobs(&self) -> Vec<Job> {
        self.state().jobs.values().map(|stored| stored.job.clone()).collect()
    }

    fn next_visible_at(&self) -> Option<Timestamp> {
        self.state().next_visible_at()
    }

    fn queued(&self, job: &JobId) -> usize {
        self.state().queued(job)
    }

    fn has_dead_letters(&self) -> bool {
        self.state().has_dead_letters()
    }

    fn has_changes(&self) -> bool {
        !self.state().feed.is_empty()
    }

    fn announced(&self, job: &JobId) -> BTreeMap<u64, Verdict> {
        Self::announced(self, job).into_iter().collect()
    }

    fn memory(&self) -> Option<&Memory> {
        Some(self)
    }
}
