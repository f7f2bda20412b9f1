//! Exact byte slices of JSON text. Only the white space *around* a value is left out.

use std::ops::Range;

use crate::NESTING_MAX;
use crate::error::{JsonError, TextPosition};
use crate::pointer::Pointer;
use crate::reader::Reader;
use crate::scan_error::ScanError;
use crate::string;

/// Checks that the whole text is exactly one JSON value. White space around it is allowed.
///
/// # Errors
/// When it is not.
pub fn check(text: &[u8]) -> Result<(), JsonError> {
    select(text, &Pointer::default()).map(|_| ())
}

/// The elements of a list, in order, each as its exact bytes, without the white space around it.
///
/// The list is a JSON array (RFC 8259, section 5), or JSON Lines: two or more lines with one value each, as
/// [`json_lines`] reads them. A single line that holds an array is that array, and not a list of one line.
///
/// # Errors
/// [`JsonError::EmptyList`] without an element, [`JsonError::NotAList`] for a single value that is not an array,
/// [`JsonError::Trailing`] for text after the array or after a value on its line, and the errors of [`check`].
pub fn elements(text: &[u8]) -> Result<Vec<&[u8]>, JsonError> {
    let mut reader = open(text)?;
    let error = |error| located(error, text, None);
    reader.space();
    let start = reader.at;
    let mut list = Vec::new();
    let kind = kind(&reader);
    if kind == ValueKind::Array {
        reader.enter(0).map_err(error)?;
        while reader.element(list.is_empty()).map_err(error)? {
            list.push(value(&mut reader, 1).map_err(error)?);
        }
    } else {
        value(&mut reader, 0).map_err(error)?;
    }
    let end = reader.at;
    reader.space();
    if reader.at < text.len() && !text[start..end].contains(&b'\n') && text[end..reader.at].contains(&b'\n') {
        return json_lines(text);
    }
    reader.finish().map_err(error)?;
    match kind {
        ValueKind::Array if list.is_empty() => Err(JsonError::EmptyList),
        ValueKind::Array => Ok(list),
        other => Err(JsonError::NotAList(other.words())),
    }
}

/// The values of JSON Lines (jsonlines.org), in order, each as its exact bytes, without the white space around it.
///
/// This is for a text whose name says that it is JSON Lines (`.jsonl`, `.ndjson`), so one line is enough. Lines end
/// in LF or CRLF; the last line may end without it. Blank lines are skipped.
///
/// # Errors
/// [`JsonError::EmptyList`] without a value, and the errors of [`check`] with the number of the line.
pub fn json_lines(text: &[u8]) -> Result<Vec<&[u8]>, JsonError> {
    let whole = open(text)?;
    let mut list = Vec::new();
    let mut start = 0;
    for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
        let end = start + line.len();
        let mut reader = whole.part(start..end);
        reader.space();
        if reader.at < end {
            let read = value(&mut reader, 0).and_then(|value| reader.finish().map(|()| value));
            list.push(read.map_err(|error| located(error, reader.text, Some(index + 1)))?);
        }
        start = end + 1;
    }
    if list.is_empty() { Err(JsonError::EmptyList) } else { Ok(list) }
}

/// The exact bytes of the value at a JSON pointer (RFC 6901, section 4), without the white space around it.
///
/// # Errors
/// The whole text is read first. If it is not exactly one JSON value, the error is that of [`check`]. Then a key on
/// the path that occurs more than once gives [`JsonError::Ambiguous`]; other keys may repeat. Last, if the pointer
/// names nothing, the error is [`JsonError::NoMember`], [`JsonError::NoElement`] or [`JsonError::NoMembers`].
pub fn select<'a>(text: &'a [u8], pointer: &Pointer) -> Result<&'a [u8], JsonError> {
    let mut reader = open(text)?;
    reader.space();
    selected(&mut reader, pointer).map_err(|error| located(error, text, None))?
}

/// The sort of a value, by its first byte.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ValueKind {
    Array,
    Object,
    Text,
    Number,
    Boolean,
    Null,
}

impl ValueKind {
    fn words(self) -> &'static str {
        match self {
            Self::Array => "an array",
            Self::Object => "an object",
            Self::Text => "a string",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Null => "null",
        }
    }
}

/// The sort of the next value, if there is one.
fn kind(reader: &Reader<'_>) -> ValueKind {
    match reader.peek() {
        b'[' => ValueKind::Array,
        b'{' => ValueKind::Object,
        b'"' => ValueKind::Text,
        b't' | b'f' => ValueKind::Boolean,
        b'n' => ValueKind::Null,
        _ => ValueKind::Number,
    }
}

type Selected<'a> = Result<&'a [u8], JsonError>;

