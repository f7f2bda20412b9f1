//! Feeds arbitrary bytes to everything in Concord that reads bytes from outside, and checks what must hold for all bytes.
//!
//! A *target* is a function of bytes that panics when a promise is broken. AFL++ invents bytes that reach new code. The
//! test `replay` runs each target on its corpus, the files in `corpus/TARGET`.
//!
//! Readers that are private to their package are compiled here from the same files, to which `src/private` links.

// The linked files name one of their modules by this path.
use private::selection;

mod private;
mod targets;

/// A function that panics when bytes break a promise.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("argv", targets::argv::check),
    ("arrays", targets::outputs::check_arrays),
    #[cfg(feature = "aws")]
    ("events", targets::events::check),
    #[cfg(feature = "aws")]
    ("items", targets::items::check),
    ("json", targets::json::check),
    ("lines", targets::lines::check),
    ("text", targets::outputs::check_text),
    ("tolerance", targets::tolerance::check),
];

/// The target with this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|(other, _)| *other == name).map(|(_, target)| *target)
}
