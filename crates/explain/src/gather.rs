//! Reads what an explanation of a job needs over the ports: the outcomes, and the outputs to compare.

use concord_difference::Options;
use concord_protocol::ports::{PortResult, ReadOutcomes, ReadOutput};
use concord_protocol::{Job, JobId, Outcome, copy_ranges};
use concord_statistics::Level;

use crate::explanation::{Explanation, OutputPair};

/// The bounds of what is read to explain a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatherLimits {
    /// The largest number of copies whose outcomes are read: the first ones of a larger job.
    pub copies_max: u32,
    /// The largest number of copies whose outcomes are read by one call of the port.
    pub copies_per_read_max: u32,
    /// The longest output that is read, in bytes. A longer output is not compared.
    pub output_bytes_max: u64,
    /// Whether an output that cannot be read counts as not kept. Otherwise the error of the port is returned.
    pub skips_unreadable_outputs: bool,
}

/// An explanation, and the part of the job that it is based on.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The explanation.
    pub explanation: Explanation,
    /// The number of copies whose outcomes were read: of a very large job, the first ones.
    pub copies_read: u32,
}

/// A function that is called with the two outputs of each compared pair, the reference first, to judge them in
/// another way.
pub type Judge<'a> = &'a mut (dyn FnMut([&[u8]; 2]) + Send);

/// Reads the outcomes of a job, explains them at `level`, and compares the outputs of its classes by `options`. With
/// tolerances or a `judge`, every class whose output was kept is compared.
///
/// # Errors
/// When a port fails.
pub async fn gather<L: ReadOutcomes + ReadOutput + Sync>(
    ledger: &L,
    job: &Job,
    limits: &GatherLimits,
    level: Level,
    options: &Options,
    mut judge: Option<Judge<'_>>,
) -> PortResult<Gathered> {
    let (outcomes, copies_read) =
        first_outcomes(ledger, job, limits.copies_max, limits.copies_per_read_max).await?;
    // Until a job has ended, another copy may still give another output.
    let is_partial = copies_read < job.state.copies() || job.state.ended_at().is_none();
    let mut explanation = Explanation::of(job, &outcomes, level).partial(is_partial);
    drop(outcomes);
    for pair in explanation.pairs(options.tolerances.is_some() || judge.is_some()) {
        let outputs = read_pair(ledger, &job.spec.job, &explanation, &pair, limits).await?;
        let outputs = outputs.as_ref().map(|[left, right]| [&left[..], &right[..]]).map_err(Clone::clone);
        if let (Ok(outputs), Some(judge)) = (&outputs, &mut judge) {
            judge(*outputs);
        }
        explanation.compare(&pair, outputs, options);
    }
    Ok(Gathered { explanation, copies_read })
}

/// The outcomes of the first copies of a job, at most `copies_max`, and the number of these copies. One call of the
/// port reads at most `copies_per_read_max` copies.
///
/// # Errors
/// When the port fails.
pub async fn first_outcomes<L: ReadOutcomes>(
    ledger: &L,
    job: &Job,
    copies_max: u32,
    copies_per_read_max: u32,
) -> PortResult<(Vec<Outcome>, u32)> {
    let copies = job.state.copies().min(copies_max);
    let mut outcomes = Vec::new();
    for range in copy_ranges(0..copies, copies_per_read_max) {
        outcomes.extend(ledger.read_outcomes(&job.spec.job, range).await?);
    }
    Ok((outcomes, copies))
}

/// The two outputs of a pair, or the reason why one of them is missing.
async fn read_pair<L: ReadOutput>(
    ledger: &L,
    job: &JobId,
    explanation: &Explanation,
    pair: &OutputPair,
    limits: &GatherLimits,
) -> PortResult<Result<[Vec<u8>; 2], String>> {
    for label in [&pair.reference, &pair.class] {
        if explanation.bytes(label).is_some_and(|bytes| bytes > limits.output_bytes_max) {
            return Ok(Err(format!(
                "the output of {label} is larger than {} bytes, too large to be compared",
                limits.output_bytes_max
            )));
        }
    }
    let mut outputs = Vec::with_capacity(2);
    for (label, digest) in [(&pair.reference, pair.reference_digest), (&pair.class, pair.class_digest)] {
        let output = match ledger.read_output(job, digest).await {
            Err(_) if limits.skips_unreadable_outputs => None,
            read => read?,
        };
        match output {
            Some(output) => outputs.push(output),
            None => return Ok(Err(format!("the output of {label} was not kept"))),
        }
    }
    let [left, right] = [outputs.remove(0), outputs.remove(0)];
    Ok(Ok([left, right]))
}

#[cfg(test)]
mod tests;
