use std::fmt;

use concord_json::ScanError;

/// The reason why two outputs are not compared as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotJson {
    /// The output that is not JSON: `first` or `second`.
    output: &'static str,
    error: ScanError,
}

/// An error in the left output.
pub(super) fn in_first(error: ScanError) -> NotJson {
    NotJson { output: "first", error }
}

/// An error in the right output.
pub(super) fn in_second(error: ScanError) -> NotJson {
    NotJson { output: "second", error }
}

impl fmt::Display for NotJson {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the {} output is not JSON: {}", self.output, self.error)
    }
}
