use concord_local::Store;
use concord_protocol::JobId;
use concord_protocol::ports::{ReadJob, ReadTally};
use futures::executor::block_on;

use super::{open, replace_all};
use crate::args::RetryArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::watch;

/// Starts a new round of ended jobs, for their copies without a digest.
pub(crate) fn run(args: &RetryArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    let (store, jobs) = open(settings, &args.names)?;
    jobs.iter().try_for_each(|id| has_something_to_run(&store, id))?;
    replace_all(&store, &jobs, |job| job.retried(settings.clock.now())).map_err(|fault| {
        fault.hint("producer status shows how a job stands; producer wait works on a running one")
    })?;
    if args.detach {
        watch::print(&store, &jobs, settings, printer)?;
        return Ok(Exit::DONE);
    }
    watch::watch(&store, &jobs, args.work, settings, printer)
}

fn has_something_to_run(store: &Store, id: &JobId) -> Result<(), Fault> {
    let produced = block_on(store.read_tally(id))?.produced();
    match block_on(store.read_job(id))? {
        Some(job) if produced == job.spec.copies => Err(Fault::usage_text(format!(
            "job {id}: every copy gave a digest, so there is nothing to run again"
        ))),
        _ => Ok(()),
    }
}
