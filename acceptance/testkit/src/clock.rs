use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use concord_protocol::Timestamp;
use concord_protocol::ports::Clock;

/// A clock that stands still until a test advances it. Its clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct TestClock {
    unix_ms: Arc<AtomicU64>,
    /// By how much the wall clock was set.
    stepped_ms: Arc<AtomicI64>,
}

impl TestClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { unix_ms: Arc::new(now.unix_ms.into()), ..Self::default() }
    }

    /// Advances the clock by `ms` milliseconds.
    pub fn advance_ms(&self, ms: u64) {
        self.unix_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// The wall clock of another machine: it shows the same time until one of the two is set.
    #[must_use]
    pub fn other_wall(&self) -> Self {
        Self { unix_ms: Arc::clone(&self.unix_ms), stepped_ms: Arc::default() }
    }

    /// Takes back every step of the wall clock.
    pub fn set_right(&self) {
        self.stepped_ms.store(0, Ordering::Relaxed);
    }

    /// Sets the wall clock: it shows `ms` milliseconds more, or less. The ticks stay as they are.
    pub fn step_ms(&self, ms: i64) {
        self.stepped_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let stepped_ms = self.stepped_ms.load(Ordering::Relaxed);
        Timestamp::from_unix_ms(self.unix_ms.load(Ordering::Relaxed).saturating_add_signed(stepped_ms))
    }

    fn ticks_us(&self) -> u64 {
        self.unix_ms.load(Ordering::Relaxed) * 1_000
    }
}
