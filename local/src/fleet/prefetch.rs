//! Copies that this process has claimed and not started. Quick copies are claimed ahead of need, so that a thread
//! never waits for the store. Slow copies are claimed only on need, so that other processes find work too.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use concord_protocol::ports::Delivery;
use event_listener::Event;

use crate::locked::locked;

/// How far ahead copies are claimed.
const AHEAD: Duration = Duration::from_millis(50);

/// The largest number of copies that are claimed and not started.
const CLAIMED_MAX: usize = 4_096;

/// How long claimed copies may wait to be started. After that, copies have become slow, and the surplus is put back.
const CLAIM_AGE_MAX: Duration = Duration::from_secs(1);

/// How long copies are counted for their rate before counting starts again.
const RATE_WINDOW: Duration = Duration::from_millis(500);

pub(super) struct Prefetch {
    state: Mutex<PrefetchState>,
    /// Notified when copies were put in, or the prefetch was closed.
    filled: Event,
    /// Notified when copies were taken out or finished, a thread waits for one, or the prefetch was closed.
    changed: Condvar,
}

/// What the prefetch asks of the queue.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// To claim this number of copies more.
    Claim(usize),
    /// To put these back, so that they are delivered to another process.
    PutBack(Vec<Delivery>),
}

struct PrefetchState {
    claimed: VecDeque<Delivery>,
    claimed_at: Instant,
    /// The number of threads that wait for a copy.
    waiting: usize,
    /// The number of copies to claim ahead, as counted last.
    ahead: usize,
    finished: usize,
    finished_since: Instant,
    closed: bool,
}

impl Prefetch {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(PrefetchState {
                claimed: VecDeque::new(),
                claimed_at: now,
                waiting: 0,
                ahead: 0,
                finished: 0,
                finished_since: now,
                closed: false,
            }),
            filled: Event::new(),
            changed: Condvar::new(),
        }
    }

    /// The next copy to start; `None` once the prefetch was closed.
    pub(super) async fn next(&self) -> Option<Delivery> {
        let mut waits = false;
        loop {
            let filled = self.filled.listen();
            {
                let mut state = self.lock();
                if state.closed || !state.claimed.is_empty() {
                    state.waiting -= usize::from(waits);
                    let next = if state.closed { None } else { state.claimed.pop_front() };
                    self.wake_claimer(&state);
                    return next;
                }
                if !waits {
                    waits = true;
                    state.waiting += 1;
                    self.changed.notify_one();
                }
            }
            filled.await;
        }
    }

    /// Says that a copy that was taken has run.
    pub(super) fn finished(&self) {
        let mut state = self.lock();
        state.finished += 1;
        self.wake_claimer(&state);
    }

    /// Waits until there is something to ask of the queue; `None` once the prefetch was closed.
    pub(super) fn wanted(&self) -> Option<Wanted> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            state.count();
            if state.claimed.is_empty() && state.waiting > 0 {
                return Some(Wanted::Claim(state.ahead.max(state.waiting)));
            }
            if state.ahead > 0 && state.claimed.len() <= state.ahead / 2 {
                return Some(Wanted::Claim(state.ahead));
            }
            if state.claimed_at.elapsed() > CLAIM_AGE_MAX && state.claimed.len() > state.ahead {
                let kept = state.ahead;
                return Some(Wanted::PutBack(state.claimed.split_off(kept).into()));
            }
            let waited = self.changed.wait_timeout(state, CLAIM_AGE_MAX);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Puts in copies that were claimed.
    pub(super) fn put(&self, deliveries: Vec<Delivery>) {
        let mut state = self.lock();
        state.claimed.extend(deliveries);
        state.claimed_at = Instant::now();
        drop(state);
        self.filled.notify(usize::MAX);
    }

    /// Closes the prefetch: nothing more is taken out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify(usize::MAX);
        self.changed.notify_all();
    }

    /// Wakes the claiming thread if there may be something to claim.
    fn wake_claimer(&self, state: &PrefetchState) {
        if state.claimed.len() <= state.ahead / 2 {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, PrefetchState> {
        locked(&self.state)
    }
}

impl PrefetchState {
    /// Counts how many copies to claim ahead.
    fn count(&mut self) {
        let elapsed = self.finished_since.elapsed();
        self.ahead = ahead(self.finished, elapsed, self.ahead);
        if elapsed > RATE_WINDOW {
            self.finished = 0;
            self.finished_since = Instant::now();
        }
    }
}

/// The number of copies to claim ahead when `finished` copies ran in `elapsed`: the copies that will be started within
/// [`AHEAD`] at that rate, but at most twice the number before.
fn ahead(finished: usize, elapsed: Duration, before: usize) -> usize {
    let micros = elapsed.as_micros().max(1);
    let at_this_rate = (finished as u128 * AHEAD.as_micros() / micros).min(CLAIMED_MAX as u128);
    usize::try_from(at_this_rate).unwrap_or(CLAIMED_MAX).min((2 * before).max(2))
}

#[cfg(test)]
mod tests {
    use concord_protocol::CopyId;
    use futures::FutureExt;

    use super::*;

    #[test]
    fn copies_that_start_soon_are_claimed_ahead() {
        let check = |finished, elapsed_ms, before, expect| {
            assert_eq!(ahead(finished, Duration::from_millis(elapsed_ms), before), expect);
        };
        check(0, 0, 0, 0);
        check(2, 1, 0, 2);
        check(64, 1, 64, 128);
        check(CLAIMED_MAX, 1, CLAIMED_MAX, CLAIMED_MAX);
        check(20, 500, 2, 2);
        check(2, 2_000, 4, 0);
    }

    fn delivery(index: u32) -> Delivery {
        let copy = CopyId { job: "j".parse().unwrap(), index };
        Delivery { copy, round: 0, receive_count: 1, sent_at: None, receipt: 1 }
    }

    #[test]
    fn slow_copies_are_claimed_only_on_need() {
        let prefetch = Prefetch::new();
        let mut first = Box::pin(prefetch.next());
        let mut second = Box::pin(prefetch.next());
        assert!(first.as_mut().now_or_never().is_none());
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(prefetch.wanted(), Some(Wanted::Claim(2)));
        prefetch.put(vec![delivery(0), delivery(1)]);
        assert_eq!(first.now_or_never(), Some(Some(delivery(0))));
        assert_eq!(second.now_or_never(), Some(Some(delivery(1))));
        let state = prefetch.lock();
        assert_eq!((state.waiting, state.ahead, state.claimed.len()), (0, 0, 0), "nobody needs a copy");
    }
}
