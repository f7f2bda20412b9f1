use concord_json::{Scalar, string};

use crate::comparison::MismatchKind;
use crate::findings::Findings;
use crate::float::Float;
use crate::number::{NumberPair, Written};
use crate::paths::Path;

/// One side of a pair of scalars.
#[derive(Clone, Copy)]
pub(super) struct JsonToken<'a> {
    pub(super) scalar: Scalar,
    pub(super) text: &'a str,
}

impl JsonToken<'_> {
    fn is_number(self) -> bool {
        matches!(self.scalar, Scalar::Integer | Scalar::Float)
    }

    /// The bits of the number of the type `decimal` that is nearest to the text.
    fn bits(self, decimal: Float) -> u64 {
        decimal.parsed(self.text).unwrap_or(f64::NAN.to_bits())
    }
}

/// Adds a pair of scalars that are the same text.
pub(super) fn same(findings: &mut Findings<'_>, path: Path, scalar: Scalar) {
    match scalar {
        Scalar::Integer => findings.same(path, "integer", 1),
        Scalar::Float => findings.same(path, findings.decimal.name(), 1),
        Scalar::Text | Scalar::Boolean | Scalar::Null => {}
    }
}

/// Adds a pair of scalars whose texts differ.
pub(super) fn differ<'a>(
    findings: &mut Findings<'a>,
    path: Path,
    index: &[u64],
    left: JsonToken<'a>,
    right: JsonToken<'a>,
) {
    let written = Written::Text([left.text.as_bytes(), right.text.as_bytes()]);
    if left.is_number() && right.is_number() {
        return numbers(findings, path, index, [left, right], written);
    }
    let chars_max = findings.limits.text_chars_max;
    let texts = || written.shown(chars_max);
    if left.scalar != right.scalar {
        findings.mismatch(path, MismatchKind::Type, index, texts);
    } else if left.scalar == Scalar::Text && string::same(left.text.as_bytes(), right.text.as_bytes()) {
        findings.spelling(path, index, texts);
    } else {
        findings.mismatch(path, MismatchKind::Text, index, texts);
    }
}

fn numbers<'a>(
    findings: &mut Findings<'a>,
    path: Path,
    index: &[u64],
    tokens: [JsonToken<'a>; 2],
    written: Written<'a>,
) {
    let integers = tokens.map(|token| token.scalar == Scalar::Integer);
    let decimal = findings.decimal;
    let bits = || tokens.map(|token| token.bits(decimal));
    if integers == [true, true] {
        // `0` and `-0` are the only integers with two texts.
        let zeros = tokens.iter().all(|token| matches!(token.text, "0" | "-0"));
        let pair = if zeros {
            NumberPair::Float(decimal, bits())
        } else {
            NumberPair::Integers(tokens.map(|token| token.text.as_bytes()))
        };
        return findings.different(path, "integer", &pair, || index.to_vec(), written);
    }
    let bits = bits();
    findings.read_digits(tokens.map(|token| token.text.as_bytes()));
    // Two numbers beyond the range of the type become the same infinity, but may differ.
    if bits[0] != bits[1] || decimal.is_infinite(bits[0]) {
        let pair = NumberPair::Float(decimal, bits);
        return findings.different(path, decimal.name(), &pair, || index.to_vec(), written);
    }
    findings.same(path, findings.decimal.name(), 1);
    let chars_max = findings.limits.text_chars_max;
    let texts = || written.shown(chars_max);
    if integers[0] == integers[1] {
        findings.spelling(path, index, texts);
    } else {
        findings.retyped(path, index, texts);
    }
}
