//! The reading of outputs against another reader, against documents made at random, and against damaged outputs.

mod damage;
mod generated;

use concord_difference::{Format, Options, compare};

/// Whether a text is read as JSON.
fn is_json(text: &[u8], strict: bool) -> bool {
    let options = Options { format: Format::Json, strict, ..Options::default() };
    compare(text, text, &options).format == Format::Json
}
