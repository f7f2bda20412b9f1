//! The explanation of a job as one HTML file of at most about 5 MB. A longer list loses its end, and the page says how
//! many items it leaves out.

mod bounds;

use concord_page::page;
use concord_protocol::readable;
use serde_json::Value;

use super::explanation::explanation;
use crate::error::CliError;
use crate::result::explanation::ExplainedJob;

/// The page of a job.
///
/// # Errors
/// When the explanation cannot be written as JSON.
pub(crate) fn html(explained: &ExplainedJob) -> Result<String, CliError> {
    let mut bounded = serde_json::to_value(explained).map_err(CliError::failed)?;
    bounds::bound(&mut bounded);
    show_hidden(&mut bounded);
    let title = format!("{} {}", explained.job, explained.verdict);
    let plain_text = explanation(explained, explained.verdict.as_str());
    Ok(page(&bounded.to_string(), &title, &readable(&plain_text)))
}

/// Makes the hidden characters of all texts visible, so that none changes how the page reads.
fn show_hidden(value: &mut Value) {
    match value {
        Value::String(text) => *text = readable(text).into_owned(),
        Value::Array(items) => items.iter_mut().for_each(show_hidden),
        Value::Object(fields) => fields.values_mut().for_each(show_hidden),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
