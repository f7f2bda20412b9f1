use std::ops::Range;

/// A cursor over JSON text (RFC 8259) that takes one token at a time. It holds no state but its place, so that it can be
/// set back.
pub(super) struct Reader<'a> {
    pub(super) text: &'a [u8],
    /// The same, known to be UTF-8.
    characters: &'a str,
    pub(super) at: usize,
    output: &'static str,
    strict: bool,
    depth_max: usize,
}

/// Why a text is not JSON, or not JSON that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Which of the outputs: `first` or `second`.
    pub(crate) output: &'static str,
    /// From 0.
    pub(crate) byte: usize,
    pub(crate) expected: &'static str,
}

/// What a scalar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Integer,
    /// A number with a point or an exponent, NaN or an infinity.
    Float,
    Text,
    Boolean,
    Null,
}

pub(super) const TOO_DEEP: &str = "fewer open arrays and objects";

impl<'a> Reader<'a> {
    pub(super) fn new(
        text: &'a [u8],
        output: &'static str,
        strict: bool,
        depth_max: usize,
    ) -> Result<Self, Broken> {
        let expected = "UTF-8 without a byte order mark";
        if text.starts_with(b"\xef\xbb\xbf") {
            return Err(Broken { output, byte: 0, expected });
        }
        let characters =
            std::str::from_utf8(text).map_err(|e| Broken { output, byte: e.valid_up_to(), expected })?;
        Ok(Self { text, characters, at: 0, output, strict, depth_max })
    }

    /// A part that starts and ends at a token.
    pub(super) fn slice(&self, part: Range<usize>) -> &'a str {
        self.characters.get(part).unwrap_or_default()
    }

    /// The byte under the cursor; 0, which stands nowhere between tokens, at the end.
    pub(super) fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    pub(super) fn fail<T>(&self, expected: &'static str) -> Result<T, Broken> {
        Err(Broken { output: self.output, byte: self.at, expected })
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == byte;
        self.at += usize::from(there);
        there
    }

    pub(super) fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// To the end, where only white space may follow.
    pub(super) fn finish(&mut self) -> Result<(), Broken> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { self.fail("the end") }
    }

    /// Past `[` or `{`, when the arrays and objects around it are no more than may be.
    pub(super) fn enter(&mut self, depth: usize) -> Result<(), Broken> {
        if depth >= self.depth_max {
            return self.fail(TOO_DEEP);
        }
        self.at += 1;
        Ok(())
    }

    /// To the array or object of the next line, if there is one.
    pub(super) fn line(&mut self, first: bool) -> Result<bool, Broken> {
        let before = self.at;
        self.space();
        if self.at == self.text.len() {
            return Ok(false);
        }
        let apart = first || self.text[before..self.at].contains(&b'\n');
        if apart && matches!(self.peek(), b'[' | b'{') {
            Ok(true)
        } else {
            self.fail("an array or object on a line")
        }
    }

    /// To the next element of an array, or past its end.
    pub(super) fn element(&mut self, first: bool) -> Result<bool, Broken> {
        self.item(first, b']', "',' or ']'")
    }

    /// To the value of the next member of an object, or past its end: its key, with quotes.
    pub(super) fn member(&mut self, first: bool) -> Result<Option<Range<usize>>, Broken> {
        self.member_like(first, b"")
    }

    /// The same where the key is likely to be `expected`, which is a string in quotes.
    pub(super) fn member_like(
        &mut self,
        first: bool,
        expected: &[u8],
    ) -> Result<Option<Range<usize>>, Broken> {
        if !self.item(first, b'}', "',' or '}'")? {
            return Ok(None);
        }
        let start = self.at;
        // A string ends at its quote, so one that starts with all of another is the same.
        if !expected.is_empty() && self.text[start..].starts_with(expected) {
            self.at += expected.len();
        } else {
            self.string()?;
        }
        let key = start..self.at;
        self.space();
        if !self.eat(b':') {
            return self.fail("':'");
        }
        self.space();
        Ok(Some(key))
    }

    fn item(&mut self, first: bool, closer: u8, expected: &'static str) -> Result<bool, Broken> {
        self.space();
        if self.eat(closer) {
            return Ok(false);
        }
        if !first {
            if !self.eat(b',') {
                return self.fail(expected);
            }
            self.space();
        }
        Ok(true)
    }

    /// Over one value.
    pub(super) fn skip(&mut self) -> Result<(), Broken> {
        let mut open = Vec::new();
        let mut first = self.open_or_skip(&mut open)?;
        while let Some(&closer) = open.last() {
            let more = if closer == b']' { self.element(first)? } else { self.member(first)?.is_some() };
            if more {
                first = self.open_or_skip(&mut open)?;
            } else {
                open.pop();
                first = false;
            }
        }
        Ok(())
    }

    /// Into an array or object, which is true, or over a scalar.
    fn open_or_skip(&mut self, open: &mut Vec<u8>) -> Result<bool, Broken> {
        let closer = match self.peek() {
            b'[' => b']',
            b'{' => b'}',
            _ => return self.scalar().map(|_| false),
        };
        self.enter(open.len())?;
        open.push(closer);
        Ok(true)
    }

    /// Over one value that is neither an array nor an object.
    pub(super) fn scalar(&mut self) -> Result<Scalar, Broken> {
        match self.peek() {
            b'-' | b'0'..=b'9' => self.number(),
            b'"' => self.string().map(|()| Scalar::Text),
            b't' => self.word(b"true", Scalar::Boolean),
            b'f' => self.word(b"false", Scalar::Boolean),
            b'n' => self.word(b"null", Scalar::Null),
            b'N' if !self.strict => self.word(b"NaN", Scalar::Float),
            b'I' if !self.strict => self.word(b"Infinity", Scalar::Float),
            _ => self.fail("a value"),
        }
    }

    fn word(&mut self, word: &'static [u8], scalar: Scalar) -> Result<Scalar, Broken> {
        if !self.text[self.at..].starts_with(word) {
            return self.fail("a value");
        }
        self.at += word.len();
        Ok(scalar)
    }

    /// RFC 8259, section 6, and `-Infinity`.
    fn number(&mut self) -> Result<Scalar, Broken> {
        if self.eat(b'-') && !self.strict && self.peek() == b'I' {
            return self.word(b"Infinity", Scalar::Float);
        }
        if !self.eat(b'0') {
            self.digits()?;
        }
        let mut scalar = Scalar::Integer;
        if self.eat(b'.') {
            self.digits()?;
            scalar = Scalar::Float;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _signed = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
            scalar = Scalar::Float;
        }
        Ok(scalar)
    }

    fn digits(&mut self) -> Result<(), Broken> {
        let rest = &self.text[self.at..];
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        self.at += digits;
        if digits == 0 { self.fail("a digit") } else { Ok(()) }
    }

    /// RFC 8259, section 7. A `\u` may name a lone surrogate.
    fn string(&mut self) -> Result<(), Broken> {
        if !self.eat(b'"') {
            return self.fail("a key in double quotes");
        }
        loop {
            let rest = &self.text[self.at..];
            let plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
            self.at += rest.iter().position(|byte| !plain(byte)).unwrap_or(rest.len());
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape()?,
                _ => return self.fail("a closing '\"'"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Broken> {
        self.at += 1;
        match self.peek() {
            b'u' => {
                let digits = self.text.get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return self.fail("4 hexadecimal digits");
                }
                self.at += 5;
            }
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            _ => return self.fail("an escape"),
        }
        Ok(())
    }
}