fn selected<'a>(reader: &mut Reader<'a>, pointer: &Pointer) -> Result<Selected<'a>, ScanError> {
    // Down to the value, or to the point where the path ends.
    let mut closers = Vec::new();
    let mut missing = None;
    for depth in 0..pointer.tokens.len() {
        match descend(reader, pointer, depth)? {
            Descent::Into(closer) => closers.push(closer),
            Descent::Missing(error) => {
                missing = Some(error);
                break;
            }
        }
    }
    let value = if missing.is_none() { value(reader, closers.len())? } else { b"" };
    // Then up again, through the rest of each array and object on the path.
    let mut again = None;
    while let Some(closer) = closers.pop() {
        let depth = closers.len();
        while let Some(key) = step(reader, closer, false)? {
            if string::is(&reader.text[key.clone()], &pointer.tokens[depth]) && closer == b'}' {
                again = Some((depth + 1, key.start));
            }
            reader.skip(depth + 1)?;
        }
    }
    reader.finish()?;
    if let Some((depth, byte)) = again {
        return Ok(Err(JsonError::Ambiguous { pointer: pointer.prefix(depth), byte }));
    }
    Ok(missing.map_or(Ok(value), Err))
}

enum Descent {
    /// The reader is at the value that the token names, in an array or object that this byte closes.
    Into(u8),
    /// The token names nothing, and the reader is behind the value.
    Missing(JsonError),
}

/// Moves to the value that token number `depth` of the pointer names in the next value. If there is none, moves past
/// the next value.
fn descend(reader: &mut Reader<'_>, pointer: &Pointer, depth: usize) -> Result<Descent, ScanError> {
    let token = &pointer.tokens[depth];
    let missing = || pointer.prefix(depth + 1);
    let kind = kind(reader);
    let closer = match kind {
        ValueKind::Array => b']',
        ValueKind::Object => b'}',
        other => {
            reader.scalar()?;
            return Ok(Descent::Missing(JsonError::NoMembers { found: other.words(), pointer: missing() }));
        }
    };
    reader.enter(depth)?;
    let index = array_index(token).filter(|_| kind == ValueKind::Array);
    let mut length = 0;
    while let Some(key) = step(reader, closer, length == 0)? {
        let is_named = match kind {
            ValueKind::Array => index == Some(length),
            _ => string::is(&reader.text[key], token),
        };
        if is_named {
            return Ok(Descent::Into(closer));
        }
        reader.skip(depth + 1)?;
        length += 1;
    }
    let pointer = missing();
    let is_array = kind == ValueKind::Array;
    Ok(Descent::Missing(if is_array {
        JsonError::NoElement { pointer, length }
    } else {
        JsonError::NoMember(pointer)
    }))
}

/// Moves to the next value in the array or object that `closer` closes. Returns the place of its key, quotes
/// included; in an array, an empty range.
fn step(reader: &mut Reader<'_>, closer: u8, first: bool) -> Result<Option<Range<usize>>, ScanError> {
    if closer == b']' {
        return Ok(reader.element(first)?.then_some(reader.at..reader.at));
    }
    reader.member(first)
}

/// Moves past the next value, with `depth` arrays and objects open around it, and returns its bytes.
fn value<'a>(reader: &mut Reader<'a>, depth: usize) -> Result<&'a [u8], ScanError> {
    let start = reader.at;
    reader.skip(depth)?;
    Ok(&reader.text[start..reader.at])
}

fn open(text: &[u8]) -> Result<Reader<'_>, JsonError> {
    Reader::new(text, false, NESTING_MAX).map_err(|error| located(error, text, None))
}

/// The error of a scan of `text`, with the character at its position, and with the line if the text is JSON Lines.
fn located(error: ScanError, text: &[u8], line: Option<usize>) -> JsonError {
    let position = |byte| TextPosition { byte, line };
    let found = |byte| {
        let rest = text.get(byte..).unwrap_or_default();
        std::str::from_utf8(rest).unwrap_or_default().chars().next()
    };
    match error {
        ScanError::NotUtf8(byte) => JsonError::NotUtf8(byte),
        ScanError::ByteOrderMark => JsonError::ByteOrderMark,
        ScanError::Syntax { byte, expected } => {
            JsonError::Syntax { at: position(byte), expected, found: found(byte) }
        }
        ScanError::Trailing(byte) => {
            JsonError::Trailing { at: position(byte), found: found(byte).unwrap_or_default() }
        }
        ScanError::TooDeep(byte) => JsonError::TooDeep(position(byte)),
    }
}

/// An array index by RFC 6901, section 4: digits without a leading zero. `None` if it is too large for memory.
fn array_index(token: &str) -> Option<usize> {
    let digits = token.bytes().all(|b| b.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    if digits { token.parse().ok() } else { None }
}
