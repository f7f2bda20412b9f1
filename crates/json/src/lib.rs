//! JSON text, scanned without turning it into values.
//!
//! Owns the one grammar of JSON in Concord: a [`Reader`] takes one token at a time, and [`elements`], [`json_lines`],
//! [`select`] and [`check`] cut a text into exact byte slices, which are never serialised again. So `-0.0`, `1` beside
//! `1.0`, huge integers, escapes and the white space inside a value all stay. Knows no other crate of Concord, no
//! file and no output: bytes come in, slices of them go out.
//!
//! The grammar is that of RFC 8259. Unless the reader is strict, the tokens `NaN`, `Infinity` and `-Infinity` may also
//! stand for a number, because Python's `json.dumps` writes them. As in the RFC's grammar, a `\u` escape may name a lone
//! surrogate (Python writes those too), and numbers have no bound on size.
//!
//! Every function takes time linear in the length of the text, does not recurse, and never panics, whatever the bytes.
//! Offsets are in bytes, from 0 at the start of the text.

mod error;
mod pointer;
mod reader;
mod scan_error;
mod slices;
pub mod string;

pub use error::{JsonError, TextPosition};
pub use pointer::{Pointer, PointerError};
pub use reader::{Reader, Scalar, is_value, may_start_value};
pub use scan_error::ScanError;
pub use slices::{check, elements, json_lines, select};

/// The deepest nesting of arrays and objects that the slicing functions read, counted in open brackets and braces: 512
/// of them are fine, one more is [`JsonError::TooDeep`]. RFC 8259, section 9, lets a reader set such a bound.
pub const NESTING_MAX: usize = 512;
