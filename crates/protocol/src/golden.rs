use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Calculation, Digest, JobId, JobSpec, Timestamp};

/// The key of a golden result: a calculation and a payload. The machine and the version do not belong to it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GoldenKey {
    /// The calculation, its artifacts and the selected part of its output, as [`JobSpec::golden_key`] writes them.
    pub calculation: String,
    /// Digest of the payload.
    pub payload_digest: Digest,
}

impl GoldenKey {
    /// The key under which the contents of an artifact of the result are kept. They belong to the result only while its list of
    /// artifacts has their digest under this name.
    #[must_use]
    pub fn of_artifact(&self, name: &str) -> Self {
        // Debug text quotes the name, so that no calculation has such a key.
        let calculation = format!("{} artifact {name:?}", self.calculation);
        Self { calculation, payload_digest: self.payload_digest }
    }
}

/// A result that a user has accepted as the right one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Golden {
    /// The calculation and the payload that gave the result.
    pub key: GoldenKey,
    /// The digest of the result.
    pub digest: Digest,
    /// The job that gave the result.
    pub job: JobId,
    /// When the user accepted the result.
    pub accepted_at: Timestamp,
    /// The bytes of the output, or the list of its artifacts, if they were kept. They help to explain a later difference. The
    /// contents of artifacts are golden results of their own: see [`GoldenKey::of_artifact`].
    pub output: Option<Arc<[u8]>>,
}

impl JobSpec {
    /// The key under which a golden result of this job is kept. The version of a function, its region and the folder
    /// of a command are not part of the key: a golden result has to catch a change that they make.
    #[must_use]
    pub fn golden_key(&self) -> GoldenKey {
        let mut calculation = match &self.calculation {
            Calculation::Probe { name } => format!("probe {name}"),
            // Debug text quotes each word, so that two different commands never get the same key.
            Calculation::Command { argv, .. } => format!("command {argv:?}"),
            Calculation::Function { name, .. } => format!("function {name}"),
            Calculation::Deployed { description } => format!("deployed {description}"),
        };
        if let Some(pointer) = &self.policy.select {
            calculation = format!("{calculation} select {pointer}");
        }
        if !self.policy.artifacts.is_empty() {
            let (artifacts, selections) = (&self.policy.artifacts, &self.policy.selections);
            calculation = format!("{calculation} artifacts {artifacts:?} select {selections:?}");
        }
        GoldenKey { calculation, payload_digest: self.payload_digest }
    }
}
