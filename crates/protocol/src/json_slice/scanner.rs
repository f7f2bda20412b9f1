use std::ops::Range;

use super::error::{JsonError, Place};
use super::pointer::Pointer;
use super::{NESTING_MAX, array_index};

/// A cursor over JSON text. It stands between tokens, except inside the functions that read one.
pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) line: Option<usize>,
    /// The closing bracket or brace of each array and object entered, outermost first.
    pub(super) open: Vec<u8>,
    /// Whether the innermost of them was entered just now, so that no comma is due.
    pub(super) fresh: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: None, open: Vec::new(), fresh: false }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn must_be(&mut self, is: impl Fn(u8) -> bool, expected: &'static str) -> Result<(), JsonError> {
        if !self.peek().is_some_and(is) {
            return self.fail(expected);
        }
        self.at += 1;
        Ok(())
    }

    fn skip(&mut self, is: impl Fn(u8) -> bool) {
        while self.peek().is_some_and(&is) {
            self.at += 1;
        }
    }

    pub(super) fn space(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    pub(super) fn place(&self) -> Place {
        Place { byte: self.at, line: self.line }
    }

    /// The character under the cursor.
    pub(super) fn found(&self) -> Option<char> {
        self.text.get(self.at..).and_then(|rest| rest.chars().next())
    }

    pub(super) fn fail<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        Err(JsonError::Syntax { at: self.place(), expected, found: self.found() })
    }

    /// To the end of the text, which must hold white space only from here.
    pub(super) fn finish(&mut self) -> Result<(), JsonError> {
        self.space();
        self.found().map_or(Ok(()), |found| Err(JsonError::Trailing { at: self.place(), found }))
    }

    /// Over one value, at whose first byte the cursor stands: its text, and what it is.
    pub(super) fn value(&mut self) -> Result<(&'a str, &'static str), JsonError> {
        let start = self.at;
        let outside = self.open.len();
        let kind = self.begin()?;
        while self.open.len() > outside {
            if self.step()?.is_some() {
                self.begin()?;
            }
        }
        Ok((&self.text[start..self.at], kind))
    }

    /// Into an array or object, or over any other value: what it is.
    pub(super) fn begin(&mut self) -> Result<&'static str, JsonError> {
        self.enter()?.map_or_else(|| self.scalar(), Ok)
    }

    /// Into the array or object that starts under the cursor, if one does; [`Self::step`] goes on from there.
    pub(super) fn enter(&mut self) -> Result<Option<&'static str>, JsonError> {
        let (closer, kind) = match self.peek() {
            Some(b'{') => (b'}', "an object"),
            Some(b'[') => (b']', "an array"),
            _ => return Ok(None),
        };
        if self.open.len() == NESTING_MAX {
            return Err(JsonError::TooDeep(self.place()));
        }
        self.open.push(closer);
        self.at += 1;
        self.fresh = true;
        Ok(Some(kind))
    }

    /// To the next value in the innermost open array or object; out of it, and `None`, if there is no more.
    /// Where the value's key stands, quotes included; an empty range in an array.
    pub(super) fn step(&mut self) -> Result<Option<Range<usize>>, JsonError> {
        let fresh = std::mem::take(&mut self.fresh);
        let Some(&closer) = self.open.last() else { return Ok(None) };
        self.space();
        if self.eat(closer) {
            self.open.pop();
            return Ok(None);
        }
        if !fresh {
            if !self.eat(b',') {
                return self.fail(if closer == b'}' { "',' or '}'" } else { "',' or ']'" });
            }
            self.space();
        }
        let start = self.at;
        if closer == b'}' {
            self.string("a key in double quotes")?;
        }
        let key = start..self.at;
        if closer == b'}' {
            self.space();
            self.must_be(|byte| byte == b':', "':'")?;
            self.space();
        }
        Ok(Some(key))
    }

    /// Whether the key at this range is `name`. A lone surrogate is no Unicode text, so no pointer names it.
    pub(super) fn names(&self, key: &Range<usize>, name: &str) -> bool {
        let key = &self.text[key.clone()];
        if key.contains('\\') {
            return serde_json::from_str::<String>(key).is_ok_and(|key| key == name);
        }
        key.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(name)
    }

    /// To what token number `depth` of the pointer names in the value under the cursor. If there is no such
    /// thing, over the whole value, and why.
    pub(super) fn descend(
        &mut self,
        pointer: &Pointer,
        depth: usize,
    ) -> Result<Option<JsonError>, JsonError> {
        let token = &pointer.tokens[depth];
        let missing = || pointer.prefix(depth + 1);
        if self.enter()?.is_none() {
            return Ok(Some(JsonError::NoMembers { found: self.scalar()?, pointer: missing() }));
        }
        let array = self.open.last() == Some(&b']');
        let index = array_index(token).filter(|_| array);
        let mut length = 0;
        while let Some(key) = self.step()? {
            if index == Some(length) || self.names(&key, token) {
                return Ok(None);
            }
            self.value()?;
            length += 1;
        }
        let pointer = missing();
        Ok(Some(if array { JsonError::NoElement { pointer, length } } else { JsonError::NoMember(pointer) }))
    }

    /// Over one value that is neither an array nor an object: what it is.
    fn scalar(&mut self) -> Result<&'static str, JsonError> {
        match self.peek() {
            Some(b'-' | b'0'..=b'9') => self.number().map(|()| "a number"),
            Some(b'N') => self.word("NaN").map(|()| "a number"),
            Some(b'I') => self.word("Infinity").map(|()| "a number"),
            Some(b't') => self.word("true").map(|()| "a boolean"),
            Some(b'f') => self.word("false").map(|()| "a boolean"),
            Some(b'n') => self.word("null").map(|()| "null"),
            _ => self.string("a value").map(|()| "a string"),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), JsonError> {
        if word.bytes().all(|byte| self.eat(byte)) { Ok(()) } else { self.fail(word) }
    }

    /// RFC 8259, section 6, and `-Infinity`.
    fn number(&mut self) -> Result<(), JsonError> {
        if self.eat(b'-') && self.peek() == Some(b'I') {
            return self.word("Infinity");
        }
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _signed = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        self.must_be(|byte| byte.is_ascii_digit(), "a digit")?;
        self.skip(|byte| byte.is_ascii_digit());
        Ok(())
    }

    /// RFC 8259, section 7; `expected` is what to say if no string starts here.
    fn string(&mut self, expected: &'static str) -> Result<(), JsonError> {
        self.must_be(|byte| byte == b'"', expected)?;
        loop {
            self.skip(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
            if self.eat(b'"') {
                return Ok(());
            }
            let end = self.peek().is_none();
            let expected = if end { "a closing '\"'" } else { "an escape for a control character" };
            self.must_be(|byte| byte == b'\\', expected)?;
            if self.eat(b'u') {
                for _ in 0..4 {
                    self.must_be(|byte| byte.is_ascii_hexdigit(), "4 hexadecimal digits after \\u")?;
                }
            } else {
                self.must_be(|byte| b"\"\\/bfnrt".contains(&byte), "one of \"\\/bfnrtu after '\\'")?;
            }
        }
    }
}
