use std::io;
use std::str::Utf8Error;

use crate::kind::NAMES;

/// How many characters of an unknown probe's name an error repeats.
const NAME_SHOWN_CHARS_MAX: usize = 64;

/// Why a payload is refused, or why its calculation has no result.
///
/// The text of each error is complete: it names the field, says the bound, and repeats the cause, so no error has a
/// [`source`](std::error::Error::source) that would say it twice. Only after [`ProbeError::Threads`] may another attempt
/// succeed; every other error comes again for the same payload.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The payload is not text.
    #[error("the payload is not UTF-8 ({problem}); {}", expected())]
    NotUtf8 {
        /// Position of the first wrong byte.
        problem: Utf8Error,
    },
    /// The payload is text, but not one JSON value.
    #[error("the payload is not JSON ({problem}); {}", expected())]
    NotJson {
        /// The parser's error, with its position.
        problem: serde_json::Error,
    },
    /// The payload is JSON, but not an object with one string field `probe`.
    #[error("the payload names no probe ({problem}); {}", expected())]
    NoProbe {
        /// What was found instead of the object or of its field.
        problem: serde_json::Error,
    },
    /// The field `probe` names none of [`NAMES`].
    #[error("probe: unknown probe {name:?}; {}", expected())]
    UnknownProbe {
        /// The name, cut after 64 characters.
        name: String,
    },
    /// A field is unknown, repeated, of the wrong type or out of bounds.
    #[error("the payload of {probe} is wrong: {}{problem}", prefix(.field))]
    Field {
        /// The probe that the payload names.
        probe: &'static str,
        /// Path of the field; `.` when the text of `problem` names the field.
        field: String,
        /// What is wrong with the field, and what is expected.
        problem: serde_json::Error,
    },
    /// A pivot of `solve` was exactly zero.
    #[error("the matrix is singular, so the system of {unknowns} equations has no single solution")]
    Singular {
        /// Number of equations and of unknowns.
        unknowns: usize,
    },
    /// The system refused a thread; another attempt may succeed.
    #[error("failed to start a thread ({problem})")]
    Threads {
        /// The system's error.
        problem: io::Error,
    },
}

impl ProbeError {
    pub(crate) fn unknown_probe(name: &str) -> Self {
        Self::UnknownProbe { name: name.chars().take(NAME_SHOWN_CHARS_MAX).collect() }
    }

    pub(crate) fn payload(problem: serde_json::Error) -> Self {
        if problem.is_data() { Self::NoProbe { problem } } else { Self::NotJson { problem } }
    }

    pub(crate) fn field(probe: &'static str, error: serde_path_to_error::Error<serde_json::Error>) -> Self {
        Self::Field { probe, field: error.path().to_string(), problem: error.into_inner() }
    }
}

fn expected() -> String {
    format!("expected a JSON object whose \"probe\" is one of {}", NAMES.join(", "))
}

/// The prefix that names the field. `serde_path_to_error` writes `.` or `?` for a problem of the whole object, such as a
/// repeated field.
fn prefix(field: &str) -> String {
    if matches!(field, "." | "?") { String::new() } else { format!("{field}: ") }
}
