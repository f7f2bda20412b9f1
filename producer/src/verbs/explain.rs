use concord_protocol::JobId;
use concord_protocol::ports::ReadJob;

use super::{open, unknown};
use crate::args::{ExplainArgs, Format};
use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::explain::{self, Explained};
use crate::gather::Comparing;
use crate::printer::Printer;
use crate::settings::Settings;

/// Explains jobs.
pub(crate) async fn run(
    args: &ExplainArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let comparing = Comparing::of(&args.outputs, settings)?;
    let (backend, ids) = open(settings, &args.names).await?;
    for (place, id) in ids.iter().enumerate() {
        let explained = explained(&backend, id, &comparing, settings).await?;
        match printer.format {
            Format::Json => printer.json(&explained)?,
            Format::Text => {
                let blank = if place > 0 { "\n" } else { "" };
                printer.data(&format!(
                    "{blank}{}",
                    explain::text(&explained, &printer.verdict(explained.verdict, 0))
                ))?;
            }
        }
    }
    Ok(Exit::DONE)
}

/// A job, explained; with the tolerances that were given, or those of the job.
pub(super) async fn explained(
    backend: &Backend,
    id: &JobId,
    comparing: &Comparing,
    settings: &Settings,
) -> Result<Explained, CliError> {
    let job = backend.read_job(id).await?.ok_or_else(|| unknown(id.as_str()))?;
    Explained::read(backend, &job, comparing, &settings.clock).await
}
