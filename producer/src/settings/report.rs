use std::path::PathBuf;

use super::comparing::ComparingSettings;
use crate::args::ReportForm;

/// Which report is written, and where.
#[derive(Debug)]
pub(crate) struct ReportSettings {
    /// What the user calls the jobs.
    pub(crate) names: Vec<String>,
    /// The file to write; `-` is standard output.
    pub(crate) output: PathBuf,
    pub(crate) form: ReportForm,
    pub(crate) comparing: ComparingSettings,
}
