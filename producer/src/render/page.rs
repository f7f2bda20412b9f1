//! The explanation of a job as one HTML file of at most about 5 MB. A longer list loses its end, and the page says how
//! many items it leaves out.

mod bounds;

use concord_page::page;

use super::markdown::markdown;
use crate::error::CliError;
use crate::result::explanation::ExplainedJob;

/// The page of a job.
///
/// # Errors
/// When the explanation cannot be written as JSON.
pub(crate) fn html(explained: &ExplainedJob) -> Result<String, CliError> {
    let mut explanation = serde_json::to_value(explained).map_err(CliError::failed)?;
    bounds::bound(&mut explanation);
    let title = format!("{} {}", explained.job, explained.verdict);
    Ok(page(&explanation.to_string(), &title, &markdown(explained)))
}
