//! Whether the numbers of a text were printed from single precision (binary32).

use super::content::{Content, content};
use super::tokens::{TokenKind, Tokens};

/// The length of the start of each output that is looked at, in bytes.
const SAMPLE_BYTES: usize = 64 * 1024;

/// The digits that a single needs at most, so that it is read back as the same number.
const DIGITS_MAX: usize = 9;

/// Numbers with fewer digits than this say nothing: doubles are often written with so few.
const DIGITS_TELLING_MIN: usize = 8;

/// How much evidence is enough. A number of 8 or 9 digits counts 1, since a double that was rounded to so few may look like a
/// single by chance; a longer one that is a single exactly counts 4.
const EVIDENCE_MIN: usize = 8;
const EVIDENCE_LONG: usize = 4;

/// How much further a decimal may be from a single than the nearest one, relative to its distance: what doubles round off.
const TIE: f64 = 1e-6;

/// Whether all floats at the start of two texts look like singles, and enough of them would not if they were doubles.
pub(super) fn are_singles(left: &[u8], right: &[u8]) -> bool {
    let (mut evidence, mut floats) = (0, 0);
    for output in [left, right] {
        let Some(sample) = sample(output) else { return false };
        for token in Tokens::new(sample).filter(|token| token.kind == TokenKind::Number) {
            let number = &sample[token.range];
            if content(number.as_bytes()) != Content::Float
                || !number.contains(|digit: char| digit.is_ascii_digit())
            {
                continue;
            }
            if !is_single(number) {
                return false;
            }
            floats += 1;
            evidence += match significant_digits(number.as_bytes()).len() {
                0..DIGITS_TELLING_MIN => 0,
                DIGITS_TELLING_MIN..=DIGITS_MAX => 1,
                _ => EVIDENCE_LONG,
            };
        }
    }
    evidence >= EVIDENCE_MIN && 4 * evidence >= floats
}

/// The start of a text, up to the last white space in it if it was cut.
fn sample(output: &[u8]) -> Option<&str> {
    let head = &output[..output.len().min(SAMPLE_BYTES)];
    let end = if head.len() < output.len() {
        head.iter().rposition(|byte| byte.is_ascii_whitespace() || *byte == b',')?
    } else {
        head.len()
    };
    std::str::from_utf8(&head[..end]).ok().filter(|text| !text.contains('\0'))
}

/// Whether a number is a single: exactly, or written with the fewest digits that tell it from other singles.
fn is_single(number: &str) -> bool {
    let (Ok(double), Ok(single)) = (number.parse::<f64>(), number.parse::<f32>()) else { return false };
    if f64::from(single).to_bits() == double.to_bits() {
        return true;
    }
    let shortest = format!("{single:e}");
    let as_short = [number, &shortest].map(|text| significant_digits(text.as_bytes()).len());
    let distance = |double: f64| (double - f64::from(single)).abs();
    // Where a single lies in the middle between the two nearest decimals, programs differ in the one that they print.
    let nearest = distance(shortest.parse().unwrap_or(double)) * (1.0 + TIE);
    as_short[0] == as_short[1] && distance(double) <= nearest
}

/// Whether a number may be a single: exactly, or with so few digits. A quicker and weaker question than at the start.
pub(super) fn may_be_single(number: &[u8]) -> bool {
    let exact = |text: &str| {
        let (double, single) = (text.parse::<f64>().ok()?, text.parse::<f32>().ok()?);
        Some(f64::from(single).to_bits() == double.to_bits())
    };
    significant_digits(number).len() <= DIGITS_MAX
        || std::str::from_utf8(number).ok().and_then(exact).unwrap_or(true)
}

/// The digits of a number before its exponent, without zeros at the start and at the end.
fn significant_digits(number: &[u8]) -> Vec<u8> {
    let mantissa = number.split(|byte| matches!(byte, b'e' | b'E')).next().unwrap_or_default();
    let mut digits: Vec<u8> = mantissa.iter().copied().filter(u8::is_ascii_digit).collect();
    digits.drain(..digits.iter().take_while(|digit| **digit == b'0').count());
    digits.truncate(digits.len() - digits.iter().rev().take_while(|digit| **digit == b'0').count());
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(numbers: impl Iterator<Item = String>) -> Vec<u8> {
        numbers.collect::<Vec<_>>().join(", ").into_bytes()
    }

    #[test]
    fn singles_are_recognised_by_their_digits() {
        let values = || (1..200_u16).map(|value| f64::from(value).sqrt() * 1.7);
        #[expect(clippy::cast_possible_truncation, reason = "singles are wanted")]
        let singles = || values().map(|value| value as f32);
        let all = |output: Vec<u8>| are_singles(&output, &output);
        assert!(all(text(singles().map(|single| format!("{single}")))));
        assert!(all(text(singles().map(|single| format!("{single:e}")))));
        assert!(all(text(singles().map(|single| format!("{:?}", f64::from(single))))));
        assert!(all(text(singles().map(|single| format!("{:.18e}", f64::from(single))))));
        for digits in 0..17 {
            assert!(!all(text(values().map(|value| format!("{value:.digits$}")))), "{digits}");
        }
        assert!(!all(text(values().map(|value| format!("{value}")))));
        assert!(!all(text((0..100).map(|value| format!("{value}")))));
        assert!(!all(text((0..100).map(|value| format!("{value}.5")))));
        assert!(!all(b"0.33333334".to_vec()));
        assert!(!are_singles(b"\x93NUMPY\x01\0", b""));
    }

    #[test]
    fn a_tie_may_be_rounded_to_either_side() {
        for (number, expect) in
            [("343126.12", true), ("343126.13", true), ("343126.14", false), ("343126.125", true)]
        {
            assert_eq!(is_single(number), expect, "{number}");
        }
    }

    #[test]
    fn a_longer_number_is_no_single() {
        for (number, expect) in [
            ("0.1", true),
            ("0.10000000149011612", true),
            ("0.1000000014901161", false),
            ("0.33333334", true),
            ("0.333333333", true),
            ("0.3333333333", false),
            ("1000000000000.0", true),
        ] {
            assert_eq!(may_be_single(number.as_bytes()), expect, "{number}");
        }
    }
}
