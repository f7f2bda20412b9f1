use super::rows::unquoted;
use crate::comparison::MismatchKind;
use crate::findings::Findings;
use crate::float::Float;
use crate::number::{NumberPair, Written};
use crate::paths::Path;

/// The type of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Integer,
    Float,
    Text,
}

/// Whether a cell is a number, in quotes or not.
pub(super) fn is_number(cell: &[u8]) -> bool {
    content(&unquoted(cell)) != Content::Text
}

/// Compares two cells, given as bytes, and as characters if the table is UTF-8.
pub(super) fn compare<'a>(
    findings: &mut Findings<'a>,
    path: Path,
    row: u64,
    cells: [&'a [u8]; 2],
    characters: [Option<&str>; 2],
) {
    if cells[0] == cells[1] {
        match content(&unquoted(cells[0])) {
            Content::Integer => findings.same(path, "integer", 1),
            Content::Float => findings.same(path, "f64", 1),
            Content::Text => {}
        }
        return;
    }
    let chars_max = findings.limits.text_chars_max;
    let written = Written::Text(cells);
    let texts = || written.shown(chars_max);
    // The usual case. Nothing is copied.
    if cells.each_ref().map(|cell| content(cell)) == [Content::Float, Content::Float]
        && let [Some(left), Some(right)] = characters
        && let [Ok(left), Ok(right)] = [left.parse::<f64>(), right.parse::<f64>()]
        && left.is_finite()
        && right.is_finite()
        && left.to_bits() != right.to_bits()
    {
        let pair = NumberPair::Float(Float::F64, [left.to_bits(), right.to_bits()]);
        return findings.different(path, "f64", &pair, || vec![row], written);
    }
    let [left, right] = cells.map(unquoted);
    match [content(&left), content(&right)] {
        [Content::Text, Content::Text] if left == right => findings.spelling(path, &[row], texts),
        [Content::Text, Content::Text] => findings.mismatch(path, MismatchKind::Text, &[row], texts),
        [Content::Text, _] | [_, Content::Text] => findings.mismatch(path, MismatchKind::Type, &[row], texts),
        contents => numbers(findings, path, row, contents, [&left, &right], written),
    }
}

fn numbers<'a>(
    findings: &mut Findings<'a>,
    path: Path,
    row: u64,
    contents: [Content; 2],
    cells: [&[u8]; 2],
    written: Written<'a>,
) {
    let chars_max = findings.limits.text_chars_max;
    let texts = || written.shown(chars_max);
    let doubles = cells.map(|cell| double(cell).to_bits());
    if contents == [Content::Integer, Content::Integer] {
        let integers = cells.map(plain);
        if integers[0] != integers[1] {
            let pair = NumberPair::Integers([&integers[0], &integers[1]]);
            return findings.different(path, "integer", &pair, || vec![row], written);
        }
        if doubles[0] == doubles[1] {
            findings.same(path, "integer", 1);
            return findings.spelling(path, &[row], texts);
        }
    }
    let same_nan = doubles.iter().all(|bits| Float::F64.is_nan(*bits)) && named(cells[0]) == named(cells[1]);
    let infinite = doubles.iter().any(|bits| Float::F64.is_infinite(*bits));
    let same_infinity = infinite && named(cells[0]) && named(cells[1]);
    // Numbers beyond the range of doubles become infinities, but may differ.
    if !same_nan && (doubles[0] != doubles[1] || infinite && !same_infinity) {
        return findings.different(
            path,
            "f64",
            &NumberPair::Float(Float::F64, doubles),
            || vec![row],
            written,
        );
    }
    findings.same(path, "f64", 1);
    if contents[0] == contents[1] {
        findings.spelling(path, &[row], texts);
    } else {
        findings.retyped(path, &[row], texts);
    }
}

/// Whether the number has no digits: NaN or an infinity, written as a name.
fn named(cell: &[u8]) -> bool {
    !cell.iter().any(u8::is_ascii_digit)
}

fn double(cell: &[u8]) -> f64 {
    std::str::from_utf8(cell).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
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

/// The type of a text. Numbers are written as Python, C and R write and read them: `1`, `-1.5`, `.5`, `5.`, `+1e9`,
/// `nan`, `inf`, `Infinity`.
fn content(text: &[u8]) -> Content {
    let text = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    if text.first().is_some_and(u8::is_ascii_alphabetic) {
        let names: [&[u8]; 3] = [b"nan", b"inf", b"infinity"];
        return if names.iter().any(|name| text.eq_ignore_ascii_case(name)) {
            Content::Float
        } else {
            Content::Text
        };
    }
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(text);
    let (mut rest, mut fraction) = (&text[whole..], 0);
    if whole > 0 && rest.is_empty() {
        return Content::Integer;
    }
    if let [b'.', after @ ..] = rest {
        fraction = digits(after);
        rest = &after[fraction..];
    }
    if let [b'e' | b'E', b'+' | b'-', after @ ..] | [b'e' | b'E', after @ ..] = rest {
        let exponent = digits(after);
        rest = if exponent == 0 { rest } else { &after[exponent..] };
    }
    if whole + fraction > 0 && rest.is_empty() { Content::Float } else { Content::Text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_recognised() {
        for (texts, expect) in [
            (&["0", "-0", "+1", "007", "123456789012345678901234567890"][..], Content::Integer),
            (&["1.0", ".5", "5.", "-1e9", "1E-3", "nan", "-NaN", "inf", "+Infinity"], Content::Float),
            (
                &[
                    "",
                    "-",
                    ".",
                    "e5",
                    "1e",
                    "1e+",
                    "1.5x",
                    "0x10",
                    "1 2",
                    "infinit",
                    "2024-01-01",
                    "1,5",
                    "é",
                ],
                Content::Text,
            ),
        ] {
            for text in texts {
                assert_eq!(content(text.as_bytes()), expect, "{text}");
                let parsed = text.parse::<f64>().is_ok();
                assert_eq!(parsed, expect != Content::Text, "{text}");
            }
        }
    }
}
