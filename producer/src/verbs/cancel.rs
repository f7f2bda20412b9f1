use super::{open, replace_all};
use crate::args::JobsArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::watch;

/// Ends jobs for good. The processes that run copies of them see it and kill those.
pub(crate) fn run(args: &JobsArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    let (home, jobs) = open(settings, &args.names)?;
    replace_all(&home, &jobs, |job| job.cancelled(settings.clock.now()))?;
    watch::print(&home, &jobs, settings, printer)?;
    Ok(Exit::DONE)
}
