use super::open;
use crate::args::JobsArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::watch;

/// Prints how jobs stand.
pub(crate) fn run(args: &JobsArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    let (home, jobs) = open(settings, &args.names)?;
    watch::print(&home, &jobs, settings, printer)?;
    Ok(Exit::DONE)
}
