use serde::Serialize;

/// A warning, and a hint that helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    pub(crate) text: String,
    pub(crate) hint: String,
}
