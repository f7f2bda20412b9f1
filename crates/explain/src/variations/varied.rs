//! What is found of each setting.

use std::collections::BTreeMap;

use serde::Serialize;

/// The value of a name in a copy of the baseline.
pub(super) const AS_IS: &str = "as is";

/// What is known of whether a setting had any effect on the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingReach {
    /// It did: the result changed, the library said so, or the command was started in another way.
    Yes,
    /// It did not: the command cannot have read it.
    No,
    /// It cannot be seen.
    Unknown,
}

/// A setting, and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VariedSetting {
    /// What the user named to get it: a preset, or `custom`.
    pub factor: String,
    /// What is varied: the name of a variable, `arg:--tol`, `command`.
    pub name: String,
    /// The library that reads it, if one is known.
    pub library: Option<String>,
    /// The value.
    pub value: String,
    /// The number of copies that had it and gave a digest.
    pub copies: u64,
    /// The classes of these copies, by label.
    pub classes: BTreeMap<String, u64>,
    /// Whether it reached the program.
    pub reached: SettingReach,
    /// Whether it changed the result, or made one result of several.
    pub changed: bool,
}

/// A name whose values changed the result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariedCause {
    /// What is varied.
    pub name: String,
    /// The library that reads it, if one is known.
    pub library: Option<String>,
    /// The values that gave each class, by label. `as is` is the baseline.
    pub values_by_class: BTreeMap<String, Vec<String>>,
    /// A bound on the probability that copies agree within their settings as they do, if settings change nothing.
    pub p: f64,
    /// The largest difference between numbers of the classes, in units in the last place; absent if it is not known.
    pub max_ulp: Option<u64>,
    /// Where it is.
    pub path: Option<String>,
    /// Whether it makes one result of several, where copies of the baseline differ from each other.
    #[serde(skip)]
    pub is_stabilising: bool,
}
