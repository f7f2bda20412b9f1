//! Copies that this process has claimed and not started: claimed ahead of need, so that a thread never waits for the
//! store, yet no more than will be started soon, so that other processes find work too.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use concord_protocol::ports::Delivery;
use event_listener::Event;

use crate::store::locked;

/// How far ahead copies are claimed.
const AHEAD: Duration = Duration::from_millis(50);

/// Copies that are claimed and not started, at most.
const CLAIMED_MAX: usize = 4_096;

/// How long many claimed copies may wait to be started; then copies have become slow, and most are put back.
const CLAIM_AGE_MAX: Duration = Duration::from_secs(1);

pub(crate) struct Intake {
    /// Threads that start copies: so many are claimed at least.
    threads: usize,
    state: Mutex<State>,
    /// Copies were put in, or the intake was closed.
    filled: Event,
    /// Copies were taken out, or the intake was closed.
    taken: Condvar,
}

/// What the intake needs of the queue.
pub(crate) enum Wanted {
    /// So many more copies.
    Claim(usize),
    /// That these be delivered to somebody else.
    PutBack(Vec<Delivery>),
}

struct State {
    claimed: VecDeque<Delivery>,
    claimed_at: Instant,
    /// How many copies were wanted by the last claim, and taken since.
    wanted: usize,
    taken: usize,
    closed: bool,
}

impl Intake {
    pub(crate) fn new(threads: usize) -> Self {
        Self {
            threads,
            state: Mutex::new(State {
                claimed: VecDeque::new(),
                claimed_at: Instant::now(),
                wanted: 0,
                taken: 0,
                closed: false,
            }),
            filled: Event::new(),
            taken: Condvar::new(),
        }
    }

    /// The next copy to start; `None` once the intake was closed.
    pub(crate) async fn next(&self) -> Option<Delivery> {
        loop {
            let filled = self.filled.listen();
            {
                let mut state = self.lock();
                if state.closed {
                    return None;
                }
                if let Some(delivery) = state.claimed.pop_front() {
                    state.taken += 1;
                    if state.claimed.len() <= state.wanted / 2 {
                        self.taken.notify_one();
                    }
                    return Some(delivery);
                }
            }
            filled.await;
        }
    }

    /// Waits until something is to be done; `None` once the intake was closed.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            let age = state.claimed_at.elapsed();
            if state.claimed.len() <= state.wanted / 2 {
                state.wanted = ahead(state.taken, age, state.wanted, self.threads);
                return Some(Wanted::Claim(state.wanted));
            }
            if age > CLAIM_AGE_MAX && state.claimed.len() > 2 * self.threads {
                return Some(Wanted::PutBack(state.claimed.split_off(self.threads).into()));
            }
            let waited = self.taken.wait_timeout(state, CLAIM_AGE_MAX);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Puts in what was claimed.
    pub(crate) fn put(&self, deliveries: Vec<Delivery>) {
        let mut state = self.lock();
        state.claimed.extend(deliveries);
        state.claimed_at = Instant::now();
        state.taken = 0;
        drop(state);
        self.filled.notify(usize::MAX);
    }

    /// Lets nobody take anything more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify(usize::MAX);
        self.taken.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

/// How many copies to claim when `taken` of the last claim were started in `elapsed`: as many as will be started
/// within [`AHEAD`] at that rate, but no more than twice the last claim.
fn ahead(taken: usize, elapsed: Duration, last: usize, threads: usize) -> usize {
    let micros = elapsed.as_micros().max(1);
    let at_this_rate = (taken as u128 * AHEAD.as_micros() / micros).min(CLAIMED_MAX as u128);
    let at_this_rate = usize::try_from(at_this_rate).unwrap_or(CLAIMED_MAX);
    at_this_rate.min(2 * last).clamp(threads.min(CLAIMED_MAX), CLAIMED_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_claimed_as_start_soon() {
        let check = |taken, elapsed_ms, last, expect| {
            assert_eq!(ahead(taken, Duration::from_millis(elapsed_ms), last, 2), expect);
        };
        check(0, 0, 0, 2);
        check(2, 1, 2, 4);
        check(64, 1, 64, 128);
        check(CLAIMED_MAX, 1, CLAIMED_MAX, CLAIMED_MAX);
        check(2, 50, 4, 2);
        check(10, 100, 8, 5);
        check(1, 60_000, CLAIMED_MAX, 2);
    }
}
