use serde::{Deserialize, Serialize};

/// What a verdict rests on, in sentences for people: the same for the table, the event and the command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What separates the outputs; absent when all agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separates: Option<String>,
    /// How far the outputs differ; absent when nothing was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// What the verdict supports.
    pub supports: String,
    /// Whether all outputs are within the tolerances of the job; absent without tolerances, and where an output could
    /// not be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equivalent: Option<bool>,
    /// The largest distance that was found with tolerances, and where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest: Option<String>,
}
