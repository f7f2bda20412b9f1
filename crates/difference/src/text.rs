//! Free text: numbers among words, compared in their order, line by line.

use std::borrow::Cow;

use super::comparison::{Comparison, MismatchKind};
use super::content::content;
use super::decimal;
use super::findings::Findings;
use super::number::Written;
use super::options::{Options, OutputFormat};
use super::paths::{Path, ROOT};
use super::shown::shown;
use super::tokens::{Token, TokenKind, Tokens};

/// How two texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    /// The words around the numbers must be the same, otherwise the texts are not compared.
    Same,
    /// Other words are mismatches.
    Any,
}

/// Compares two texts. `None` if one is not UTF-8, if there are no numbers, or if the words are not the same as they
/// must be.
pub(super) fn compare(left: &[u8], right: &[u8], words: Words, options: &Options) -> Option<Comparison> {
    let sides = [std::str::from_utf8(left).ok()?, std::str::from_utf8(right).ok()?];
    if sides.iter().any(|text| text.contains('\0')) {
        return None;
    }
    let mut findings = Findings::new(options);
    findings.places_are_lines = true;
    let mut walk = TextWalk { words, findings: &mut findings, numbers: 0 };
    walk.lines(sides)?;
    (walk.numbers > 0 || words == Words::Any).then(|| findings.finish(OutputFormat::Text))
}

struct TextWalk<'a, 'f> {
    words: Words,
    findings: &'f mut Findings<'a>,
    /// The pairs of numbers.
    numbers: u64,
}

impl<'a> TextWalk<'a, '_> {
    fn lines(&mut self, [left, right]: [&'a str; 2]) -> Option<()> {
        let mut lines = [left.lines(), right.lines()];
        let mut line = 0;
        loop {
            let pair = [lines[0].next(), lines[1].next()];
            let [Some(left), Some(right)] = pair else {
                let rest = |side: usize| u64::from(pair[side].is_some()) + lines[side].clone().count() as u64;
                return self.end(line, [line + rest(0), line + rest(1)]);
            };
            line += 1;
            self.line(line, [left, right])?;
        }
    }

    /// Ends with the numbers of lines of the two texts.
    fn end(&mut self, common: u64, lengths: [u64; 2]) -> Option<()> {
        if lengths == [common; 2] {
            return Some(());
        }
        self.mismatch(MismatchKind::Shape, &[], || lengths.map(|lines| format!("[{lines}]")))
    }

    fn line(&mut self, line: u64, texts: [&'a str; 2]) -> Option<()> {
        let mut sides = texts.map(Tokens::new);
        let mut after_number = [0; 2];
        loop {
            let pair = sides.each_mut().map(Iterator::next);
            let [Some(one), Some(other)] = &pair else {
                if pair == [None, None] {
                    return Some(());
                }
                let lengths = texts.map(|text| Tokens::new(text).count());
                return self
                    .mismatch(MismatchKind::Shape, &[line], || lengths.map(|words| format!("[{words}]")));
            };
            self.tokens(line, texts, [one, other], after_number)?;
            for (token, after) in [one, other].into_iter().zip(&mut after_number) {
                if token.kind == TokenKind::Number {
                    *after = token.range.end;
                }
            }
        }
    }

    /// Compares two tokens. `after_number` is the end of the last number on each side, or the start of the line.
    fn tokens(
        &mut self,
        line: u64,
        texts: [&'a str; 2],
        tokens: [&Token; 2],
        after_number: [usize; 2],
    ) -> Option<()> {
        let [one, other] = tokens;
        let words = [&texts[0][one.range.clone()], &texts[1][other.range.clone()]];
        let place = || [line, texts[0][..one.range.start].chars().count() as u64 + 1];
        if [one.kind, other.kind] == [TokenKind::Number; 2] {
            self.numbers += 1;
            let path =
                self.path([0, 1].map(|side| &texts[side][after_number[side]..tokens[side].range.start]));
            let numbers = words.map(str::as_bytes);
            if numbers[0] == numbers[1] {
                decimal::same(self.findings, path, content(numbers[0]));
            } else {
                let (contents, written) = (numbers.map(content), Written::Text(numbers));
                decimal::numbers(self.findings, path, || place().to_vec(), contents, numbers, written);
            }
            return Some(());
        }
        if words[0] == words[1] {
            return Some(());
        }
        let kind = if one.kind == other.kind { MismatchKind::Text } else { MismatchKind::Type };
        let chars_max = self.findings.limits.text_chars_max;
        self.mismatch(kind, &place(), || words.map(|word| shown(word.as_bytes(), chars_max)))
    }

    fn mismatch(&mut self, kind: MismatchKind, index: &[u64], texts: impl Fn() -> [String; 2]) -> Option<()> {
        if self.words == Words::Same {
            return None;
        }
        self.findings.mismatch(ROOT, kind, index, texts);
        Some(())
    }

    /// The path of a number: the words between the number before it, or the start of the line, and itself, if both sides
    /// have the same.
    fn path(&mut self, between: [&str; 2]) -> Path {
        let [label, other] = between.map(label);
        if label.is_empty() || label != other {
            return self.findings.paths.each(ROOT);
        }
        self.findings.paths.key(ROOT, label.as_bytes())
    }
}

/// Words without the punctuation around them, and with one space between them.
fn label(words: &str) -> Cow<'_, str> {
    let trimmed = words.trim_matches(|letter: char| letter.is_ascii_punctuation() || letter.is_whitespace());
    let mut spaces = trimmed.chars().map(char::is_whitespace);
    let mut before = false;
    let even = spaces.all(|space| !(std::mem::replace(&mut before, space) && space));
    if even && !trimmed.contains('\t') {
        return trimmed.into();
    }
    trimmed.split_whitespace().collect::<Vec<_>>().join(" ").into()
}
