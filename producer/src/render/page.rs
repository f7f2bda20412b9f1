//! The explanation of a job as one HTML file.

use concord_page::page;

use super::markdown::markdown;
use crate::error::CliError;
use crate::result::explanation::ExplainedJob;

/// The page of a job.
///
/// # Errors
/// When the explanation cannot be written as JSON.
pub(crate) fn html(explained: &ExplainedJob) -> Result<String, CliError> {
    let json = serde_json::to_string(explained).map_err(CliError::failed)?;
    let title = format!("{} {}", explained.job, explained.verdict);
    Ok(page(&json, &title, &markdown(explained)))
}
