use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Calculation, Digest, JobId, JobSpec, Timestamp};

/// What a golden result is remembered for: a calculation on a payload, on whatever machine and in whatever version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GoldenKey {
    /// What runs, and which part of its output is digested, as [`JobSpec::golden_key`] writes it.
    pub calculation: String,
    /// Digest of the payload.
    pub payload_digest: Digest,
}

/// A result that somebody has accepted as the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Golden {
    /// What it is the result of.
    pub key: GoldenKey,
    /// Its digest.
    pub digest: Digest,
    /// The job that gave it.
    pub job: JobId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Its bytes, where they were kept: they explain a later difference.
    pub output: Option<Arc<[u8]>>,
}

impl JobSpec {
    /// What a golden result of this job is remembered for. The version of a function, its region and the folder of a
    /// command do not belong to it: a change of those is what a golden result is there to catch.
    #[must_use]
    pub fn golden_key(&self) -> GoldenKey {
        let mut calculation = match &self.calculation {
            Calculation::Probe { name } => format!("probe {name}"),
            // Debug text quotes each word, so that no two commands are written alike.
            Calculation::Command { argv, .. } => format!("command {argv:?}"),
            Calculation::Function { name, .. } => format!("function {name}"),
            Calculation::Deployed { description } => format!("deployed {description}"),
        };
        if let Some(pointer) = &self.policy.select {
            calculation = format!("{calculation} select {pointer}");
        }
        GoldenKey { calculation, payload_digest: self.payload_digest }
    }
}
