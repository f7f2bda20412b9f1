use serde::{Deserialize, Serialize};

/// The evidence for a verdict, in sentences for people. The table, the event and the command line show the same ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What separates the outputs; absent when all agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separates: Option<String>,
    /// What goes with the failures; absent when no copy failed, or nothing goes with the failures beyond chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<String>,
    /// How far the outputs differ; absent when nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// What the copies allow to conclude.
    pub supports: String,
    /// Whether all outputs are within the tolerances of the job. Absent when the job has no tolerances, or an output
    /// could not be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equivalent: Option<bool>,
    /// The largest distance that was found with tolerances, and its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest: Option<String>,
}
