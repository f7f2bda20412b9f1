use concord_difference::Comparison;
use concord_explain::{Attribution, between};
use concord_protocol::ports::{ReadJob, ReadOutput, ReadTally};
use concord_protocol::{Digest, Job, JobId, Verdict};
use serde::Serialize;

use super::{open, unknown};
use crate::args::{CompareArgs, Format};
use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::explain;
use crate::gather::{Comparing, outcomes};
use crate::printer::Printer;
use crate::settings::Settings;

/// Two jobs, compared.
#[derive(Serialize)]
pub(crate) struct Compared {
    /// The job that is compared with.
    pub(crate) reference: Side,
    /// The job that is compared.
    pub(crate) other: Side,
    /// Whether both had the same payload: otherwise a difference is no surprise.
    pub(crate) same_payload: bool,
    /// Whether each gave one digest and the two are equal; absent when one of them did not give one.
    pub(crate) same: Option<bool>,
    /// Whether the outputs are within the tolerances, where some were given and the outputs are there.
    pub(crate) equivalent: Option<bool>,
    /// The facts that differ between the two: all runs of the reference are class A, all of the other class B.
    pub(crate) attribution: Attribution,
    /// How far the most frequent outputs differ.
    pub(crate) comparison: Option<Comparison>,
    /// Why there is no comparison, where the digests differ.
    pub(crate) unavailable: Option<String>,
}

/// One of the two.
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
    fn is_whole(&self) -> bool {
        self.distinct_digests == 1 && self.produced == self.copies
    }
}

/// Compares two jobs.
pub(crate) async fn run(
    args: &CompareArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let comparing = Comparing::of(&args.outputs, settings)?;
    let (backend, _) = open(settings, std::slice::from_ref(&args.reference)).await?;
    let reference = named(&backend, &args.reference).await?;
    let other = named(&backend, &args.other).await?;
    let (left, right) = (side(&backend, &reference).await?, side(&backend, &other).await?);
    let same = (left.is_whole() && right.is_whole()).then(|| left.digest == right.digest);
    let (mut comparison, mut unavailable, mut judged) = (None, None, None);
    if let (Some(one), Some(two)) = (left.digest, right.digest)
        && one != two
    {
        match (backend.read_output(&left.job, one).await?, backend.read_output(&right.job, two).await?) {
            (Some(one), Some(two)) => {
                judged = comparing.judge([&one, &two])?;
                comparison = Some(concord_difference::compare(&one, &two, &comparing.flags_only(&reference)));
            }
            _ => unavailable = Some("an output was not kept".to_owned()),
        }
    }
    let outcomes = (outcomes(&backend, &reference).await?.0, outcomes(&backend, &other).await?.0);
    let compared = Compared {
        same_payload: reference.spec.payload_digest == other.spec.payload_digest,
        same,
        equivalent: judged.or_else(|| comparison.as_ref().and_then(|comparison| comparison.equivalent)),
        attribution: between(&outcomes.0, &outcomes.1),
        comparison,
        unavailable,
        reference: left,
        other: right,
    };
    match printer.format {
        Format::Json => printer.json(&compared)?,
        Format::Text => printer.data(&explain::compared_text(&compared))?,
    }
    Ok(match (compared.same, compared.equivalent) {
        (Some(true), _) | (Some(false), Some(true)) => Exit::Reproducible,
        (Some(false), _) => Exit::Divergent,
        (None, _) => Exit::Inconclusive,
    })
}

/// The one job that a name means.
async fn named(backend: &Backend, name: &str) -> Result<Job, CliError> {
    let ids = super::find(backend, &[name.to_owned()]).await?;
    match &ids[..] {
        [id] => backend.read_job(id).await?.ok_or_else(|| unknown(name)),
        several => Err(CliError::usage_text(format!("{name:?} is a submission of {} jobs", several.len()))
            .hint("name one of its jobs, such as the first: its id ends in .0")),
    }
}

async fn side(backend: &Backend, job: &Job) -> Result<Side, CliError> {
    let tally = backend.read_tally(&job.spec.job).await?;
    let digests = tally.digests();
    Ok(Side {
        job: job.spec.job.clone(),
        calculation: crate::text::calculation(&job.spec.calculation),
        verdict: job.state.verdict(),
        copies: job.state.copies(),
        produced: tally.produced(),
        digest: digests.first().map(|count| count.digest),
        distinct_digests: digests.len(),
    })
}
