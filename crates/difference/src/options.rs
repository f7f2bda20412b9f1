use serde::{Deserialize, Serialize};

use crate::limits::ComparisonLimits;
use crate::tolerance::Tolerances;

/// The format in which outputs are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputFormat {
    /// The format of both outputs, if they have the same one: JSON, a table, arrays of `numpy`, or numbers among the same
    /// words. Otherwise bytes.
    #[default]
    Auto,
    /// One JSON value (RFC 8259), or two or more lines with one array or object each (jsonlines.org), unless
    /// `strict`.
    Json,
    /// Lines with columns, separated by a comma, a semicolon, a tab or spaces.
    Csv,
    /// Numbers among words.
    Text,
    /// JSON, a table or free text, whose numbers were written from single precision (binary32).
    F32Text,
    /// The file format of `numpy` for one array.
    Npy,
    /// The file format of `numpy` for several arrays.
    Npz,
    /// Little-endian binary32, nothing else.
    F32,
    /// Little-endian binary64, nothing else.
    F64,
    /// Bytes without a meaning.
    Bytes,
}

impl OutputFormat {
    /// All formats.
    pub const ALL: [Self; 10] = [
        Self::Auto,
        Self::Json,
        Self::Csv,
        Self::Text,
        Self::F32Text,
        Self::Npy,
        Self::Npz,
        Self::F32,
        Self::F64,
        Self::Bytes,
    ];

    /// The format called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The name in lower case, as options and JSON write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Text => "text",
            Self::F32Text => "f32text",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Bytes => "bytes",
        }
    }
}

/// How outputs are compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The format in which the outputs are read. Outputs that do not have it are compared as bytes, with a note.
    pub format: OutputFormat,
    /// Whether JSON may not hold `NaN`, `Infinity` and `-Infinity`, which Python's `json` writes and the standard forbids.
    pub strict: bool,
    /// The differences that still count as equivalent.
    pub tolerances: Option<Tolerances>,
    /// The bounds of memory, time and the length of texts.
    pub limits: ComparisonLimits,
}
