//! Reads what an explanation of a job needs over the ports: the outcomes, and the outputs to compare.

mod artifacts;
mod outputs;
mod sample;

use std::ops::Range;

use concord_difference::Options;
use concord_protocol::ports::{PortResult, ReadOutcomes, ReadOutput, ReadTally};
use concord_protocol::{Job, Outcome, copy_ranges};

use crate::census::Census;
use crate::explanation::Explanation;
use artifacts::compare_artifacts;
use outputs::OutputReader;
use sample::sample;

pub use outputs::{GatherLimits, Judge};
pub use sample::SampleLimits;

/// An explanation, and the part of the job that it is based on.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The explanation.
    pub explanation: Explanation,
    /// The number of copies whose outcomes were read: of a very large job, a sample.
    pub copies_read: u32,
}

/// Reads the outcomes of a job, explains them, and compares the outputs of its classes by `options`. With
/// tolerances or a `judge`, every class whose output was kept is compared.
///
/// # Errors
/// When a port fails.
pub async fn gather<L: ReadTally + ReadOutcomes + ReadOutput + Sync>(
    ledger: &L,
    job: &Job,
    limits: &GatherLimits,
    options: &Options,
    mut judge: Option<Judge<'_>>,
) -> PortResult<Gathered> {
    let SampledOutcomes { outcomes, copies_read, census } =
        sampled_outcomes(ledger, job, &limits.sample, limits.copies_per_read_max).await?;
    let mut explanation = Explanation::of(job, outcomes, census.as_ref());
    let reader = OutputReader { ledger, job: &job.spec.job, limits };
    if job.spec.policy.artifacts.is_empty() {
        for pair in explanation.pairs(options.tolerances.is_some() || judge.is_some()) {
            let outputs = reader.pair(&explanation, &pair).await?;
            let outputs = outputs.as_ref().map(|[left, right]| [&left[..], &right[..]]).map_err(Clone::clone);
            if let (Ok(outputs), Some(judge)) = (&outputs, &mut judge) {
                judge(*outputs);
            }
            explanation.compare(&pair, outputs, options);
        }
    } else {
        compare_artifacts(&reader, &mut explanation, options, judge).await?;
    }
    Ok(Gathered { explanation, copies_read })
}

/// The outcomes of a job, or of a sample of its copies.
#[derive(Clone, Debug)]
pub struct SampledOutcomes {
    /// The outcomes, by copy; a differing second one follows the first.
    pub outcomes: Vec<Outcome>,
    /// The number of copies whose outcomes were read.
    pub copies_read: u32,
    /// The counts of the whole job, if only a part was read.
    pub census: Option<Census>,
}

/// Reads the outcomes of a job, or of a sample within `limits` if the job is larger. One call of the port reads at most
/// `copies_per_read_max` copies.
///
/// # Errors
/// When a port fails.
pub async fn sampled_outcomes<L: ReadTally + ReadOutcomes + Sync>(
    ledger: &L,
    job: &Job,
    limits: &SampleLimits,
    copies_per_read_max: u32,
) -> PortResult<SampledOutcomes> {
    let copies = job.state.copies();
    let count = |ranges: &[Range<u32>]| ranges.iter().map(|range| range.end - range.start).sum();
    let (ranges, census) = if copies <= limits.copies_max {
        (std::iter::once(0..copies).collect(), None)
    } else {
        let tally = ledger.read_tally(&job.spec.job).await?;
        let ranges = sample(&tally, copies, job.state.round(), limits);
        let census = Census::of(job, &tally, count(&ranges), limits.keeps_order());
        (ranges, Some(census))
    };
    let copies_read = count(&ranges);
    let mut outcomes = Vec::new();
    for range in ranges.into_iter().flat_map(|range| copy_ranges(range, copies_per_read_max)) {
        let read = ledger.read_outcomes(&job.spec.job, range).await?;
        if outcomes.is_empty() {
            outcomes = read;
        } else {
            outcomes.extend(read);
        }
    }
    Ok(SampledOutcomes { outcomes, copies_read, census })
}

#[cfg(test)]
mod tests;
