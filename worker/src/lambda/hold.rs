//! Keeps a sandbox busy for a while after its runs, so that other copies get other sandboxes.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use concord_protocol::limits::HOLD_MS_MAX;
use concord_protocol::ports::Clock;
use concord_protocol::{Job, JobId, Timestamp};
use lru::LruCache;

/// Milliseconds between two checks whether the jobs that are held for have ended. Each check reads every such job.
const CHECK_MS: u64 = 1_000;

/// Jobs whose holds a process remembers, at most: the ones read last.
const JOBS_MAX: NonZeroUsize = NonZeroUsize::new(1_024).expect("not zero");

/// The holds that jobs ask for, in milliseconds, noted when the worker reads the jobs.
pub(super) struct Holds(Mutex<LruCache<JobId, u64>>);

impl Default for Holds {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(JOBS_MAX)))
    }
}

impl Holds {
    /// Remembers the hold that a job asks for.
    pub(super) fn note(&self, job: &Job) {
        if job.spec.policy.hold_ms == 0 {
            return;
        }
        self.locked().put(job.spec.job.clone(), job.spec.policy.hold_ms);
    }

    /// How long a copy of this job is held, from the start of its run; `None` when no hold of the job is known.
    pub(super) fn held(&self, job: JobId, started_at: Timestamp) -> Option<HeldCopy> {
        let hold_ms = self.locked().get(&job).copied()?;
        Some(HeldCopy { job, until: started_at.plus_ms(hold_ms) })
    }

    fn locked(&self) -> MutexGuard<'_, LruCache<JobId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A copy that has run and holds its sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeldCopy {
    pub(super) job: JobId,
    pub(super) until: Timestamp,
}

/// Waits until all holds are over. Each ends at its own time, at `ends_at`, or when its job has ended, whichever is first.
pub(super) async fn wait(
    held: Vec<HeldCopy>,
    ends_at: Timestamp,
    clock: &impl Clock,
    has_ended: impl AsyncFn(&JobId) -> bool,
    pause: impl AsyncFn(Duration),
) {
    let mut jobs = BTreeMap::<JobId, Timestamp>::new();
    for HeldCopy { job, until } in held {
        let latest = jobs.entry(job).or_insert(until);
        *latest = until.max(*latest);
    }
    // The wall clock may be set meanwhile. A hold takes its time nevertheless.
    let (began_at, began_us) = (clock.now(), clock.ticks_us());
    let now = || began_at.plus_ms(clock.ticks_us().saturating_sub(began_us) / 1_000);
    loop {
        let mut last = None;
        for (job, until) in std::mem::take(&mut jobs) {
            let until = until.min(ends_at).min(began_at.plus_ms(HOLD_MS_MAX));
            if now() < until && !has_ended(&job).await {
                last = last.max(Some(until));
                jobs.insert(job, until);
            }
        }
        let Some(last) = last else { return };
        pause(Duration::from_millis(last.ms_since(now()).min(CHECK_MS))).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use concord_testkit::TestClock;
    use futures::executor::block_on;

    use super::*;

    /// A clock that moves on with each pause.
    #[derive(Default)]
    struct Paused(AtomicU64);

    impl Clock for Paused {
        fn now(&self) -> Timestamp {
            Timestamp::from_unix_ms(self.0.load(Ordering::SeqCst))
        }

        fn ticks_us(&self) -> u64 {
            self.0.load(Ordering::SeqCst) * 1_000
        }
    }

    /// A hold once took a day longer when the clock was set back by a day.
    #[test]
    fn a_hold_takes_its_time_whatever_the_clock_shows() {
        let at = Timestamp::from_unix_ms;
        for step_ms in [86_400_000, -86_400_000] {
            for (until, took) in [(2_500, 2_500), (9_000_000, HOLD_MS_MAX)] {
                let (start, clock) = (at(1_700_000_000_000), TestClock::at(at(1_700_000_000_000)));
                let held = vec![HeldCopy { job: "a".parse().unwrap(), until: start.plus_ms(until) }];
                let pause = async |pause: Duration| {
                    clock.step_ms(step_ms);
                    clock.advance_ms(u64::try_from(pause.as_millis()).unwrap());
                };
                block_on(wait(held, Timestamp::NEVER, &clock, async |_: &JobId| false, pause));
                assert_eq!(clock.ticks_us() / 1_000 - start.unix_ms, took, "{step_ms}");
            }
        }
    }

    /// When the holds are over, and how often a job was read. `ended` says when each job ends.
    fn over(held: &[(&str, u64)], ends_at: u64, ended: &[(&str, u64)]) -> (u64, u64) {
        let (clock, reads) = (Paused::default(), AtomicU64::new(0));
        let at = Timestamp::from_unix_ms;
        let held = held
            .iter()
            .map(|(job, until)| HeldCopy { job: job.parse().unwrap(), until: at(*until) })
            .collect();
        let has_ended = async |job: &JobId| {
            reads.fetch_add(1, Ordering::SeqCst);
            ended.iter().any(|(name, end)| *name == job.as_str() && clock.now() >= at(*end))
        };
        let pause = async |pause: Duration| {
            clock.0.fetch_add(u64::try_from(pause.as_millis()).unwrap(), Ordering::SeqCst);
        };
        block_on(wait(held, at(ends_at), &clock, has_ended, pause));
        (clock.now().unix_ms, reads.into_inner())
    }

    #[test]
    fn a_sandbox_is_held_until_its_moment_or_the_end() {
        let check = |held: &[(&str, u64)], ends_at, ended: &[(&str, u64)], expect| {
            assert_eq!(over(held, ends_at, ended), expect, "{held:?} {ended:?}");
        };
        check(&[], 9_000, &[], (0, 0));
        check(&[("a", 0)], 9_000, &[], (0, 0));
        check(&[("a", 300)], 9_000, &[], (300, 1));
        check(&[("a", 2_500)], 9_000, &[], (2_500, 3));
        check(&[("a", 60_000)], 1_500, &[], (1_500, 2));
        // One after the other it would be 2,400.
        check(&[("a", 800), ("a", 900), ("a", 700)], 9_000, &[], (900, 1));
        check(&[("a", 5_000)], 9_000, &[("a", 0)], (0, 1));
        check(&[("a", 5_000)], 9_000, &[("a", 1_700)], (2_000, 3));
        check(&[("a", 5_000), ("b", 1_500)], 9_000, &[("a", 500)], (1_500, 4));
    }
}
