//! Reads outputs, within bounds.

use concord_protocol::ports::{PortResult, ReadOutput};
use concord_protocol::{Digest, JobId};

use super::sample::SampleLimits;
use crate::explanation::{Explanation, OutputPair};

/// The bounds of what is read to explain a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatherLimits {
    /// How many copies have their outcomes read. Of a larger job, a sample is read.
    pub sample: SampleLimits,
    /// The largest number of copies whose outcomes are read by one call of the port.
    pub copies_per_read_max: u32,
    /// The longest output that is read, in bytes. A longer output is not compared.
    pub output_bytes_max: u64,
    /// Whether an output that cannot be read counts as not kept. Otherwise the error of the port is returned.
    pub skips_unreadable_outputs: bool,
}

/// A function that is called with the two outputs of each compared pair, the reference first, to judge them in
/// another way.
pub type Judge<'a> = &'a mut (dyn FnMut([&[u8]; 2]) + Send);

/// Reads the outputs of a job.
pub(super) struct OutputReader<'a, L> {
    pub(super) ledger: &'a L,
    pub(super) job: &'a JobId,
    pub(super) limits: &'a GatherLimits,
}

impl<L: ReadOutput> OutputReader<'_, L> {
    /// The two outputs of a pair, or the reason why one of them is missing.
    pub(super) async fn pair(
        &self,
        explanation: &Explanation,
        pair: &OutputPair,
    ) -> PortResult<Result<[Vec<u8>; 2], String>> {
        let sides = [(&pair.reference, pair.reference_digest), (&pair.class, pair.class_digest)];
        let [left, right] =
            sides.map(|(label, digest)| (format!("the output of {label}"), digest, explanation.bytes(label)));
        self.both([left, right]).await
    }

    /// Two outputs or artifacts, or the reason why one of them is missing. Each has a name for the reason, a digest, and a
    /// length, if it is known.
    pub(super) async fn both(
        &self,
        sides: [(String, Digest, Option<u64>); 2],
    ) -> PortResult<Result<[Vec<u8>; 2], String>> {
        let bytes_max = self.limits.output_bytes_max;
        for (name, _, bytes) in &sides {
            if bytes.is_some_and(|bytes| bytes > bytes_max) {
                let reason = format!("{name} is larger than {bytes_max} bytes, too large to be compared");
                return Ok(Err(reason));
            }
        }
        let [(left_name, left, _), (right_name, right, _)] = sides;
        let Some(left) = self.read(left).await? else { return Ok(Err(format!("{left_name} was not kept"))) };
        let Some(right) = self.read(right).await? else {
            return Ok(Err(format!("{right_name} was not kept")));
        };
        Ok(Ok([left, right]))
    }

    /// The bytes of an output or artifact, if they were kept.
    pub(super) async fn read(&self, digest: Digest) -> PortResult<Option<Vec<u8>>> {
        match self.ledger.read_output(self.job, digest).await {
            Err(_) if self.limits.skips_unreadable_outputs => Ok(None),
            read => read,
        }
    }
}
