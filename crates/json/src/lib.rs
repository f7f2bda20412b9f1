//! A scanner for JSON text. It does not turn the text into values.
//!
//! Owns the one grammar of JSON in Concord. A [`Reader`] takes one token at a time. [`elements`], [`json_lines`],
//! [`select`] and [`check`] cut a text into exact byte slices, which are never serialised again. So `-0.0`, the
//! difference between `1` and `1.0`, huge integers, escapes and the white space inside a value all stay. Knows no
//! other crate of Concord, no file and no output: bytes come in, slices of them go out.
//!
//! The grammar is that of RFC 8259. Unless the reader is strict, the tokens `NaN`, `Infinity` and `-Infinity` are
//! also numbers, because Python's `json.dumps` writes them. As in the RFC, a `\u` escape may name a lone surrogate
//! (Python writes those too), and the size of a number has no bound.
//!
//! Every function takes time linear in the length of the text, does not recurse, and never panics, whatever the bytes
//! are. Offsets are in bytes, from 0 at the start of the text.

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

/// The deepest nesting of arrays and objects that the slicing functions read, counted in open brackets and braces.
/// One more gives [`JsonError::TooDeep`]. RFC 8259, section 9, lets a reader set such a bound.
pub const NESTING_MAX: usize = 512;
