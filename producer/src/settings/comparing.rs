use std::path::PathBuf;

use concord_difference::OutputFormat;

/// How the user wants outputs to be compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct ComparingSettings {
    /// How the outputs are parsed.
    pub(crate) format: OutputFormat,
    /// Rules of tolerance, not parsed yet.
    pub(crate) equivalent: Vec<String>,
    /// The program that says whether two outputs are equivalent, instead of tolerances.
    pub(crate) comparator: Option<PathBuf>,
}
