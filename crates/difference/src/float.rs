/// The binary formats of IEEE 754 in which numbers are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Float {
    F16,
    F32,
    F64,
}

/// How far two finite numbers of one format are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Distance {
    /// The number of steps between representable numbers from one to the other; 0 between the two zeros. `None` for
    /// integers, which are not measured in a binary format.
    pub(super) ulp: Option<u64>,
    /// `|a - b|`, rounded to a double; infinite beyond its range.
    pub(super) absolute: f64,
    /// `|a - b| / max(|a|, |b|)`, at most 2; 0 between the two zeros.
    pub(super) relative: f64,
    /// `max(|a|, |b|)`.
    pub(super) magnitude: f64,
    /// The number of leading bits (sign, exponent, significand) that are equal.
    pub(super) common_bits: Option<u32>,
}

impl Float {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }

    /// The bits of the number of this format that is nearest to a text; half precision is not read from texts. `None` if the
    /// text is not a number.
    pub(super) fn parsed(self, text: &str) -> Option<u64> {
        match self {
            Self::F16 => None,
            Self::F32 => text.parse().ok().map(|single: f32| u64::from(single.to_bits())),
            Self::F64 => text.parse().ok().map(f64::to_bits),
        }
    }

    pub(super) const fn bits(self) -> u32 {
        match self {
            Self::F16 => 16,
            Self::F32 => 32,
            Self::F64 => 64,
        }
    }

    const fn sign(self) -> u64 {
        1 << (self.bits() - 1)
    }

    /// The bits of positive infinity. Only NaNs have larger bits.
    const fn infinity(self) -> u64 {
        match self {
            Self::F16 => 0x7c00,
            Self::F32 => 0x7f80_0000,
            Self::F64 => 0x7ff0_0000_0000_0000,
        }
    }

    const fn magnitude(self, bits: u64) -> u64 {
        bits & (self.sign() - 1)
    }

    pub(super) const fn is_negative(self, bits: u64) -> bool {
        bits & self.sign() != 0
    }

    pub(super) const fn is_nan(self, bits: u64) -> bool {
        self.magnitude(bits) > self.infinity()
    }

    pub(super) const fn is_infinite(self, bits: u64) -> bool {
        self.magnitude(bits) == self.infinity()
    }

    /// The value as a double, which holds each of the three formats exactly.
    pub(super) fn value(self, bits: u64) -> f64 {
        match self {
            Self::F16 => half(bits),
            Self::F32 => f64::from(f32::from_bits(low_32(bits))),
            Self::F64 => f64::from_bits(bits),
        }
    }

    /// The number of steps between representable numbers from one to the other. The magnitudes of IEEE 754 numbers
    /// are in the order of their bits. So the distance of two numbers with the same sign is the difference of their
    /// bits. Numbers with different signs meet at zero, which counts once.
    pub(super) const fn ulp(self, left: u64, right: u64) -> u64 {
        let (a, b) = (self.magnitude(left), self.magnitude(right));
        if self.is_negative(left) == self.is_negative(right) { a.abs_diff(b) } else { a + b }
    }

    /// The distance of two finite numbers.
    pub(super) fn distance(self, left: u64, right: u64) -> Distance {
        let (a, b) = (self.value(left), self.value(right));
        let common = (left ^ right).leading_zeros().saturating_sub(64 - self.bits());
        Distance {
            ulp: Some(self.ulp(left, right)),
            absolute: (a - b).abs(),
            relative: relative(a, b),
            magnitude: a.abs().max(b.abs()),
            common_bits: Some(common),
        }
    }
}

/// `|a - b| / max(|a|, |b|)` for finite numbers; 0 for two zeros.
fn relative(a: f64, b: f64) -> f64 {
    let (absolute, larger) = ((a - b).abs(), a.abs().max(b.abs()));
    if absolute == 0.0 {
        0.0
    } else if absolute.is_finite() {
        absolute / larger
    } else {
        // Only numbers of different signs can be further apart than the largest double.
        (a / larger - b / larger).abs()
    }
}

