//! The clock of this machine.
//!
//! Owns the one implementation of the port `Clock` that reads the operating system's clocks. Knows the words and ports of
//! `concord-protocol`, and nothing else: no store, no cloud, no thread.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use concord_protocol::Timestamp;
use concord_protocol::ports::Clock;

/// The clock of this machine: the wall clock for moments, a monotonic clock for lengths of time.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// Starts a clock whose ticks count from this call.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A wall clock set before 1970 reads as 1970, because a `Timestamp` has no sign.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_ms(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    fn ticks_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}
