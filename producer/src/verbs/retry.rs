use concord_protocol::JobId;
use concord_protocol::ports::{ReadJob, ReadTally};
use futures::executor::block_on;

use super::{open, replace};
use crate::args::RetryArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::watch;

/// Starts a new round of ended jobs, for their copies without a digest.
pub(crate) fn run(args: &RetryArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    let (store, jobs) = open(settings, &args.names)?;
    let retried = |id: &JobId| {
        let tally = block_on(store.read_tally(id))?;
        if let Some(job) = block_on(store.read_job(id))?
            && tally.produced() == job.spec.copies
        {
            return Err(Fault::usage_text(format!(
                "job {id}: every copy gave a digest, so there is nothing to run again"
            )));
        }
        block_on(replace(&store, id, |job| job.retried(settings.clock.now()))).map_err(|fault| {
            fault.hint(format!(
                "producer status {id} shows how it stands; producer wait {id} works on a running job"
            ))
        })
    };
    jobs.iter().try_for_each(retried)?;
    if args.detach {
        watch::print(&store, &jobs, settings, printer)?;
        return Ok(Exit::DONE);
    }
    watch::watch(&store, &jobs, args.work, settings, printer)
}
