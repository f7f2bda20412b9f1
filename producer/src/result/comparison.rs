use concord_difference::Comparison;
use concord_explain::Attribution;
use concord_protocol::{Digest, JobId, Verdict};
use serde::Serialize;

/// The comparison of two jobs.
#[derive(Serialize)]
pub(crate) struct Compared {
    /// The job to compare with.
    pub(crate) reference: Side,
    /// The job to compare.
    pub(crate) other: Side,
    /// Whether both have the same payload. Otherwise a difference is no surprise.
    pub(crate) same_payload: bool,
    /// Whether the two digests are equal; `None` unless every copy of each job gave the same digest.
    pub(crate) same: Option<bool>,
    /// Whether the outputs are within the tolerances; `None` without tolerances or outputs.
    pub(crate) equivalent: Option<bool>,
    /// The facts that differ between the two: all runs of the reference are class A, all of the other class B.
    pub(crate) attribution: Attribution,
    /// How far the most frequent outputs differ.
    pub(crate) comparison: Option<Comparison>,
    /// Why there is no comparison although the digests differ.
    pub(crate) unavailable: Option<String>,
}

/// One of the two jobs.
#[derive(Serialize)]
pub(crate) struct Side {
    pub(crate) job: JobId,
    pub(crate) calculation: String,
    pub(crate) verdict: Verdict,
    pub(crate) copies: u32,
    /// The most frequent digest.
    pub(crate) digest: Option<Digest>,
    pub(crate) distinct_digests: usize,
    /// Copies that gave a digest.
    pub(crate) produced: u32,
}

impl Side {
    /// Whether every copy gave the same digest.
    pub(crate) fn is_whole(&self) -> bool {
        self.distinct_digests == 1 && self.produced == self.copies
    }
}
