use concord_local::Store;

use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::progress::Progress;
use crate::render::store_report::store_report;
use crate::result::store_report::StoreReport;
use crate::settings::Settings;
use crate::warning::Warning;

/// Checks every row of the store, and prints what is damaged.
pub(crate) fn run(settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    if settings.stack.is_some() {
        let error = CliError::usage_text("check-store checks a store of this machine, not a stack");
        return Err(error.hint("name the store with --store PATH; producer doctor checks a stack"));
    }
    if !settings.store.try_exists().unwrap_or(true) {
        let at = settings.store.display();
        let error = CliError::usage_text(format!("there is no store at {at}"));
        return Err(error.hint("name the store with --store PATH"));
    }
    let store = Store::open_to_read(&settings.store, settings.opening.clone())?;
    let mut progress = Progress::new(printer);
    let checked = store.check(|table, rows| progress.checked(table, rows));
    progress.clear();
    let report = StoreReport::new(store.path(), checked);
    printer.result(&report, store_report)?;
    if report.whole {
        return Ok(Exit::DONE);
    }
    let text = "jobs with a damage get no verdict from this store".to_owned();
    let hint =
        "keep a copy of the file; submit these jobs again under another name, or with another --store PATH";
    printer.warn(&Warning { text, hint: hint.to_owned() });
    Ok(Exit::Failed)
}
