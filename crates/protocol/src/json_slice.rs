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

mod error;
mod pointer;
mod scanner;
#[cfg(test)]
mod tests;

pub use error::{JsonError, Place};
pub use pointer::{Pointer, PointerError};
use scanner::Scanner;

/// The deepest nesting of arrays and objects that is read, counted in open brackets and braces: 512 of them
/// are fine, one more is [`JsonError::TooDeep`]. RFC 8259, section 9, lets a reader set such a bound.
pub const NESTING_MAX: usize = 512;

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
