//! Exact byte slices of JSON text, never re-serialised.
//!
//! A value is handed on as the bytes that stand in the file: `-0.0`, `1` beside `1.0`, huge integers, escapes
//! and the white space inside a value all stay. Only white space *around* a value is left out.
//!
//! The grammar is that of RFC 8259, strictly, with one leniency: the tokens `NaN`, `Infinity` and `-Infinity`
//! may stand for a number, because Python's `json.dumps` writes them. As in the RFC's grammar, a `\u` escape
//! may name a lone surrogate (Python writes those too), and numbers have no bound on size.
//!
//! Every function takes time linear in the length of the text, does not recurse and never panics, whatever
//! the bytes. All offsets are in bytes, from 0 at the start of the text handed in; lines count from 1.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// The deepest nesting of arrays and objects that is read, counted in open brackets and braces: 512 of them
/// are fine, one more is [`JsonError::TooDeep`]. RFC 8259, section 9, lets a reader set such a bound.
pub const NESTING_MAX: usize = 512;

/// Why a text, or a place in it, is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text is not UTF-8, which RFC 8259, section 8.1, demands: offset of the first byte that is not.
    #[error("not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// The text starts with U+FEFF. RFC 8259, section 8.1, forbids writing it; it is refused rather than
    /// skipped, as what is handed on is the text's exact bytes.
    #[error("starts with a UTF-8 byte order mark, which JSON may not have: remove the first 3 bytes")]
    ByteOrderMark,
    /// The text breaks the grammar.
    #[error("not JSON at {at}: expected {expected}, found {}", found_words(*.found, *.at))]
    Syntax {
        /// Where the text stops being JSON.
        at: Place,
        /// What would have been right there.
        expected: &'static str,
        /// The character there; `None` at the end of the text (of the line, if the place has one).
        found: Option<char>,
    },
    /// One whole value is there, and then something that is not white space.
    #[error("text after the JSON value at {at}: expected {}, found {found:?}", end_words(*.at))]
    Trailing {
        /// Where the surplus text starts.
        at: Place,
        /// Its first character.
        found: char,
    },
    /// More than [`NESTING_MAX`] arrays and objects are open at once: the bracket or brace that is one too
    /// many.
    #[error("nested more than {NESTING_MAX} deep at {0}")]
    TooDeep(Place),
    /// The list is well formed and holds nothing: `[]`, or JSON Lines of which all are blank.
    #[error("the list is empty")]
    EmptyList,
    /// The text is one value that is not an array, but, say, `an object`.
    #[error("expected a JSON array, or JSON Lines (two or more), found {0}")]
    NotAList(&'static str),
    /// An object on the way has no such key: the pointer up to that key.
    #[error("nothing at {0}: the object at {up} has no member {name:?}", up = .0.parent(), name = .0.last())]
    NoMember(Pointer),
    /// An array on the way has no such element: past its end, or not an index by RFC 6901, section 4 (a
    /// leading zero, a sign, a word; `-` names the element after the last, which is never there).
    #[error(
        "nothing at {pointer}: the array at {}, of length {length}, has no element {:?}",
        .pointer.parent(),
        .pointer.last()
    )]
    NoElement {
        /// The pointer up to the token that names no element.
        pointer: Pointer,
        /// How many elements the array has.
        length: usize,
    },
    /// The pointer goes on below a value that is neither an object nor an array.
    #[error("{} is {found}, which has no members", .pointer.parent())]
    NoMembers {
        /// The pointer up to the first token below that value.
        pointer: Pointer,
        /// What the value is, say, `a number`.
        found: &'static str,
    },
    /// A key on the way occurs more than once in its object (compared unescaped), so that readers differ on
    /// which value it has (RFC 8259, section 4).
    #[error("{pointer} is ambiguous: its key occurs again at byte {byte}")]
    Ambiguous {
        /// The place with more than one value: the pointer asked for, or one above it.
        pointer: Pointer,
        /// Offset of the opening quote of a later occurrence of the key.
        byte: usize,
    },
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Offset in bytes from the start of the whole text, from 0.
    pub byte: usize,
    /// Number of the line, from 1; present only where the text was read as JSON Lines.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.byte)?;
        self.line.map_or(Ok(()), |line| write!(f, " (line {line})"))
    }
}

fn end_words(at: Place) -> &'static str {
    if at.line.is_some() { "the end of the line" } else { "the end of the text" }
}

