use std::fmt;

use super::{NESTING_MAX, Pointer};

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
