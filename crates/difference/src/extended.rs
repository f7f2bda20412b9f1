//! Numbers of the x87: 1 bit of sign, 15 bits of exponent, 64 bits of significand. The first bit of the significand is stored,
//! too. `numpy` keeps them as `longdouble` in 16 bytes; the last 6 mean nothing (Intel, Software Developer's Manual, volume 1, 4.2.2).

use std::fmt::Write as _;

use crate::float::Distance;

/// The bits that mean something.
pub(super) const MASK: u128 = (1 << 80) - 1;

const SIGN: u128 = 1 << 79;
const SIGNIFICAND_BITS: u32 = 64;
/// The first bit of the significand: the integer part.
const INTEGER: u64 = 1 << 63;
const EXPONENT_OF_NONE: u32 = 0x7fff;
/// The exponent of the last bit of a significand whose exponent is stored as 0.
const EXPONENT_LEAST: i32 = -16_445;

/// Digits that tell any two of these numbers apart.
const DIGITS: usize = 21;

/// Nine decimal digits, the base of the long arithmetic that writes numbers.
const BASE: u64 = 1_000_000_000;

/// A number by its parts: `(-1)^negative * significand * 2^exponent`.
#[derive(Clone, Copy)]
struct Parts {
    negative: bool,
    significand: u64,
    exponent: i32,
}

/// Whether the bits are a number of the x87. A number of another format with 16 bytes is rarely taken for one.
pub(super) fn is_valid(bits: u128) -> bool {
    exponent(bits) == 0 || significand(bits) & INTEGER != 0
}

fn exponent(bits: u128) -> u32 {
    // Fifteen bits fit.
    u32::try_from((bits >> SIGNIFICAND_BITS) & 0x7fff).unwrap_or_default()
}

fn significand(bits: u128) -> u64 {
    u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default()
}

pub(super) fn is_negative(bits: u128) -> bool {
    bits & SIGN != 0
}

pub(super) fn is_nan(bits: u128) -> bool {
    exponent(bits) == EXPONENT_OF_NONE && significand(bits) & !INTEGER != 0
}

pub(super) fn is_infinite(bits: u128) -> bool {
    exponent(bits) == EXPONENT_OF_NONE && significand(bits) & !INTEGER == 0
}

fn parts(bits: u128) -> Parts {
    let stored = i32::try_from(exponent(bits)).unwrap_or_default();
    // The exponents 0 and 1 have the same unit.
    let exponent = EXPONENT_LEAST + stored.max(1) - 1;
    Parts { negative: is_negative(bits), significand: significand(bits), exponent }
}

/// The position among all numbers with this sign, from 0 for zero.
fn position(bits: u128) -> u128 {
    let significand = significand(bits);
    let exponent = exponent(bits).max(u32::from(significand & INTEGER != 0));
    u128::from(exponent) << 63 | u128::from(significand & !INTEGER)
}

/// The distance of two finite numbers. Distances in ulp from 2^64 - 1 on count as 2^64 - 1.
pub(super) fn distance(left: u128, right: u128) -> Distance {
    let [one, other] = [position(left), position(right)];
    let steps =
        if is_negative(left) == is_negative(right) { one.abs_diff(other) } else { one.saturating_add(other) };
    let (a, b) = (parts(left), parts(right));
    let larger = if one >= other { a } else { b };
    let (difference, exponent) = difference(a, b);
    let relative = if difference == 0 {
        0.0
    } else {
        // Both are within the range of doubles before the power of two.
        rounded(difference, exponent - larger.exponent) / rounded(u128::from(larger.significand), 0)
    };
    Distance {
        ulp: Some(u64::try_from(steps).unwrap_or(u64::MAX)),
        absolute: rounded(difference, exponent),
        relative,
        magnitude: rounded(u128::from(larger.significand), larger.exponent).min(f64::MAX),
        common_bits: Some(((left ^ right) & MASK).leading_zeros() - 48),
    }
}

