use super::float::Distance;

/// The number of decimal digits up to which an integer is well within the range of doubles.
const DOUBLE_DIGITS: usize = 300;

/// The longest integer that is subtracted from another, in characters. Longer integers that differ count as
/// infinitely far apart.
const DIGITS_MAX: usize = 4_096;

/// The distance of two different integers, each written in decimal: an optional `-` and digits of any length without
/// a leading zero. The difference is computed on the integers, and only then rounded to a double.
pub(super) fn distance(left: &[u8], right: &[u8]) -> Distance {
    match (small(left), small(right)) {
        (Some(left), Some(right)) => small_distance(left, right),
        _ => large_distance(left, right),
    }
}

/// The distance of two integers that fit into 128 bits.
pub(super) fn small_distance(left: i128, right: i128) -> Distance {
    let absolute = rounded_magnitude(left.abs_diff(right));
    let larger = rounded_magnitude(left.unsigned_abs().max(right.unsigned_abs()));
    measured(absolute, absolute / larger, larger)
}

fn large_distance(left: &[u8], right: &[u8]) -> Distance {
    if left.len().max(right.len()) > DIGITS_MAX {
        return measured(f64::INFINITY, f64::INFINITY, f64::INFINITY);
    }
    let split = |text: &[u8]| match text {
        [b'-', digits @ ..] => (true, digits.to_vec()),
        digits => (false, digits.to_vec()),
    };
    let ((left_negative, left), (right_negative, right)) = (split(left), split(right));
    let left_larger = (left.len(), &left) > (right.len(), &right);
    let (larger, smaller) = if left_larger { (left, right) } else { (right, left) };
    let combined =
        if left_negative == right_negative { subtract(&larger, &smaller) } else { add(&larger, &smaller) };
    // Beyond the range of doubles, the last digits do not change the ratio.
    let surplus = larger.len().saturating_sub(DOUBLE_DIGITS);
    let leading = |digits: &[u8]| double(&digits[..digits.len() - surplus]);
    let relative = leading(&combined) / leading(&larger);
    measured(double(&combined), relative, double(&larger))
}

/// The distance of two integers, which has no steps of a binary format.
fn measured(absolute: f64, relative: f64, magnitude: f64) -> Distance {
    Distance { ulp: None, absolute, relative, magnitude, common_bits: None }
}

fn small(text: &[u8]) -> Option<i128> {
    // 38 digits and a sign fit; a longer text need not be parsed.
    if text.len() > 39 {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The double nearest to an integer, given by its decimal digits, which may start with zeros.
fn double(digits: &[u8]) -> f64 {
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(f64::INFINITY)
}

#[expect(clippy::cast_precision_loss, reason = "a distance is reported as the nearest double")]
fn rounded_magnitude(value: u128) -> f64 {
    value as f64
}

/// `larger - smaller`, digit by digit, as on paper. `larger` is at least `smaller`.
fn subtract(larger: &[u8], smaller: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    by_digit(larger, smaller, |a, b| {
        let b = b + borrow;
        borrow = u8::from(a < b);
        a + 10 * borrow - b
    })
}

fn add(larger: &[u8], smaller: &[u8]) -> Vec<u8> {
    let mut carry = 0;
    let mut digits = by_digit(larger, smaller, |a, b| {
        let sum = a + b + carry;
        carry = u8::from(sum > 9);
        sum - 10 * carry
    });
    if carry == 1 {
        digits.insert(0, b'1');
    }
    digits
}

fn by_digit(larger: &[u8], smaller: &[u8], mut combine: impl FnMut(u8, u8) -> u8) -> Vec<u8> {
    let padded = smaller.iter().rev().copied().chain(std::iter::repeat(b'0'));
    let mut digits: Vec<u8> =
        larger.iter().rev().zip(padded).map(|(a, b)| b'0' + combine(a - b'0', b - b'0')).collect();
    digits.reverse();
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_distance_of_integers_is_exact() {
        for (left, right, absolute) in [
            ("3", "5", 2.0),
            ("0", "1", 1.0),
            ("9007199254740992", "9007199254740991", 1.0),
            ("9007199254740993", "9007199254740992", 1.0),
            ("-9007199254740993", "9007199254740993", 18_014_398_509_481_986.0),
            ("18446744073709551616", "18446744073709551615", 1.0),
            (
                "1000000000000000000000000000000000000000000",
                "999999999999999999999999999999999999999999",
                1.0,
            ),
            (
                "-999999999999999999999999999999999999999999",
                "1",
                1_000_000_000_000_000_000_000_000_000_000_000_000_000_000.0,
            ),
            (&"9".repeat(DIGITS_MAX + 1), "1", f64::INFINITY),
        ] {
            let found = distance(left.as_bytes(), right.as_bytes());
            assert_eq!(
                (found.absolute.to_bits(), found.ulp),
                (f64::to_bits(absolute), None),
                "{left} {right}"
            );
        }
    }

    proptest! {
        #[test]
        fn subtraction_agrees_with_machine_integers(left in -(1_i128 << 120)..1 << 120, right in -(1_i128 << 120)..1 << 120) {
            prop_assume!(left.abs() > 1 << 54 && left != right);
            let (small, large) = (
                small_distance(left, right),
                large_distance(left.to_string().as_bytes(), right.to_string().as_bytes()),
            );
            prop_assert_eq!(small.absolute.to_bits(), large.absolute.to_bits());
        }
    }
}
