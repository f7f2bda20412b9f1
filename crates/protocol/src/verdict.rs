use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The verdict on a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No verdict yet.
    Running,
    /// Every copy gave a digest, and all are equal.
    Reproducible,
    /// Two digests differ, or a digest is not the expected one. Final.
    Divergent,
    /// Not every copy gave a digest, every output is empty, or the digests came from too few sandboxes.
    Inconclusive,
    /// The user stopped the job. Final.
    Cancelled,
}

impl Verdict {
    /// All verdicts, in the order in which the help lists them.
    pub const ALL: [Self; 5] =
        [Self::Running, Self::Reproducible, Self::Divergent, Self::Inconclusive, Self::Cancelled];

    /// The name of the verdict, the same everywhere.
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

/// A text that is not a verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a verdict: {found:?}")]
pub struct VerdictError {
    /// The text that was found.
    pub found: String,
}

impl FromStr for Verdict {
    type Err = VerdictError;

    fn from_str(text: &str) -> Result<Self, VerdictError> {
        let named = Self::ALL.into_iter().find(|verdict| verdict.as_str() == text);
        named.ok_or_else(|| VerdictError { found: text.to_owned() })
    }
}

/// Why a job is inconclusive, or divergent although its copies agree. A later cause needs more knowledge than an
/// earlier one. A state keeps the latest cause of an inconclusive job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The deadline passed before every copy ended.
    Deadline,
    /// Every copy ended, but some failed.
    Failures,
    /// Every copy gave the same digest, but in fewer sandboxes than the job asks for.
    Coverage,
    /// Every copy gave an empty output, so nothing was compared.
    Empty,
    /// The copies gave a digest that is not the expected one. So far they agree with each other.
    Drift,
}

impl Cause {
    /// The name of the cause, the same everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Failures => "failures",
            Self::Coverage => "coverage",
            Self::Empty => "empty",
            Self::Drift => "drift",
        }
    }
}
