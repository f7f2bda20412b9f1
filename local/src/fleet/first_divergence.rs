//! Jobs that stop at their first divergence: once this process has seen two digests of such a job, it starts no other
//! copy of the job until the verdict is there.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use concord_protocol::{Digest, JobId};
use event_listener::{Event, Listener};

use crate::locked::locked;

/// The digests that this process has seen of the jobs that stop at their first divergence.
#[derive(Default)]
pub(super) struct FirstDivergence {
    jobs: Mutex<HashMap<JobId, SeenDigest>>,
    /// Notified when a second digest of a job was seen, or the fleet stops.
    seen: Event,
    /// Notified at each tick while a job waits for its verdict, and when the fleet stops.
    ticked: Event,
    closed: AtomicBool,
}

struct SeenDigest {
    first: Digest,
    /// Whether another digest was seen too.
    differs: bool,
}

impl FirstDivergence {
    /// Records that a copy of a job gave this digest.
    pub(super) fn record(&self, job: &JobId, digest: Digest) {
        let mut jobs = locked(&self.jobs);
        let Some(seen) = jobs.get_mut(job) else {
            jobs.insert(job.clone(), SeenDigest { first: digest, differs: false });
            return;
        };
        if seen.first != digest && !seen.differs {
            seen.differs = true;
            drop(jobs);
            self.seen.notify(usize::MAX);
        }
    }

    /// Whether no other copy of the job should be started.
    pub(super) fn stops(&self, job: &JobId) -> bool {
        !self.closed.load(Ordering::SeqCst) && locked(&self.jobs).get(job).is_some_and(|seen| seen.differs)
    }

    /// Ends at the next tick, or when the fleet stops.
    pub(super) async fn tick(&self) {
        let ticked = self.ticked.listen();
        if !self.closed.load(Ordering::SeqCst) {
            ticked.await;
        }
    }

    /// Says that a tick has passed.
    pub(super) fn ticked(&self) {
        self.ticked.notify(usize::MAX);
    }

    /// Forgets a job: it has ended, or its copies are to be started all the same.
    pub(super) fn forget(&self, job: &JobId) {
        locked(&self.jobs).remove(job);
    }

    /// Ends all waiting, because the fleet stops.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.seen.notify(usize::MAX);
        self.ticked();
    }

    /// Waits until a second digest is seen, the fleet stops, or `timeout` has passed. Returns at once if a job waits for
    /// its verdict already.
    pub(super) fn wait(&self, timeout: Duration) {
        let listener = self.seen.listen();
        let waits = locked(&self.jobs).values().any(|seen| seen.differs);
        if !waits && !self.closed.load(Ordering::SeqCst) {
            listener.wait_timeout(timeout);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_job_stops_at_its_second_digest_until_it_is_forgotten() {
        let divergence = FirstDivergence::default();
        let [job, other] = ["a", "b"].map(|job| job.parse::<JobId>().unwrap());
        divergence.record(&job, Digest::of(b"1"));
        divergence.record(&job, Digest::of(b"1"));
        divergence.record(&other, Digest::of(b"2"));
        assert!(!divergence.stops(&job) && !divergence.stops(&other));
        divergence.record(&job, Digest::of(b"2"));
        assert!(divergence.stops(&job) && !divergence.stops(&other));
        // Returns at once.
        divergence.wait(Duration::from_hours(1));
        divergence.forget(&job);
        assert!(!divergence.stops(&job));
    }

    #[test]
    fn nothing_waits_once_the_fleet_stops() {
        let divergence = FirstDivergence::default();
        let job: JobId = "a".parse().unwrap();
        divergence.record(&job, Digest::of(b"1"));
        divergence.record(&job, Digest::of(b"2"));
        let mut tick = Box::pin(divergence.tick());
        assert!(tick.as_mut().now_or_never().is_none());
        divergence.close();
        assert!(tick.now_or_never().is_some() && divergence.tick().now_or_never().is_some());
        assert!(!divergence.stops(&job));
        divergence.wait(Duration::from_hours(1));
    }
}
