use std::fmt;
use std::hint::black_box;

use concord_protocol::Facts;

/// Name of the fact.
pub(super) const FLOAT_MODE: &str = "numerics.float_mode";

/// How this thread rounds, and how it treats numbers below the smallest normal one.
///
/// The mode is in a register (MXCSR, FPCR) that a library may set for a whole thread. Reading the register takes unsafe
/// code, so the mode is found by its effects, in arithmetic that the compiler cannot do in advance. That takes a few
/// nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FloatMode {
    rounding: Rounding,
    /// Results that are subnormal become zero.
    results_flushed: bool,
    /// Operands that are subnormal count as zero.
    operands_flushed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rounding {
    Nearest,
    Up,
    Down,
    TowardZero,
}

impl FloatMode {
    /// The mode of this thread, now.
    pub(crate) fn measure() -> Self {
        let one = black_box(1.0_f64);
        let (tiny, most_of_a_step) = (black_box(f64::EPSILON / 256.0), black_box(f64::EPSILON * 0.75));
        let up = black_box(one + tiny) > one;
        let down = black_box(-one - tiny) < -one;
        // Nearest and toward zero agree on both of these, and differ at three quarters of a step.
        let nearest = black_box(one + most_of_a_step) > one;
        let rounding = match (up, down, nearest) {
            (true, ..) => Rounding::Up,
            (_, true, _) => Rounding::Down,
            (_, _, true) => Rounding::Nearest,
            _ => Rounding::TowardZero,
        };
        let is_zero = |value: f64| value.to_bits() << 1 == 0;
        let half_of_the_smallest = black_box(f64::MIN_POSITIVE) * black_box(0.5);
        let scaled_up = black_box(f64::from_bits(1 << 40)) * black_box(1e300);
        Self {
            rounding,
            results_flushed: is_zero(black_box(half_of_the_smallest)),
            operands_flushed: is_zero(black_box(scaled_up)),
        }
    }
}

impl FloatMode {
    /// `self` is the mode before a run on this thread. Records it if it differs from `usual`, the mode of the process, and
    /// records the mode after the run if the run changed it.
    pub(crate) fn record(self, usual: Self, facts: &mut Facts) {
        if self != usual {
            facts.record(FLOAT_MODE, self.to_string());
        }
        let after = Self::measure();
        if after != self {
            facts.record("numerics.float_mode_after", after.to_string());
        }
    }
}

impl fmt::Display for FloatMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.rounding {
            Rounding::Nearest => "nearest",
            Rounding::Up => "up",
            Rounding::Down => "down",
            Rounding::TowardZero => "toward zero",
        })?;
        formatter.write_str(match (self.results_flushed, self.operands_flushed) {
            (false, false) => ", subnormals kept",
            (true, false) => ", subnormal results flushed",
            (false, true) => ", subnormal operands flushed",
            (true, true) => ", subnormals flushed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_the_default_mode() {
        let measured = FloatMode::measure();
        assert_eq!(measured.to_string(), "nearest, subnormals kept");
        assert_eq!(std::thread::spawn(FloatMode::measure).join().unwrap(), measured);
    }

    #[test]
    fn an_unusual_mode_is_recorded() {
        let usual = FloatMode::measure();
        let flushed = FloatMode { results_flushed: true, operands_flushed: true, ..usual };
        let check = |before: FloatMode, usual: FloatMode, expect: &[(&str, &str)]| {
            let mut facts = Facts::default();
            before.record(usual, &mut facts);
            assert_eq!(facts, expect.iter().copied().collect(), "{before}, {usual}");
        };
        check(usual, usual, &[]);
        check(usual, flushed, &[("numerics.float_mode", "nearest, subnormals kept")]);
        check(flushed, flushed, &[("numerics.float_mode_after", "nearest, subnormals kept")]);
        let up = FloatMode { rounding: Rounding::Up, results_flushed: true, ..usual };
        check(
            up,
            usual,
            &[
                ("numerics.float_mode", "up, subnormal results flushed"),
                ("numerics.float_mode_after", "nearest, subnormals kept"),
            ],
        );
    }
}
