use std::sync::{Arc, Mutex};

use concord_protocol::Timestamp;
use concord_protocol::ports::Clock;

use crate::locked::locked;

/// A clock that no one can set: it counts on from a moment of the wall clock. Processes that use one store at the same time
/// count from the same moment, so they agree even if the wall clock was set after some of them had started.
pub(super) struct SteadyClock {
    clock: Arc<dyn Clock>,
    shown: Mutex<Shown>,
}

/// What the clock showed last.
#[derive(Clone, Copy)]
struct Shown {
    /// Microseconds since 1970.
    unix_us: u64,
    /// The ticks at that time.
    ticks_us: u64,
}

impl SteadyClock {
    /// A clock that counts on from now. With a `zero`, it shows what other clocks of the machine with this zero show.
    pub(super) fn start(clock: Arc<dyn Clock>, zero: Option<ClockZero>) -> Self {
        let ticks_us = clock.ticks_us();
        let unix_us = match zero {
            Some(ClockZero { unix_us }) => unix_us.saturating_add_unsigned(ticks_us).try_into().unwrap_or(0),
            None => clock.now().unix_ms.saturating_mul(1_000),
        };
        Self { clock, shown: Mutex::new(Shown { unix_us, ticks_us }) }
    }

    /// What the clock showed when the machine began to count ticks.
    pub(super) fn zero(&self) -> ClockZero {
        let Shown { unix_us, ticks_us } = self.shown();
        let unix_us = i64::try_from(unix_us).unwrap_or(i64::MAX).saturating_sub_unsigned(ticks_us);
        ClockZero { unix_us }
    }

    fn shown(&self) -> Shown {
        let mut shown = locked(&self.shown);
        let ticks_us = self.clock.ticks_us();
        shown.unix_us = shown.unix_us.saturating_add(ticks_us.saturating_sub(shown.ticks_us));
        shown.ticks_us = ticks_us;
        *shown
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.shown().unix_us / 1_000)
    }

    fn ticks_us(&self) -> u64 {
        self.clock.ticks_us()
    }
}

/// What a clock showed when the machine began to count ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClockZero {
    /// Microseconds since 1970; negative if the clock shows a time before the machine ran so long.
    unix_us: i64,
}

impl ClockZero {
    /// The text from which [`ClockZero::parse`] reads it.
    pub(super) fn text(self) -> String {
        format!("{}\n", self.unix_us)
    }

    /// Reads the whole text; `None` if it is another text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        text.strip_suffix('\n')?.parse().ok().map(|unix_us| Self { unix_us })
    }
}

#[cfg(test)]
mod tests {
    use concord_testkit::{SUBMITTED_AT, TestClock};

    use super::*;

    #[test]
    fn a_step_of_the_wall_clock_does_not_show() {
        for step_ms in [86_400_000, -86_400_000, 3_600_000, -3_600_000, 7] {
            let wall = TestClock::at(SUBMITTED_AT);
            let steady = SteadyClock::start(Arc::new(wall.clone()), None);
            assert_eq!(steady.now(), SUBMITTED_AT);
            wall.advance_ms(5);
            wall.step_ms(step_ms);
            assert_eq!(steady.now(), SUBMITTED_AT.plus_ms(5));
            wall.advance_ms(2);
            assert_eq!(steady.now(), SUBMITTED_AT.plus_ms(7));
            // A clock that starts now shows the new time, and one with the same zero the old one.
            let [late, other] = [None, Some(steady.zero())]
                .map(|zero| SteadyClock::start(Arc::new(wall.clone()), zero).now());
            assert_eq!((late, other), (wall.now(), steady.now()));
        }
    }

    #[test]
    fn a_zero_is_read_as_it_was_written() {
        for unix_us in [0, -7, i64::MAX, i64::MIN] {
            let zero = ClockZero { unix_us };
            assert_eq!(ClockZero::parse(&zero.text()), Some(zero));
        }
        // The beginning of a text is not a text: it is still being written.
        for text in ["", "7", "x\n", "1.5\n"] {
            assert_eq!(ClockZero::parse(text), None);
        }
    }
}
