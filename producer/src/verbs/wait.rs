use concord_local::Store;

use super::open;
use crate::args::WaitArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::watch;

/// Works until the named jobs, or all unfinished ones, have ended.
pub(crate) fn run(args: &WaitArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    if !args.names.is_empty() {
        let (store, jobs) = open(settings, &args.names)?;
        return watch::watch(&store, &jobs, args.work, settings, printer);
    }
    let store = settings.open_store()?;
    let jobs = store.as_ref().map(Store::open_jobs).transpose()?.unwrap_or_default();
    match store {
        Some(store) if !jobs.is_empty() => watch::watch(&store, &jobs, args.work, settings, printer),
        _ => {
            printer.say("no job is unfinished");
            Ok(Exit::DONE)
        }
    }
}
