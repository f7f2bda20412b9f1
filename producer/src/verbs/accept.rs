use std::sync::Arc;

use concord_protocol::{Digest, Golden, Job, JobId};
use serde::Serialize;

use super::{open, unknown};
use crate::args::{Format, JobsArgs};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::home::Home;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::text;

/// What was accepted.
#[derive(Serialize)]
struct Accepted {
    job: JobId,
    calculation: String,
    payload_digest: Digest,
    digest: Digest,
    /// What was golden before, when that was another digest.
    replaced: Option<Digest>,
    /// Whether the output itself is kept, which a later difference is explained by.
    output_kept: bool,
}

/// Makes the results of jobs the golden ones of their calculations and payloads.
pub(crate) fn run(args: &JobsArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    let (home, ids) = open(settings, &args.names)?;
    // All or none: what cannot be accepted is found before anything is.
    let goldens: Vec<_> = ids.iter().map(|id| golden(&home, id, settings)).collect::<Result<_, _>>()?;
    for golden in goldens {
        let before = home.read_golden(&golden.key)?;
        home.write_golden(golden.clone())?;
        let accepted = Accepted {
            replaced: before.map(|before| before.digest).filter(|digest| *digest != golden.digest),
            output_kept: golden.output.is_some(),
            job: golden.job,
            calculation: golden.key.calculation,
            payload_digest: golden.key.payload_digest,
            digest: golden.digest,
        };
        match printer.format {
            Format::Json => printer.json(&accepted)?,
            Format::Text => printer.data(&line(&accepted))?,
        }
    }
    Ok(Exit::DONE)
}

fn line(accepted: &Accepted) -> String {
    let digest = text::short(&accepted.digest);
    let mut line = format!("golden  {digest}  {}", accepted.calculation);
    if let Some(replaced) = &accepted.replaced {
        line = format!("{line}\n  in place of {}", text::short(replaced));
    }
    format!("{line}\n  producer submit --golden expects it of the same calculation and payload\n")
}

fn golden(home: &Home, id: &JobId, settings: &Settings) -> Result<Golden, Fault> {
    let job = home.read_job(id)?.ok_or_else(|| unknown(id.as_str()))?;
    let digest = only_digest(home, &job)?;
    Ok(Golden {
        key: job.spec.golden_key(),
        digest,
        job: id.clone(),
        accepted_at: settings.clock.now(),
        output: home.read_output(id, digest)?.map(Arc::from),
    })
}

/// The digest that every copy gave.
fn only_digest(home: &Home, job: &Job) -> Result<Digest, Fault> {
    let Job { spec, state } = job;
    let tally = home.read_tally(&spec.job)?;
    match &tally.digests()[..] {
        [only] if only.copies == state.copies => Ok(only.digest),
        digests => {
            let (id, verdict) = (&spec.job, state.verdict);
            let words = format!(
                "job {id} cannot be accepted: it is {verdict}, with {} distinct digests from {} of {} copies",
                digests.len(),
                tally.produced(),
                state.copies
            );
            Err(Fault::usage_text(words).hint(
                "a golden result is one that every copy of a job gave: producer explain says why it is none",
            ))
        }
    }
}
