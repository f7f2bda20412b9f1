use crate::conclude::conclude;
use crate::error::CliError;
use crate::exit::Exit;
use crate::named::open;
use crate::printer::Printer;
use crate::replace::replace_all;
use crate::settings::Settings;

/// Ends jobs for good. Processes that run copies of these jobs notice it and kill the copies.
pub(crate) async fn run(names: &[String], settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    let (backend, jobs) = open(settings, names).await?;
    replace_all(&backend, &jobs, |job| job.cancelled(backend.now(&settings.clock))).await?;
    conclude(&backend, &jobs, settings, printer).await?;
    Ok(Exit::DONE)
}
