//! The clock of this machine.
//!
//! Owns the one implementation of the port `Clock` that reads the operating system's clocks. Knows the words and ports of
//! `concord-protocol`, and nothing else: no store, no cloud, no thread.

use std::time::{SystemTime, UNIX_EPOCH};

use concord_protocol::Timestamp;
use concord_protocol::ports::Clock;
use rustix::time::{ClockId, clock_gettime};

/// The clock of this machine: the wall clock for moments, and for lengths of time a clock that nobody can set. Both go on
/// while the machine sleeps.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        // A wall clock set before 1970 reads as 1970, because a `Timestamp` has no sign.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_ms(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
    }

    fn ticks_us(&self) -> u64 {
        let since_start = clock_gettime(ClockId::Boottime);
        let [seconds, nanoseconds] = [since_start.tv_sec, since_start.tv_nsec].map(u64::try_from);
        seconds.unwrap_or_default() * 1_000_000 + nanoseconds.unwrap_or_default() / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_count_from_the_start_of_the_machine() {
        let text = std::fs::read_to_string("/proc/uptime").unwrap();
        let seconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
        let ticks = std::time::Duration::from_micros(SystemClock.ticks_us()).as_secs_f64();
        assert!(ticks >= seconds - 0.01 && ticks < seconds + 60.0, "{ticks} {seconds}");
    }
}
