use crate::error::CliError;
use crate::exit::Exit;
use crate::gather::Comparing;
use crate::named::{open_to_read, read};
use crate::printer::Printer;
use crate::render;
use crate::result::explanation::ExplainedJob;
use crate::settings::{ComparingSettings, Settings};

/// Explains jobs.
pub(crate) async fn run(
    names: &[String],
    wanted: &ComparingSettings,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let comparing = Comparing::new(wanted, settings)?;
    let (backend, ids) = open_to_read(settings, names).await?;
    for (place, id) in ids.iter().enumerate() {
        let explained =
            ExplainedJob::read(&backend, &read(&backend, id).await?, &comparing, &settings.clock).await?;
        printer.result(&explained, |explained| {
            let blank = if place > 0 { "\n" } else { "" };
            let verdict = printer.verdict(explained.verdict, 0);
            format!("{blank}{}", render::explanation::explanation(explained, &verdict))
        })?;
    }
    Ok(Exit::DONE)
}
