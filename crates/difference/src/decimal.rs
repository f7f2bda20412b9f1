//! Numbers in decimal, as Python, C and R write and read them.

use super::content::Content;
use super::findings::Findings;
use super::float::Float;
use super::number::{NumberPair, Written};
use super::paths::Path;

/// Adds a pair of equal texts.
pub(super) fn same(findings: &mut Findings<'_>, path: Path, content: Content) {
    match content {
        Content::Integer => findings.same(path, "integer", 1),
        Content::Float => findings.same(path, findings.decimal.name(), 1),
        Content::Text => {}
    }
}

/// Adds a pair of finite floats with different values, the usual case. Returns false, and adds nothing, if the pair is
/// something else.
pub(super) fn differ<'a>(
    findings: &mut Findings<'a>,
    path: Path,
    index: impl Fn() -> Vec<u64>,
    numbers: [&str; 2],
    written: Written<'a>,
) -> bool {
    let decimal = findings.decimal;
    let [left, right] = numbers.map(|number| decimal.parsed(number));
    let (Some(left), Some(right)) = (left, right) else { return false };
    findings.read_digits(numbers.map(str::as_bytes));
    if left == right || [left, right].iter().any(|bits| decimal.is_nan(*bits) || decimal.is_infinite(*bits)) {
        return false;
    }
    findings.different(path, decimal.name(), &NumberPair::Float(decimal, [left, right]), index, written);
    true
}

/// Adds a pair of numbers whose texts differ.
pub(super) fn numbers<'a>(
    findings: &mut Findings<'a>,
    path: Path,
    index: impl Fn() -> Vec<u64>,
    contents: [Content; 2],
    numbers: [&[u8]; 2],
    written: Written<'a>,
) {
    let decimal = findings.decimal;
    let chars_max = findings.limits.text_chars_max;
    let texts = || written.shown(chars_max);
    let bits = numbers.map(|number| parsed(decimal, number));
    if contents == [Content::Integer, Content::Integer] {
        let integers = numbers.map(plain);
        if integers[0] != integers[1] {
            let pair = NumberPair::Integers([&integers[0], &integers[1]]);
            return findings.different(path, "integer", &pair, index, written);
        }
        if bits[0] == bits[1] {
            findings.same(path, "integer", 1);
            return findings.spelling(path, &index(), texts);
        }
    }
    findings.read_digits(numbers);
    let same_nan = bits.iter().all(|bits| decimal.is_nan(*bits)) && named(numbers[0]) == named(numbers[1]);
    let infinite = bits.iter().any(|bits| decimal.is_infinite(*bits));
    let same_infinity = infinite && named(numbers[0]) && named(numbers[1]);
    // Numbers beyond the range of the type become infinities, but may differ.
    if !same_nan && (bits[0] != bits[1] || infinite && !same_infinity) {
        return findings.different(path, decimal.name(), &NumberPair::Float(decimal, bits), index, written);
    }
    findings.same(path, decimal.name(), 1);
    if contents[0] == contents[1] {
        findings.spelling(path, &index(), texts);
    } else {
        findings.retyped(path, &index(), texts);
    }
}

/// Whether the number has no digits: NaN or an infinity, written as a name.
fn named(number: &[u8]) -> bool {
    !number.iter().any(u8::is_ascii_digit)
}

/// The bits of the number that is nearest to a text.
fn parsed(decimal: Float, number: &[u8]) -> u64 {
    let nan = || f64::NAN.to_bits();
    std::str::from_utf8(number).ok().and_then(|text| decimal.parsed(text)).unwrap_or_else(nan)
}

/// An integer without the characters that do not change it: a plus, leading zeros, the sign of zero.
fn plain(cell: &[u8]) -> Vec<u8> {
    let negative = cell.starts_with(b"-");
    let digits = cell.strip_prefix(b"-").or_else(|| cell.strip_prefix(b"+")).unwrap_or(cell);
    let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
    match &digits[zeros..] {
        [] => b"0".to_vec(),
        digits if negative => [b"-", digits].concat(),
        digits => digits.to_vec(),
    }
}
