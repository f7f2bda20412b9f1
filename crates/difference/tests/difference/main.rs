//! The reading of outputs, tested against another reader, with random documents, and with damaged outputs.

mod damage;
mod generated;

use concord_difference::{Options, OutputFormat, compare};

/// Whether a text is read as JSON.
fn is_json(text: &[u8], strict: bool) -> bool {
    let options = Options { format: OutputFormat::Json, strict, ..Options::default() };
    compare(text, text, &options).format == OutputFormat::Json
}
