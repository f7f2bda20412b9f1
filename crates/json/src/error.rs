use std::fmt;

use crate::NESTING_MAX;
use crate::pointer::Pointer;

/// The reason why a text cannot be cut into the requested slices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text is not UTF-8, as RFC 8259, section 8.1, requires. Holds the offset of the first wrong byte.
    #[error("not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// The text starts with U+FEFF, which RFC 8259, section 8.1, forbids. It is refused and not skipped, because
    /// callers get the exact bytes of the text.
    #[error("starts with a UTF-8 byte order mark, which JSON may not have: remove the first 3 bytes")]
    ByteOrderMark,
    /// The text breaks the grammar.
    #[error("not JSON at {at}: expected {expected}, found {}", found_words(*.found, *.at))]
    Syntax {
        /// The position at which the text stops being JSON.
        at: TextPosition,
        /// What would be correct there.
        expected: &'static str,
        /// The character there; `None` at the end of the text, or of the line if `at` has one.
        found: Option<char>,
    },
    /// Something other than white space follows the value.
    #[error("text after the JSON value at {at}: expected {}, found {found:?}", end_words(*.at))]
    Trailing {
        /// The position of the first character after the value.
        at: TextPosition,
        /// That character.
        found: char,
    },
    /// More than [`NESTING_MAX`] arrays and objects are open at once. Holds the position of the first bracket or
    /// brace beyond the bound.
    #[error("nested more than {NESTING_MAX} deep at {0}")]
    TooDeep(TextPosition),
    /// The list is well formed, but empty: `[]`, or JSON Lines with blank lines only.
    #[error("the list is empty")]
    EmptyList,
    /// The text is one value that is not an array. Holds the sort of the value, such as `an object`.
    #[error("expected a JSON array, or JSON Lines (two or more), found {0}")]
    NotAList(&'static str),
    /// An object on the path has no such key. Holds the pointer up to that key.
    #[error("nothing at {0}: the object at {up} has no member {name:?}", up = .0.parent(), name = .0.last())]
    NoMember(Pointer),
    /// An array on the path has no such element. The token is past the end of the array, or is not an index by RFC
    /// 6901, section 4 (a leading zero, a sign, a word; `-` names the element after the last, which never exists).
    #[error(
        "nothing at {pointer}: the array at {}, of length {length}, has no element {:?}",
        .pointer.parent(),
        .pointer.last()
    )]
    NoElement {
        /// The pointer up to the token that names no element.
        pointer: Pointer,
        /// The number of elements of the array.
        length: usize,
    },
    /// The pointer continues below a value that is neither an object nor an array.
    #[error("{} is {found}, which has no members", .pointer.parent())]
    NoMembers {
        /// The pointer up to the first token below that value.
        pointer: Pointer,
        /// The sort of the value, such as `a number`.
        found: &'static str,
    },
    /// A key on the path occurs more than once in its object, compared without escapes. Readers of JSON do not agree
    /// which of its values counts (RFC 8259, section 4).
    #[error("{pointer} is ambiguous: its key occurs again at byte {byte}")]
    Ambiguous {
        /// The pointer to the key with more than one value. It is the requested pointer, or one above it.
        pointer: Pointer,
        /// The offset of the opening quote of a later occurrence of the key.
        byte: usize,
    },
}

/// A position in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPosition {
    /// The offset in bytes from the start of the whole text, from 0.
    pub byte: usize,
    /// The number of the line, from 1; `None` unless the text is read as JSON Lines.
    pub line: Option<usize>,
}

impl fmt::Display for TextPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.byte)?;
        self.line.map_or(Ok(()), |line| write!(f, " (line {line})"))
    }
}

fn end_words(at: TextPosition) -> &'static str {
    if at.line.is_some() { "the end of the line" } else { "the end of the text" }
}

fn found_words(found: Option<char>, at: TextPosition) -> String {
    found.map_or_else(|| end_words(at).to_owned(), |char| format!("{char:?}"))
}
