//! The reading of outputs against other people's cases, against another reader, and against damaged outputs.

mod damage;
mod generated;
mod suite;

use concord_difference::{Format, Options, compare};

/// Whether a text is read as JSON.
fn is_json(text: &[u8], strict: bool) -> bool {
    let options = Options { format: Format::Json, strict, ..Options::default() };
    compare(text, text, &options).format == Format::Json
}
