//! The explanation of a job as one HTML file of at most about 5 MB. A longer list loses its end, and the page says how
//! many items it leaves out.

mod bounds;

use concord_page::page;

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
    let title = format!("{} {}", explained.job, explained.verdict);
    let plain_text = explanation(explained, explained.verdict.as_str());
    Ok(page(&bounded.to_string(), &title, &plain_text))
}
