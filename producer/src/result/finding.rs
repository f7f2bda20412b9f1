use serde::Serialize;

/// The finding about one part of a stack.
#[derive(Debug, Serialize)]
pub(crate) struct CheckFinding {
    /// The name of the part.
    pub(crate) check: &'static str,
    pub(crate) ok: bool,
    /// What was found.
    pub(crate) found: String,
    /// How to repair it, if something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}
