use crate::conclude::conclude;
use crate::error::CliError;
use crate::exit::Exit;
use crate::named::open_to_read;
use crate::printer::Printer;
use crate::settings::Settings;

/// Prints the state of jobs.
pub(crate) async fn run(names: &[String], settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    let (backend, jobs) = open_to_read(settings, names).await?;
    conclude(&backend, &jobs, settings, printer).await?;
    Ok(Exit::DONE)
}
