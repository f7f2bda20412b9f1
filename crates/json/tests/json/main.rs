//! Tests the scanner with cases in files, with `JSONTestSuite`, with random documents, and against `serde_json`.

mod cases;
mod generated;
mod suite;

use std::borrow::Cow;

use concord_json::{JsonError, select};

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// The slices joined by `¦`, or the error.
fn shown(list: Result<Vec<&[u8]>, JsonError>) -> String {
    list.map_or_else(
        |e| format!("error: {e}"),
        |list| list.into_iter().map(text).collect::<Vec<_>>().join("¦"),
    )
}

fn selected(input: &[u8], pointer: &str) -> String {
    match pointer.parse() {
        Err(e) => format!("bad pointer: {e}"),
        Ok(pointer) => {
            select(input, &pointer).map_or_else(|e| format!("error: {e}"), |v| text(v).into_owned())
        }
    }
}