fn found_words(found: Option<char>, at: Place) -> String {
    found.map_or_else(|| end_words(at).to_owned(), |char| format!("{char:?}"))
}

/// A JSON pointer (RFC 6901) in its string form, section 5; the URI fragment form of section 6 is not read.
/// The empty pointer, also the default, names the whole text's value. Displays exactly as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pointer {
    /// The reference tokens, unescaped.
    tokens: Vec<String>,
}

impl Pointer {
    /// The first `depth` tokens.
    fn prefix(&self, depth: usize) -> Self {
        Self { tokens: self.tokens.iter().take(depth).cloned().collect() }
    }

    fn last(&self) -> &str {
        self.tokens.last().map_or("", String::as_str)
    }

    /// Names the place one token up, in an error.
    fn parent(&self) -> String {
        let parent = self.prefix(self.tokens.len().saturating_sub(1)).to_string();
        if parent.is_empty() { "the top level".to_owned() } else { parent }
    }
}

/// Why a text is not a JSON pointer (RFC 6901, section 3).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// The text is not empty and does not begin with `/`.
    #[error("a JSON pointer must be empty or begin with '/', unlike {0:?}")]
    NoSlash(String),
    /// A `~` is not part of `~0` (for `~`) or `~1` (for `/`).
    #[error(
        "bad escape at byte {byte} of the JSON pointer {text:?}: '~' must be written ~0 and '/' in a key ~1"
    )]
    BadEscape {
        /// The text that was given.
        text: String,
        /// Offset of the `~` in it.
        byte: usize,
    },
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        if !(text.is_empty() || text.starts_with('/')) {
            return Err(PointerError::NoSlash(text.to_owned()));
        }
        let bytes = text.as_bytes();
        let bad = |&(at, _): &(usize, &str)| !matches!(bytes.get(at + 1), Some(b'0' | b'1'));
        if let Some((byte, _)) = text.match_indices('~').find(bad) {
            return Err(PointerError::BadEscape { text: text.to_owned(), byte });
        }
        // In this order, as section 4 says, so that `~01` becomes `~1` and not `/`.
        let unescape = |token: &str| token.replace("~1", "/").replace("~0", "~");
        Ok(Self { tokens: text.split('/').skip(1).map(unescape).collect() })
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tokens.iter().try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

/// Checks that the whole text is exactly one JSON value, with white space around it or not.
pub fn check(text: &[u8]) -> Result<(), JsonError> {
    select(text, &Pointer::default()).map(|_| ())
}

/// The elements of a list, in order, each as the exact bytes it holds, without the white space around it.
///
/// The list is a JSON array (RFC 8259, section 5), or JSON Lines: two or more lines that hold one value each,
/// as [`json_lines`] reads them. One array on a line of its own is an array, not a list of one line.
/// There is at least one element, else [`JsonError::EmptyList`]. Any other single value is
/// [`JsonError::NotAList`]; text after the array, or after a value on its line, is [`JsonError::Trailing`].
pub fn elements(text: &[u8]) -> Result<Vec<&[u8]>, JsonError> {
    let mut scan = Scanner::new(decode(text)?);
    scan.space();
    let start = scan.at;
    let mut list = Vec::new();
    let mut other = None;
    if scan.peek() == Some(b'[') {
        scan.enter()?;
        while scan.step()?.is_some() {
            list.push(scan.value()?.0.as_bytes());
        }
    } else {
        other = Some(scan.value()?.1);
    }
    let end = scan.at;
    scan.space();
    if scan.peek().is_some() && !text[start..end].contains(&b'\n') && text[end..scan.at].contains(&b'\n') {
        return json_lines(text);
    }
    scan.finish()?;
    match other {
        Some(found) => Err(JsonError::NotAList(found)),
        None if list.is_empty() => Err(JsonError::EmptyList),
        None => Ok(list),
    }
}

/// The values of JSON Lines (jsonlines.org), in order, each as the exact bytes it holds, without the white
/// space around it.
///
/// For a text known to be JSON Lines by its name (`.jsonl`, `.ndjson`), so that one line is fine. Lines end
/// in LF or CRLF, the last one may lack it, and blank lines are skipped. There is at least one value, else
/// [`JsonError::EmptyList`]. Errors in a line carry its number.
pub fn json_lines(text: &[u8]) -> Result<Vec<&[u8]>, JsonError> {
    let text = decode(text)?;
    let mut list = Vec::new();
    let mut start = 0;
    for (index, line) in text.split('\n').enumerate() {
        let end = start + line.len();
        let mut scan = Scanner { at: start, line: Some(index + 1), ..Scanner::new(&text[..end]) };
        scan.space();
        if scan.at < end {
            list.push(scan.value()?.0.as_bytes());
            scan.finish()?;
        }
        start = end + 1;
    }
    if list.is_empty() { Err(JsonError::EmptyList) } else { Ok(list) }
}

