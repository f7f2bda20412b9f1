use concord_protocol::JobId;

use super::{open, unknown};
use crate::args::{ExplainArgs, Format};
use crate::exit::Exit;
use crate::explain::{self, Comparing, Explained};
use crate::fault::Fault;
use crate::home::Home;
use crate::printer::Printer;
use crate::settings::Settings;

/// Explains jobs.
pub(crate) fn run(args: &ExplainArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    let comparing = Comparing::new(&args.outputs, settings)?;
    let (home, ids) = open(settings, &args.names)?;
    for (place, id) in ids.iter().enumerate() {
        let explained = explained(&home, id, &comparing, settings)?;
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
pub(super) fn explained(
    home: &Home,
    id: &JobId,
    comparing: &Comparing,
    settings: &Settings,
) -> Result<Explained, Fault> {
    let job = home.read_job(id)?.ok_or_else(|| unknown(id.as_str()))?;
    Explained::read(home, &job, comparing, &settings.clock)
}
