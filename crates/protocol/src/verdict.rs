use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What is said of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No verdict yet.
    Running,
    /// Every copy gave a digest, and all are equal.
    Reproducible,
    /// Two digests differ, or one from the digest that is expected. Final.
    Divergent,
    /// Not every copy is accounted for with a digest.
    Inconclusive,
    /// Stopped by the user. Final.
    Cancelled,
}

impl Verdict {
    /// All of them, as help lists them.
    pub const ALL: [Self; 5] =
        [Self::Running, Self::Reproducible, Self::Divergent, Self::Inconclusive, Self::Cancelled];

    /// The word for it, the same everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Reproducible => "reproducible",
            Self::Divergent => "divergent",
            Self::Inconclusive => "inconclusive",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A text that names no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a verdict: {found:?}")]
pub struct VerdictError {
    /// What stood there.
    pub found: String,
}

impl FromStr for Verdict {
    type Err = VerdictError;

    fn from_str(text: &str) -> Result<Self, VerdictError> {
        let named = Self::ALL.into_iter().find(|verdict| verdict.as_str() == text);
        named.ok_or_else(|| VerdictError { found: text.to_owned() })
    }
}

/// Why a job is inconclusive, or divergent though its copies agree. In the order of how much has to be known for it:
/// of an inconclusive job a later one is not replaced by an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The deadline passed before every copy ended.
    Deadline,
    /// Every copy ended, but some failed.
    Failures,
    /// Every copy gave one and the same digest, but in fewer sandboxes than the job asks for.
    Coverage,
    /// The copies gave another digest than the one that is expected, and agree with each other so far.
    Drift,
}

impl Cause {
    /// The word for it, the same everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Failures => "failures",
            Self::Coverage => "coverage",
            Self::Drift => "drift",
        }
    }
}
