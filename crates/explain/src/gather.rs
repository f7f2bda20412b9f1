//! Reads what an explanation of a job needs over the ports: the outcomes, and the outputs to compare.

mod artifacts;
mod outputs;

use concord_difference::Options;
use concord_protocol::ports::{PortResult, ReadOutcomes, ReadOutput};
use concord_protocol::{Job, Outcome, copy_ranges};
use concord_statistics::Level;

use crate::explanation::Explanation;
use artifacts::compare_artifacts;
use outputs::OutputReader;

pub use outputs::{GatherLimits, Judge};

/// An explanation, and the part of the job that it is based on.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The explanation.
    pub explanation: Explanation,
    /// The number of copies whose outcomes were read: of a very large job, the first ones.
    pub copies_read: u32,
}

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

#[cfg(test)]
mod tests;
