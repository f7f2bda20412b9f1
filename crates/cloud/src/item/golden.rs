use std::sync::Arc;

use concord_protocol::{Digest, Golden, GoldenKey, JobId};
use serde::{Deserialize, Serialize};

use super::rfc3339::Rfc3339;
use super::{Bytes, GOLDEN_ITEM};

/// A golden result. It has no `expires_at`, so it stays until it is replaced.
#[derive(Serialize, Deserialize)]
pub(crate) struct GoldenAttributes {
    job: JobId,
    item: String,
    calculation: String,
    payload_digest: Digest,
    pub(crate) digest: Digest,
    /// The job that produced the result.
    accepted_from: JobId,
    accepted_at: Rfc3339,
    /// The output, compressed with Zstandard, if it fits into the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) zstd: Option<Bytes>,
    /// Whether the output is in the bucket instead.
    pub(crate) kept_in_bucket: bool,
}

impl GoldenAttributes {
    pub(crate) fn new(job: JobId, golden: &Golden, zstd: Option<Bytes>, kept_in_bucket: bool) -> Self {
        Self {
            job,
            item: GOLDEN_ITEM.to_owned(),
            calculation: golden.key.calculation.clone(),
            payload_digest: golden.key.payload_digest,
            digest: golden.digest,
            accepted_from: golden.job.clone(),
            accepted_at: Rfc3339(golden.accepted_at),
            zstd,
            kept_in_bucket,
        }
    }

    pub(crate) fn golden(self, output: Option<Arc<[u8]>>) -> Golden {
        Golden {
            key: GoldenKey { calculation: self.calculation, payload_digest: self.payload_digest },
            digest: self.digest,
            job: self.accepted_from,
            accepted_at: self.accepted_at.0,
            output,
        }
    }
}
