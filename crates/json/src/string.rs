//! Strings in quotes whose grammar was already checked, and the text that their escapes stand for.

use std::cmp::Ordering;

/// The code points of a string in quotes. A lone surrogate is a code point of its own, as in Python and JavaScript.
struct CodePoints<'a> {
    rest: &'a [u8],
}

impl<'a> CodePoints<'a> {
    fn of(quoted: &'a [u8]) -> Self {
        Self { rest: inner(quoted) }
    }

    /// The value of the `\u` escape at the start of the rest, if there is one.
    fn unit(&self) -> Option<u32> {
        let digits = self.rest.strip_prefix(b"\\u")?.get(..4)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn escaped(&mut self) -> u32 {
        let Some(unit) = self.unit() else {
            let letter = self.rest.get(1).copied().unwrap_or_default();
            self.skip(2);
            return u32::from(match letter {
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'f' => 12,
                b'r' => b'\r',
                other => other,
            });
        };
        self.skip(6);
        if (0xd800..0xdc00).contains(&unit)
            && let Some(low) = self.unit()
            && (0xdc00..0xe000).contains(&low)
        {
            self.skip(6);
            return 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        }
        unit
    }
}

impl Iterator for CodePoints<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let first = *self.rest.first()?;
        if first == b'\\' {
            return Some(self.escaped());
        }
        let length = match first {
            0..0xc0 => 1,
            0xc0..0xe0 => 2,
            0xe0..0xf0 => 3,
            _ => 4,
        };
        let bytes = self.rest.get(..length)?;
        self.skip(length);
        // The leading byte keeps the bits after its leading ones and the zero behind them.
        let lead = if length == 1 { u32::from(first) } else { u32::from(first) & (0x7f >> length) };
        Some(bytes[1..].iter().fold(lead, |point, byte| point << 6 | u32::from(byte & 0x3f)))
    }
}

fn inner(quoted: &[u8]) -> &[u8] {
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default()
}

/// Whether two strings in quotes stand for the same text.
#[must_use]
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left == right || (escapes(left) || escapes(right)) && CodePoints::of(left).eq(CodePoints::of(right))
}

/// Whether a string in quotes stands for `text`. A lone surrogate is not Unicode text, so it equals no `text`.
#[must_use]
pub fn is(quoted: &[u8], text: &str) -> bool {
    if escapes(quoted) {
        return CodePoints::of(quoted).eq(text.chars().map(u32::from));
    }
    inner(quoted) == text.as_bytes()
}

/// Orders strings in quotes by their code points. Strings with the same text are equal.
#[must_use]
pub fn order(left: &[u8], right: &[u8]) -> Ordering {
    if escapes(left) || escapes(right) {
        return CodePoints::of(left).cmp(CodePoints::of(right));
    }
    // The bytes of UTF-8 are in the order of their code points.
    inner(left).cmp(inner(right))
}

fn escapes(quoted: &[u8]) -> bool {
    quoted.contains(&b'\\')
}

/// The text that a string in quotes stands for, as UTF-8. A lone surrogate, which UTF-8 cannot encode, stays an escape.
#[must_use]
pub fn unescaped(quoted: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    if !escapes(quoted) {
        return inner(quoted).into();
    }
    let mut name = String::new();
    for point in CodePoints::of(quoted) {
        match char::from_u32(point) {
            Some(char) => name.push(char),
            // The four hexadecimal digits of a surrogate, which lie between d800 and dfff.
            None => name.extend(['\\', 'u'].into_iter().chain(format!("{point:x}").chars())),
        }
    }
    name.into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_code_points() {
        for (left, right, expect) in [
            (r#""a""#, r#""\u0061""#, true),
            (r#""\/\b\f\n\r\t\"\\""#, r#""/\u0008\u000C\u000a\u000d\u0009\u0022\u005c""#, true),
            (r#""😀é€""#, r#""\ud83D\ude00\u00e9\u20AC""#, true),
            (r#""\ud800""#, r#""\uD800""#, true),
            (r#""\ud800""#, r#""\ud801""#, false),
            (r#""\ude00\ud83d""#, r#""\ud83d\ude00""#, false),
            (r#""\ud83d\u0041""#, r#""\ud83dA""#, true),
            (r#""""#, r#""\u0000""#, false),
        ] {
            assert_eq!(same(left.as_bytes(), right.as_bytes()), expect, "{left} {right}");
            let ordered = order(left.as_bytes(), right.as_bytes()).is_eq();
            assert_eq!(ordered, expect, "{left} {right}");
        }
        assert!(is(br#""\u0061b""#, "ab") && is(br#""ab""#, "ab") && !is(br#""a""#, "ab"));
        assert!(!is(br#""\ud800""#, "\u{fffd}"));
        assert_eq!(&*unescaped(br#""\u00e9\ud800/""#), "é\\ud800/".as_bytes());
    }
}
