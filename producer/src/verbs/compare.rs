use concord_explain::between;
use concord_protocol::Job;
use concord_protocol::ports::{ReadOutput, ReadTally};

use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::gather::{Comparing, outcomes};
use crate::named::{find, open_to_read, read};
use crate::printer::Printer;
use crate::render;
use crate::render::words::calculation;
use crate::result::comparison::{Compared, Side};
use crate::settings::{ComparingSettings, Settings};

/// Compares two jobs.
pub(crate) async fn run(
    names: [&String; 2],
    wanted: &ComparingSettings,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let comparing = Comparing::new(wanted, settings)?;
    let (backend, _) = open_to_read(settings, std::slice::from_ref(names[0])).await?;
    let reference = named(&backend, names[0]).await?;
    let other = named(&backend, names[1]).await?;
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
    let outcomes = (outcomes(&backend, &reference).await?, outcomes(&backend, &other).await?);
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
    printer.result(&compared, render::comparison::comparison)?;
    Ok(match (compared.same, compared.equivalent) {
        (Some(true), _) | (Some(false), Some(true)) => Exit::Reproducible,
        (Some(false), _) => Exit::Divergent,
        (None, _) => Exit::Inconclusive,
    })
}

/// The job that `name` stands for.
async fn named(backend: &Backend, name: &str) -> Result<Job, CliError> {
    let ids = find(backend, &[name.to_owned()]).await?;
    match &ids[..] {
        [id] => read(backend, id).await,
        several => Err(CliError::usage_text(format!("{name:?} is a submission of {} jobs", several.len()))
            .hint("name one of its jobs, such as the first: its id ends in .0")),
    }
}

async fn side(backend: &Backend, job: &Job) -> Result<Side, CliError> {
    let tally = backend.read_tally(&job.spec.job).await?;
    let digests = tally.digests();
    Ok(Side {
        job: job.spec.job.clone(),
        calculation: calculation(&job.spec.calculation),
        verdict: job.state.verdict(),
        copies: job.state.copies(),
        produced: tally.produced(),
        digest: digests.first().map(|count| count.digest),
        distinct_digests: digests.len(),
    })
}