/// `|a - b|` as a number times a power of two. Of digits far behind the last one of a double only the presence is kept.
fn difference(a: Parts, b: Parts) -> (u128, i32) {
    let (high, low) = if a.exponent >= b.exponent { (a, b) } else { (b, a) };
    let apart = high.exponent.abs_diff(low.exponent);
    let shift = apart.min(63);
    let upper = u128::from(high.significand) << shift;
    let dropped = apart - shift;
    let whole = u128::from(low.significand);
    let lower = match dropped {
        0 => whole,
        1..=63 => whole >> dropped | u128::from(whole & ((1 << dropped) - 1) != 0),
        _ => u128::from(whole != 0),
    };
    let exponent = high.exponent - shift.cast_signed();
    let value = if high.negative == low.negative { upper.abs_diff(lower) } else { upper + lower };
    (value, exponent)
}

/// `value * 2^exponent` as the nearest double; infinite beyond its range.
fn rounded(value: u128, exponent: i32) -> f64 {
    if value == 0 {
        return 0.0;
    }
    let bits = (u128::BITS - value.leading_zeros()).cast_signed();
    let top = exponent + bits - 1;
    if top > 1023 {
        return f64::INFINITY;
    }
    // Below the smallest normal double there are fewer bits.
    let precision = if top >= -1022 { 53 } else { 53 - (-1022 - top) };
    if precision < 0 {
        return 0.0;
    }
    let dropped = (bits - precision).max(0);
    let kept = if dropped >= 128 { 0 } else { value >> dropped };
    let rest = value - if dropped >= 128 { 0 } else { kept << dropped };
    let half = if dropped == 0 { 0 } else { 1_u128 << (dropped - 1) };
    let up = dropped > 0 && (rest > half || (rest == half && kept & 1 == 1));
    let kept = u64::try_from(kept).unwrap_or(u64::MAX) + u64::from(up);
    #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
    let kept = kept as f64;
    let power = exponent + dropped;
    // Two steps, because the first factor may be below the normal doubles only if the product is.
    if power >= -1022 {
        kept * power_of_two(power.min(1023))
    } else {
        kept * f64::from_bits(1 << (power + 1074))
    }
}

fn power_of_two(power: i32) -> f64 {
    f64::from_bits(u64::from((power + 1023).unsigned_abs()) << 52)
}

/// The number in decimal. It parses back to the same number; a NaN is shown with its bits.
pub(super) fn shown(bits: u128) -> String {
    let sign = if is_negative(bits) { "-" } else { "" };
    if is_nan(bits) {
        return format!("NaN ({:#x})", bits & MASK);
    }
    if is_infinite(bits) {
        return format!("{sign}inf");
    }
    let Parts { significand, exponent, .. } = parts(bits);
    if significand == 0 {
        return format!("{sign}0.0");
    }
    let (digits, point) = decimal(significand, exponent);
    format!("{sign}{}", placed(&digits, point))
}

/// The first [`DIGITS`] decimal digits, rounded and without zeros at the end, and the place of the point after the first digit.
fn decimal(significand: u64, exponent: i32) -> (String, i32) {
    let mut limbs = vec![significand % BASE, significand / BASE % BASE, significand / BASE / BASE];
    // Below one, m / 2^n = m * 5^n / 10^n.
    let (factor, step, count) =
        if exponent < 0 { (5_u64, 13, exponent.unsigned_abs()) } else { (2, 29, exponent.unsigned_abs()) };
    for _ in 0..count / step {
        multiply(&mut limbs, factor.pow(step));
    }
    multiply(&mut limbs, factor.pow(count % step));
    let mut text = String::new();
    for limb in limbs.iter().rev() {
        // Writing to a text cannot fail.
        let _ = write!(text, "{limb:09}");
    }
    text = text.trim_start_matches('0').to_owned();
    let mut point = i32::try_from(text.len()).unwrap_or(i32::MAX) - 1 + exponent.min(0);
    if text.len() > DIGITS {
        let rest = text.split_off(DIGITS);
        let half = format!("5{}", "0".repeat(rest.len() - 1));
        let is_odd = text.ends_with(['1', '3', '5', '7', '9']);
        if rest > half || (rest == half && is_odd) {
            // 21 digits fit into 128 bits.
            let next = text.parse::<u128>().unwrap_or_default() + 1;
            let next = next.to_string();
            point += i32::from(next.len() > text.len());
            text = next;
        }
    }
    let kept = text.trim_end_matches('0').len().max(1);
    text.truncate(kept);
    (text, point)
}