/// The exact bytes of the value at a JSON pointer (RFC 6901, section 4), without the white space around it.
///
/// The whole text is read: unless it is exactly one JSON value, the error is that of [`check`]. Next, a key
/// on the way that occurs more than once is [`JsonError::Ambiguous`]; other keys may repeat. Last come
/// [`JsonError::NoMember`], [`JsonError::NoElement`] and [`JsonError::NoMembers`], if nothing is there.
pub fn select<'a>(text: &'a [u8], pointer: &Pointer) -> Result<&'a [u8], JsonError> {
    let mut scan = Scanner::new(decode(text)?);
    scan.space();
    // Down to the value, or to where the way ends, ...
    let mut depth = 0;
    let mut missing = None;
    while depth < pointer.tokens.len() {
        missing = scan.descend(pointer, depth)?;
        if missing.is_some() {
            break;
        }
        depth += 1;
    }
    let value = if missing.is_none() { scan.value()?.0 } else { "" };
    // ... and out again through the rest of each array and object on the way.
    let mut again = None;
    for (above, token) in pointer.tokens.iter().take(depth).enumerate().rev() {
        while let Some(key) = scan.step()? {
            if scan.names(&key, token) {
                again = Some((above + 1, key.start));
            }
            scan.value()?;
        }
    }
    scan.finish()?;
    if let Some((depth, byte)) = again {
        return Err(JsonError::Ambiguous { pointer: pointer.prefix(depth), byte });
    }
    missing.map_or(Ok(value.as_bytes()), Err)
}

fn decode(text: &[u8]) -> Result<&str, JsonError> {
    let text = std::str::from_utf8(text).map_err(|e| JsonError::NotUtf8(e.valid_up_to()))?;
    if text.starts_with('\u{feff}') { Err(JsonError::ByteOrderMark) } else { Ok(text) }
}

/// An array index by RFC 6901, section 4: digits without a leading zero. One too large for memory is none.
fn array_index(token: &str) -> Option<usize> {
    let digits = token.bytes().all(|b| b.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if digits { token.parse().ok() } else { None }
}

/// A cursor over JSON text. It stands between tokens, except inside the functions that read one.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    line: Option<usize>,
    /// The closing bracket or brace of each array and object entered, outermost first.
    open: Vec<u8>,
    /// Whether the innermost of them was entered just now, so that no comma is due.
    fresh: bool,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: None, open: Vec::new(), fresh: false }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
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

    fn space(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    fn place(&self) -> Place {
        Place { byte: self.at, line: self.line }
    }

    /// The character under the cursor.
    fn found(&self) -> Option<char> {
        self.text.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn fail<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        Err(JsonError::Syntax { at: self.place(), expected, found: self.found() })
    }

    /// To the end of the text, which must hold white space only from here.
    fn finish(&mut self) -> Result<(), JsonError> {
        self.space();
        self.found().map_or(Ok(()), |found| Err(JsonError::Trailing { at: self.place(), found }))
    }

    /// Over one value, at whose first byte the cursor stands: its text, and what it is.
    fn value(&mut self) -> Result<(&'a str, &'static str), JsonError> {
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
    fn begin(&mut self) -> Result<&'static str, JsonError> {
        self.enter()?.map_or_else(|| self.scalar(), Ok)
    }

    /// Into the array or object that starts under the cursor, if one does; [`Self::step`] goes on from there.
    fn enter(&mut self) -> Result<Option<&'static str>, JsonError> {
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
    fn step(&mut self) -> Result<Option<Range<usize>>, JsonError> {
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
    fn names(&self, key: &Range<usize>, name: &str) -> bool {
        let key = &self.text[key.clone()];
        if key.contains('\\') {
            return serde_json::from_str::<String>(key).is_ok_and(|key| key == name);
        }
        key.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(name)
    }

    /// To what token number `depth` of the pointer names in the value under the cursor. If there is no such
    /// thing, over the whole value, and why.
    fn descend(&mut self, pointer: &Pointer, depth: usize) -> Result<Option<JsonError>, JsonError> {
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