/// A number of IEEE 754's binary16: 1 bit of sign, 5 of exponent, 10 of fraction.
fn half(bits: u64) -> f64 {
    const SUBNORMAL_UNIT: f64 = 1.0 / 16_777_216.0; // 2^-24
    let sign = if Float::F16.is_negative(bits) { -1.0 } else { 1.0 };
    let fraction = f64::from(low_32(bits) & 0x3ff);
    match (low_32(bits) >> 10) & 0x1f {
        0 => sign * fraction * SUBNORMAL_UNIT,
        0x1f if fraction == 0.0 => sign * f64::INFINITY,
        0x1f => f64::NAN,
        exponent => sign * (1024.0 + fraction) * SUBNORMAL_UNIT * f64::from(1_u32 << (exponent - 1)),
    }
}

const fn low_32(bits: u64) -> u32 {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ulp(a: f64, b: f64) -> u64 {
        Float::F64.ulp(a.to_bits(), b.to_bits())
    }

    #[test]
    fn distances_count_representable_numbers() {
        for (a, b, expect) in [
            (1.0, 1.0, 0),
            (1.0, 1.0 + f64::EPSILON, 1),
            (1.0, 1.0 - f64::EPSILON / 2.0, 1),
            (0.1 + 0.2, 0.3, 1),
            (0.0, -0.0, 0),
            (f64::from_bits(1), -f64::from_bits(1), 2),
            (f64::from_bits(3), -0.0, 3),
            (f64::MIN_POSITIVE, f64::MIN_POSITIVE.next_down(), 1),
            (f64::MAX, f64::INFINITY, 1),
            (1.0, 2.0, 1 << 52),
            (f64::NEG_INFINITY, f64::INFINITY, 0xffe0_0000_0000_0000),
        ] {
            assert_eq!(ulp(a, b), expect, "{a:e} {b:e}");
        }
    }

    #[test]
    fn relative_distances_do_not_overflow() {
        for (a, b, expect) in [
            (1e308, -1e308, 2.0),
            (f64::MAX, f64::MIN, 2.0),
            (0.0, -0.0, 0.0),
            (1.0, 0.0, 1.0),
            (4.0, 3.0, 0.25),
            (5e-324, 0.0, 1.0),
            (5e-324, 1e-323, 0.5),
        ] {
            assert_eq!(relative(a, b).to_bits(), f64::to_bits(expect), "{a:e} {b:e}");
        }
    }

    #[test]
    fn half_precision_follows_the_standard() {
        for (bits, expect) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_625e-5),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x3555, 0.333_251_953_125),
            (0x7c00, f64::INFINITY),
            (0xfc00, f64::NEG_INFINITY),
            (0x8000, -0.0),
        ] {
            assert_eq!(Float::F16.value(bits).to_bits(), f64::to_bits(expect), "{bits:x}");
        }
        assert!(Float::F16.is_nan(0x7c01) && Float::F16.value(0x7c01).is_nan());
    }

    #[test]
    fn single_precision_is_measured_in_its_own_units() {
        let (a, b) = (1.0_f32, 1.0_f32.next_up().next_up());
        let distance = Float::F32.distance(a.to_bits().into(), b.to_bits().into());
        assert_eq!((distance.ulp, distance.common_bits), (Some(2), Some(30)));
    }

    proptest! {
        #[test]
        fn neighbours_are_one_apart_and_distances_symmetric(a: f64, b: f64) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(ulp(a, b), ulp(b, a));
            prop_assert_eq!(ulp(a, b) == 0, a.partial_cmp(&b) == Some(std::cmp::Ordering::Equal));
            if a.is_finite() {
                prop_assert_eq!(ulp(a, a.next_up()), 1);
                prop_assert_eq!(ulp(a, -a), 2 * ulp(a, 0.0));
            }
            if a < b {
                prop_assert_eq!(ulp(a.next_up(), b) + 1, ulp(a, b));
            }
        }

        #[test]
        fn single_precision_steps_by_one(a: f32, steps in 0_u64..50) {
            prop_assume!(a.is_finite());
            let b = (0..steps).fold(a, |a, _| a.next_up());
            prop_assume!(b.is_finite());
            prop_assert_eq!(Float::F32.ulp(a.to_bits().into(), b.to_bits().into()), steps);
        }
    }
}
