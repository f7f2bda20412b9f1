use std::hint::black_box;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::bounded::{Real, Whole};
use crate::output::le_bytes;

/// A step is three dependent operations and takes two to five nanoseconds, so all steps together take a second at most.
const N_STEPS_MAX: u64 = 200_000_000;

/// `logistic`: the chaotic map `x -> r * x * (1 - x)`, which amplifies a difference of one bit.
///
/// For most `r` above 3.57 a difference nearly doubles with each step. So a single bit that is rounded differently changes
/// the whole result within a hundred steps. (About one in four differences of one bit is rounded away again within a few
/// steps. But a machine that rounds differently makes a new difference at each step.) A step is `(r * x) * (1 - x)` in
/// this order, without fused operations, so machines that follow IEEE 754 with its default rounding agree.
///
/// | field | default | bounds | meaning |
/// |---|---|---|---|
/// | `n` | 100000 | 1 to 200000000 | steps |
/// | `r` | 3.99 | 0 to 4 | growth rate |
/// | `x` | 0.4 | 0 to 1 | start |
///
/// Output: the last `x`, little-endian binary64: 8 bytes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Logistic {
    #[serde(rename = "probe")]
    _probe: IgnoredAny,
    n: Whole<1, N_STEPS_MAX>,
    r: Real<4>,
    x: Real<1>,
}

impl Default for Logistic {
    fn default() -> Self {
        Self { _probe: IgnoredAny, n: Whole::of(100_000), r: Real::of(3.99), x: Real::of(0.4) }
    }
}

impl Logistic {
    pub(crate) fn run(&self) -> Vec<u8> {
        let (rate, start) = (black_box(self.r.get()), black_box(self.x.get()));
        let last = (0..self.n.get()).fold(start, |x, _| rate * x * (1.0 - x));
        le_bytes([last])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::values;

    fn last(n: u64, r: f64, x: f64) -> f64 {
        values(&Logistic { n: Whole::of(n), r: Real::of(r), x: Real::of(x), ..Logistic::default() }.run())[0]
    }

    #[test]
    fn steps_equal_those_computed_by_hand() {
        for (n, r, x, expect) in [
            (1, 2.0, 0.25, 0.375),
            (2, 2.0, 0.25, 0.468_75),
            (1, 4.0, 0.5, 1.0),
            (2, 4.0, 0.5, 0.0),
            (9, 4.0, 0.75, 0.75),
        ] {
            assert_eq!(last(n, r, x).to_bits(), f64::to_bits(expect), "{n} steps from {x}");
        }
    }

    #[test]
    fn one_bit_in_the_start_changes_the_whole_result() {
        let start = 0.3_f64;
        assert!((last(5, 3.99, start) - last(5, 3.99, start.next_up())).abs() < 1e-12);
        assert!((last(200, 3.99, start) - last(200, 3.99, start.next_up())).abs() > 1e-3);
    }

    /// The order of operations is part of the output. The known answer comes from the same loop in Python.
    #[test]
    fn the_default_payload_gives_its_known_answer() {
        assert_eq!(values(&Logistic::default().run())[0].to_bits(), 0x3fd8_3e82_1d0c_7ad3);
    }
}