fn multiply(limbs: &mut Vec<u64>, factor: u64) {
    let mut carry = 0;
    for limb in &mut *limbs {
        let product = *limb * factor + carry;
        *limb = product % BASE;
        carry = product / BASE;
    }
    while carry > 0 {
        limbs.push(carry % BASE);
        carry /= BASE;
    }
}

/// Digits with a point after the first one and a power of ten, or with the point where it belongs if that is near.
fn placed(digits: &str, point: i32) -> String {
    let length = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or_default());
    match point {
        -5..0 => format!("0.{}{digits}", zeros(-point - 1)),
        0..16 if point >= length - 1 => format!("{digits}{}.0", zeros(point - length + 1)),
        0..16 => {
            let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or_default() + 1);
            format!("{whole}.{fraction}")
        }
        _ if digits.len() == 1 => format!("{digits}e{point}"),
        _ => format!("{}.{}e{point}", &digits[..1], &digits[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bits of a double as a number of the x87.
    fn of(value: f64) -> u128 {
        let sign = u128::from(value.is_sign_negative()) << 79;
        let (mut exponent, fraction) = (value.to_bits() >> 52 & 0x7ff, value.to_bits() & ((1 << 52) - 1));
        if exponent == 0 {
            return sign;
        }
        exponent = if exponent == 0x7ff { 0x7fff } else { exponent + 16_383 - 1_023 };
        sign | u128::from(exponent) << 64 | u128::from(INTEGER | fraction << 11)
    }

    #[test]
    fn distances_are_counted_in_units_of_64_bits() {
        let check = |a: u128, b: u128, ulp: u64, absolute: f64, relative: f64| {
            for (left, right) in [(a, b), (b, a), (a ^ SIGN, b ^ SIGN)] {
                let found = distance(left, right);
                assert_eq!((found.ulp, found.absolute, found.relative), (Some(ulp), absolute, relative));
            }
        };
        let unit = f64::EPSILON / 2048.0;
        check(of(1.0), of(1.0), 0, 0.0, 0.0);
        check(of(1.0), of(1.0) + 1, 1, unit, unit);
        check(of(1.0), 0x3fff << 64 | u128::from(u64::MAX), (1 << 63) - 1, 1.0, 0.5);
        check(of(1.0), of(2.0), 1 << 63, 1.0, 0.5);
        check(of(1.0), of(-1.0), u64::MAX, 2.0, 2.0);
        check(of(0.0), of(-0.0), 0, 0.0, 0.0);
        check(of(0.0), 1, 1, 0.0, 1.0);
        check(1, 1 | SIGN, 2, 0.0, 2.0);
        check(of(1e300), of(1e-300), u64::MAX, 1e300, 1.0);
        // Further apart than the largest double.
        let huge = 0x7ffe_u128 << 64 | u128::from(u64::MAX);
        check(huge, huge ^ SIGN, u64::MAX, f64::INFINITY, 2.0);
    }

    #[test]
    fn numbers_are_written_so_that_they_parse_back() {
        for value in [1.0, -2.5, 0.1, 1e16, 1.5e-7, 123_456.75, f64::MAX, f64::MIN_POSITIVE, 2e-5] {
            let text = shown(of(value));
            assert_eq!(text.parse(), Ok(value), "{text}");
        }
        for (bits, expect) in [
            (of(1.0), "1.0"),
            (of(0.5), "0.5"),
            (of(1.0) + 1, "1.00000000000000000011"),
            (of(-1e16), "-1e16"),
            (of(123.25), "123.25"),
            (of(100.0), "100.0"),
            (of(f64::INFINITY), "inf"),
            (of(-0.0), "-0.0"),
            (1, "3.64519953188247460253e-4951"),
            (0x7ffe_u128 << 64 | u128::from(u64::MAX), "1.18973149535723176502e4932"),
            (0x7fff_u128 << 64 | 3 << 62, "NaN (0x7fffc000000000000000)"),
        ] {
            assert_eq!(shown(bits), expect);
        }
    }

    #[test]
    fn other_formats_of_16_bytes_are_told() {
        assert!(is_valid(of(1.0)) && is_valid(0) && is_valid(1) && is_valid(of(f64::NEG_INFINITY)));
        // A third in binary128.
        assert!(!is_valid(0x3ffd_5555_5555_5555_5555_5555_5555_5555));
    }
}
