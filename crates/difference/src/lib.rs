//! How far two outputs differ: where, and for numbers by how much.
//!
//! Owns the reading of outputs as numbers, and their comparison. Knows no other crate of Concord, no job and no copy: the
//! bytes of two outputs come in, a [`Comparison`] goes out.
//!
//! Outputs are compared as what they are: JSON, a table of text, an array of `numpy`, raw floats, or bytes. The comparison
//! of their bytes comes first and decides; what is here explains it, and with [`Tolerances`] gives a second opinion.
//!
//! Time is linear in the length of the outputs, but for objects whose members stand in another order, which are sorted.
//! Memory does not grow with the outputs: all that could is bounded by [`Limits`].

mod bytes;
mod comparison;
mod csv;
mod findings;
mod float;
mod integer;
mod json;
mod limits;
mod npy;
mod numbers;
mod paths;
mod raw;
mod reading;
mod shown;
mod spread;
mod statement;
mod tolerance;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use comparison::{Comparison, Kind, Mismatch, PathDifference, UlpCount};
pub use limits::Limits;
pub use tolerance::{ToleranceError, Tolerances};

/// As what outputs are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As what both of them are: JSON, a table, an array of `numpy`, else bytes.
    #[default]
    Auto,
    /// One JSON value (RFC 8259), or two or more lines of one array or object each (jsonlines.org), unless `strict`.
    Json,
    /// Lines of columns, separated by a comma, a semicolon, a tab or spaces.
    Csv,
    /// The file format of `numpy`, of one array.
    Npy,
    /// Little-endian binary32, nothing else.
    F32,
    /// Little-endian binary64, nothing else.
    F64,
    /// Bytes without a meaning.
    Bytes,
}

impl Format {
    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Auto, Self::Json, Self::Csv, Self::Npy, Self::F32, Self::F64, Self::Bytes];
        all.into_iter().find(|format| format.name() == name)
    }

    /// Its name in lower case, as it is written in options and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Npy => "npy",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Bytes => "bytes",
        }
    }
}

/// How outputs are compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// As what they are read. What cannot be read so is compared as bytes, with a note.
    pub format: Format,
    /// Refuses `NaN`, `Infinity` and `-Infinity` in JSON, which Python's `json` writes and the standard does not have.
    pub strict: bool,
    /// What still counts as equivalent.
    pub tolerances: Option<Tolerances>,
    /// The bounds of memory, time and length.
    pub limits: Limits,
}

/// Compares two outputs. Never fails: what cannot be read is compared as bytes, and the note says so.
#[must_use]
pub fn compare(left: &[u8], right: &[u8], options: &Options) -> Comparison {
    let first_different = bytes::first_different(left, right);
    let (comparison, note) = match reading::compare(left, right, options) {
        Ok(comparison) => (comparison, None),
        Err(why) => (bytes::compare(left, right, options), why),
    };
    Comparison {
        note,
        identical_bytes: first_different.is_none(),
        bytes: [left.len() as u64, right.len() as u64],
        first_different_byte: first_different.map(|byte| byte as u64),
        ..comparison
    }
}
