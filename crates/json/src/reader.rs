use std::ops::Range;

use crate::scan_error::ScanError;

/// A cursor over JSON text (RFC 8259) that takes one token at a time. Its only state is its position, so that a
/// caller may set it back. Except inside a method, it is between two tokens.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// The whole text.
    pub text: &'a [u8],
    /// The same text, checked to be UTF-8.
    characters: &'a str,
    /// The offset of the next byte.
    pub at: usize,
    strict: bool,
    depth_max: usize,
}

/// A value that is neither an array nor an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A number without a point and without an exponent.
    Integer,
    /// A number with a point or an exponent, NaN or an infinity.
    Float,
    /// A string.
    Text,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of `text`. A `strict` reader refuses `NaN` and the infinities. At most `depth_max`
    /// arrays and objects may be open at once.
    ///
    /// # Errors
    /// When the text is not UTF-8, or starts with a byte order mark.
    pub fn new(text: &'a [u8], strict: bool, depth_max: usize) -> Result<Self, ScanError> {
        let characters =
            std::str::from_utf8(text).map_err(|error| ScanError::NotUtf8(error.valid_up_to()))?;
        if characters.starts_with('\u{feff}') {
            return Err(ScanError::ByteOrderMark);
        }
        Ok(Self { text, characters, at: 0, strict, depth_max })
    }

    /// A reader of the bytes in `part` alone, with the same offsets. It starts at `part.start`, and its text ends at
    /// `part.end`. Both must lie between two characters.
    #[must_use]
    pub fn part(&self, part: Range<usize>) -> Self {
        let characters = self.characters.get(..part.end).unwrap_or_default();
        Self { text: characters.as_bytes(), characters, at: part.start, ..*self }
    }

    /// The text in `part`, which must start and end between two tokens.
    #[must_use]
    pub fn slice(&self, part: Range<usize>) -> &'a str {
        self.characters.get(part).unwrap_or_default()
    }

    /// The next byte; 0 at the end of the text. No token starts with 0.
    #[inline]
    #[must_use]
    pub fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Returns the error that `expected` is missing here.
    ///
    /// # Errors
    /// Always.
    pub fn fail<T>(&self, expected: &'static str) -> Result<T, ScanError> {
        Err(ScanError::Syntax { byte: self.at, expected })
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == byte;
        self.at += usize::from(there);
        there
    }

    /// Moves past white space.
    #[inline]
    pub fn space(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    /// Moves to the end of the text.
    ///
    /// # Errors
    /// When anything other than white space is left.
    pub fn finish(&mut self) -> Result<(), ScanError> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { Err(ScanError::Trailing(self.at)) }
    }

    /// Moves past the next byte, which is `[` or `{`. `depth` arrays and objects are open around it.
    ///
    /// # Errors
    /// When more arrays or objects would be open than allowed.
    #[inline]
    pub fn enter(&mut self, depth: usize) -> Result<(), ScanError> {
        if depth >= self.depth_max {
            return Err(ScanError::TooDeep(self.at));
        }
        self.at += 1;
        Ok(())
    }

    /// Moves to the next element of an array, or past the end of the array. `first` says that no element was read
    /// yet.
    ///
    /// # Errors
    /// When neither an element nor the end follows.
    #[inline]
    pub fn element(&mut self, first: bool) -> Result<bool, ScanError> {
        self.item(first, b']', "',' or ']'")
    }

    /// Moves to the value of the next member of an object, or past the end of the object. `first` says that no member
    /// was read yet. Returns the place of the member's key, quotes included.
    ///
    /// # Errors
    /// When neither a member nor the end follows.
    #[inline]
    pub fn member(&mut self, first: bool) -> Result<Option<Range<usize>>, ScanError> {
        self.member_like(first, b"")
    }

    /// Like [`member`](Self::member), but faster when the key is `expected`, a string in quotes.
    ///
    /// # Errors
    /// When neither a member nor the end follows.
    #[inline]
    pub fn member_like(&mut self, first: bool, expected: &[u8]) -> Result<Option<Range<usize>>, ScanError> {
        if !self.item(first, b'}', "',' or '}'")? {
            return Ok(None);
        }
        let start = self.at;
        // A string ends at its closing quote. So a string that starts with the whole of another string is equal to
        // it.
        if !expected.is_empty() && self.text[start..].starts_with(expected) {
            self.at += expected.len();
        } else {
            self.string("a key in double quotes")?;
        }
        let key = start..self.at;
        self.space();
        if !self.eat(b':') {
            return self.fail("':'");
        }
        self.space();
        Ok(Some(key))
    }

    #[inline]
    fn item(&mut self, first: bool, closer: u8, expected: &'static str) -> Result<bool, ScanError> {
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

    /// Moves past one whole value. `depth` arrays and objects are open around it.
    ///
    /// # Errors
    /// When there is no value here, or it is nested too deeply.
    pub fn skip(&mut self, depth: usize) -> Result<(), ScanError> {
        let mut open = Vec::new();
        let mut first = self.open_or_skip(depth, &mut open)?;
        while let Some(&closer) = open.last() {
            let more = if closer == b']' { self.element(first)? } else { self.member(first)?.is_some() };
            if more {
                first = self.open_or_skip(depth, &mut open)?;
            } else {
                open.pop();
                first = false;
            }
        }
        Ok(())
    }

    /// Moves into an array or object and returns true, or moves past a scalar and returns false.
    fn open_or_skip(&mut self, depth: usize, open: &mut Vec<u8>) -> Result<bool, ScanError> {
        let closer = match self.peek() {
            b'[' => b']',
            b'{' => b'}',
            _ => return self.scalar().map(|_| false),
        };
        self.enter(depth + open.len())?;
        open.push(closer);
        Ok(true)
    }

    /// Moves past one value that is neither an array nor an object.
    ///
    /// # Errors
    /// When there is no such value here.
    #[inline]
    pub fn scalar(&mut self) -> Result<Scalar, ScanError> {
        match self.peek() {
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word("true", Scalar::Boolean),
            b'f' => self.word("false", Scalar::Boolean),
            b'n' => self.word("null", Scalar::Null),
            b'N' if !self.strict => self.word("NaN", Scalar::Float),
            b'I' if !self.strict => self.word("Infinity", Scalar::Float),
            _ => self.string("a value").map(|()| Scalar::Text),
        }
    }

    fn word(&mut self, word: &'static str, scalar: Scalar) -> Result<Scalar, ScanError> {
        if word.bytes().all(|byte| self.eat(byte)) { Ok(scalar) } else { self.fail(word) }
    }

    /// Moves past a number: RFC 8259, section 6, and `-Infinity`.
    fn number(&mut self) -> Result<Scalar, ScanError> {
        if self.eat(b'-') && !self.strict && self.peek() == b'I' {
            return self.word("Infinity", Scalar::Float);
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

    fn digits(&mut self) -> Result<(), ScanError> {
        let rest = &self.text[self.at..];
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        self.at += digits;
        if digits == 0 { self.fail("a digit") } else { Ok(()) }
    }

    /// Moves past a string: RFC 8259, section 7. `expected` is what the error asks for when no string starts here.
    fn string(&mut self, expected: &'static str) -> Result<(), ScanError> {
        if !self.eat(b'"') {
            return self.fail(expected);
        }
        loop {
            let rest = &self.text[self.at..];
            let plain = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
            self.at += rest.iter().position(|byte| !plain(byte)).unwrap_or(rest.len());
            match self.text.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return self.fail("an escape for a control character"),
                None => return self.fail("a closing '\"'"),
            }
        }
    }

    fn escape(&mut self) -> Result<(), ScanError> {
        self.at += 1;
        match self.peek() {
            b'u' => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_ascii_hexdigit() {
                        return self.fail("4 hexadecimal digits after \\u");
                    }
                    self.at += 1;
                }
            }
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            _ => return self.fail("one of \"\\/bfnrtu after '\\'"),
        }
        Ok(())
    }
}

/// Whether the whole of `text` is one value.
#[must_use]
pub fn is_value(text: &[u8], strict: bool, depth_max: usize) -> bool {
    let check = || {
        let mut reader = Reader::new(text, strict, depth_max)?;
        reader.space();
        reader.skip(0)?;
        reader.finish()
    };
    check().is_ok()
}

/// Whether the first byte of `text` after white space can start a value.
#[must_use]
pub fn may_start_value(text: &[u8]) -> bool {
    text.trim_ascii_start().first().is_some_and(|byte| b"[{\"-0123456789tfnNI".contains(byte))
}
