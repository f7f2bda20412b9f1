use super::{open, replace_all};
use crate::args::JobsArgs;
use crate::conclude::conclude;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;

/// Ends jobs for good. The processes that run copies of them see it and kill those.
pub(crate) async fn run(args: &JobsArgs, settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    let (backend, jobs) = open(settings, &args.names).await?;
    replace_all(&backend, &jobs, |job| job.cancelled(settings.clock.now())).await?;
    conclude(&backend, &jobs, settings, printer).await?;
    Ok(Exit::DONE)
}
