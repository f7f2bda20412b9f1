use std::ops::Range;

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) range: Range<usize>,
}

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A number as programs print it, with its sign: `-1`, `2.50`, `1e-9`, `nan`, `-inf`.
    Number,
    /// Letters and digits that are no number, or one other character.
    Word,
}

/// The numbers and words of a text. White space separates them and is left out. A number may have a unit directly after it:
/// `0.25s` is a number and a word. `0x1f`, `3fa9` and `1.2.3` are words.
#[derive(Clone, Debug)]
pub(crate) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text: text.as_bytes(), at: 0 }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let space = self.text[self.at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let start = self.at + space;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let after_word = start > 0 && is_wordy(self.text[start - 1]);
        let (kind, length) = match number(rest, after_word) {
            Some(length) => (TokenKind::Number, length),
            None => (TokenKind::Word, word(rest)),
        };
        self.at = start + length;
        Some(Token { kind, range: start..self.at })
    }
}

/// Letters, digits, `_`, and all bytes of characters beyond ASCII.
fn is_wordy(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| belongs(**byte)).count()
}

/// The length of the word at the start of `text`: a run of letters and digits, with dots between digits, or one other
/// character.
fn word(text: &[u8]) -> usize {
    let length = run(text, is_wordy);
    match text[length..] {
        [b'.', next, ..] if length > 0 && text[length - 1].is_ascii_digit() && next.is_ascii_digit() => {
            length + 1 + word(&text[length + 1..])
        }
        _ => length.max(1),
    }
}

/// The length of the number at the start of `text`, if there is one.
fn number(text: &[u8], after_word: bool) -> Option<usize> {
    let sign = usize::from(matches!(text, [b'+' | b'-', ..]));
    if after_word && (sign > 0 || !text[0].is_ascii_alphabetic()) {
        return None;
    }
    let unsigned = &text[sign..];
    let name = run(unsigned, is_wordy);
    let names: [&[u8]; 3] = [b"nan", b"inf", b"infinity"];
    if !after_word && names.iter().any(|known| unsigned[..name].eq_ignore_ascii_case(known)) {
        return Some(sign + name);
    }
    let length = digits(unsigned)?;
    let rest = &unsigned[length..];
    let unit = run(rest, is_wordy);
    let is_unit = rest[..unit].iter().all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    let goes_on = matches!(rest, [b'.', next, ..] if next.is_ascii_digit());
    (is_unit && !goes_on).then_some(sign + length)
}

/// The length of digits, with a point and an exponent.
fn digits(text: &[u8]) -> Option<usize> {
    let count = |text: &[u8]| run(text, |byte| byte.is_ascii_digit());
    let whole = count(text);
    let mut length = whole;
    if let [b'.', rest @ ..] = &text[whole..] {
        let fraction = count(rest);
        // A full stop after a number ends a sentence.
        if fraction > 0 || whole > 0 && exponent(rest) > 0 {
            length += 1 + fraction;
        }
    }
    if length == 0 {
        return None;
    }
    Some(length + exponent(&text[length..]))
}

/// The length of the exponent at the start of `text`; 0 if there is none.
fn exponent(text: &[u8]) -> usize {
    let [b'e' | b'E', rest @ ..] = text else { return 0 };
    let sign = usize::from(matches!(rest, [b'+' | b'-', ..]));
    match run(&rest[sign..], |byte| byte.is_ascii_digit()) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_among_words() {
        for (text, expect) in [
            ("energy = -1.5e-3 eV", "energy = [-1.5e-3] eV"),
            ("took 0.25s, 12ms.", "took [0.25] s , [12] ms ."),
            ("x1 0x1f 3fa9 1.2.3 v2 a_1", "x1 0x1f 3fa9 1.2.3 v2 a_1"),
            ("2026-11-27T05:06:07", "[2026] - [11] - 27T05 : [06] : [07]"),
            ("(1,-2;+3)", "( [1] , [-2] ; [+3] )"),
            ("1-2 a-1 5. .5 1e5 1e", "[1] - [2] a - [1] [5] . [.5] [1e5] [1] e"),
            ("nan -inf Infinity info", "[nan] [-inf] [Infinity] info"),
            ("1.e+5 1.e 2.E3", "[1.e+5] [1] . e [2.E3]"),
            ("5% é7 7é", "[5] % é7 [7] é"),
            ("", ""),
        ] {
            let told: Vec<_> = Tokens::new(text)
                .map(|Token { kind, range }| match kind {
                    TokenKind::Number => format!("[{}]", &text[range]),
                    TokenKind::Word => text[range].to_owned(),
                })
                .collect();
            assert_eq!(told.join(" "), expect);
        }
    }
}
