use std::sync::Arc;

use concord_protocol::ports::{ReadGolden, ReadOutput, ReadTally, WriteGolden};
use concord_protocol::{Digest, Golden, Job, JobId, Manifest};
use serde::Serialize;

use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::named::{open, read};
use crate::printer::Printer;
use crate::render::words::short;
use crate::settings::Settings;

/// A result that was accepted.
#[derive(Serialize)]
struct Accepted {
    job: JobId,
    calculation: String,
    payload_digest: Digest,
    digest: Digest,
    /// The golden digest before, if it was another one.
    replaced: Option<Digest>,
    /// Whether the output, or the list of its artifacts, is stored too. It explains later differences.
    output_kept: bool,
    /// How many artifacts have their contents stored too.
    artifacts_kept: usize,
}

/// Makes the results of jobs the golden ones of their calculations and payloads.
pub(crate) async fn run(names: &[String], settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    let (backend, ids) = open(settings, names).await?;
    // All or none: nothing is accepted before every job was checked.
    let mut goldens = Vec::with_capacity(ids.len());
    for id in &ids {
        goldens.push(golden(&backend, id, settings).await?);
    }
    for golden in goldens {
        let before = backend.read_golden(&golden.key).await?;
        // First, so that a result that can be read has them.
        let artifacts_kept = keep_artifacts(&backend, &golden).await?;
        backend.write_golden(golden.clone()).await?;
        let accepted = Accepted {
            replaced: before.map(|before| before.digest).filter(|digest| *digest != golden.digest),
            output_kept: golden.output.is_some(),
            artifacts_kept,
            job: golden.job,
            calculation: golden.key.calculation,
            payload_digest: golden.key.payload_digest,
            digest: golden.digest,
        };
        printer.result(&accepted, line)?;
    }
    Ok(Exit::DONE)
}

fn line(accepted: &Accepted) -> String {
    let digest = short(&accepted.digest);
    let mut line = format!("golden  {digest}  {}", accepted.calculation);
    if let Some(replaced) = &accepted.replaced {
        line = format!("{line}\n  in place of {}", short(replaced));
    }
    format!("{line}\n  producer submit --golden expects it of the same calculation and payload\n")
}

async fn golden(backend: &Backend, id: &JobId, settings: &Settings) -> Result<Golden, CliError> {
    let job = read(backend, id).await?;
    let digest = only_digest(backend, &job).await?;
    Ok(Golden {
        key: job.spec.golden_key(),
        digest,
        job: id.clone(),
        accepted_at: settings.clock.now(),
        output: backend.read_output(id, digest).await?.map(Arc::from),
    })
}

/// Stores the contents of the artifacts that the job kept, and counts them.
async fn keep_artifacts(backend: &Backend, golden: &Golden) -> Result<usize, CliError> {
    let mut kept = 0;
    if !read(backend, &golden.job).await?.spec.policy.artifacts.is_empty()
        && let Some(list) = &golden.output
    {
        for artifact in Manifest::parse(list).unwrap_or_default().artifacts() {
            if let Some(bytes) = backend.read_output(&golden.job, artifact.digest).await? {
                let key = golden.key.of_artifact(&artifact.name);
                let output = Some(Arc::from(bytes));
                let content = Golden { key, digest: artifact.digest, output, ..golden.clone() };
                backend.write_golden(content).await?;
                kept += 1;
            }
        }
    }
    Ok(kept)
}

/// The digest that every copy gave.
async fn only_digest(backend: &Backend, job: &Job) -> Result<Digest, CliError> {
    let Job { spec, state } = job;
    let tally = backend.read_tally(&spec.job).await?;
    match &tally.digests()[..] {
        [only] if only.copies == state.copies() => Ok(only.digest),
        digests => {
            let (id, verdict) = (&spec.job, state.verdict());
            let words = format!(
                "job {id} cannot be accepted: it is {verdict}, with {} distinct digests from {} of {} copies",
                digests.len(),
                tally.produced(),
                state.copies()
            );
            Err(CliError::usage_text(words)
                .hint("every copy must have given the same digest; producer explain shows which did not"))
        }
    }
}
