//! JSON, read on both sides at once and without losing anything: numbers stay text until they differ.

use std::fmt;

mod lines;
mod members;
mod reader;
mod scalar;
mod string;
mod walk;

pub(super) use lines::walk_lines;
pub(super) use reader::Broken;
use reader::Reader;
pub(super) use walk::walk;

/// Whether the whole text is one value.
pub(super) fn is_json(text: &[u8], strict: bool, depth_max: usize) -> bool {
    let check = || {
        let mut reader = Reader::new(text, "only", strict, depth_max)?;
        reader.space();
        reader.skip()?;
        reader.finish()
    };
    check().is_ok()
}

/// Whether the text starts as a value does.
pub(super) fn may_be_json(text: &[u8]) -> bool {
    text.trim_ascii_start().first().is_some_and(|byte| b"[{\"-0123456789tfnNI".contains(byte))
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { output, byte, expected } = self;
        write!(formatter, "the {output} output is not JSON: expected {expected} at byte {byte}")
    }
}
