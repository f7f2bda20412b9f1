use concord_protocol::JobId;
use concord_protocol::ports::ReadJob;

use super::{function, open};
use crate::args::WaitArgs;
use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::stack::Stack;
use crate::wait::{Work, wait};

/// Works until the named jobs, or all unfinished ones, have ended.
pub(crate) async fn run(args: &WaitArgs, settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    if !args.names.is_empty() {
        let (backend, jobs) = open(settings, &args.names).await?;
        return work(&backend, &jobs, args, settings, printer).await;
    }
    if let Some(backend) = Backend::open(settings).await? {
        let jobs = backend.open_jobs().await?;
        if !jobs.is_empty() {
            return work(&backend, &jobs, args, settings, printer).await;
        }
    }
    printer.say("no job is unfinished");
    Ok(Exit::DONE)
}

async fn work(
    backend: &Backend,
    jobs: &[JobId],
    args: &WaitArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let aws = function::of_jobs(backend, jobs, &settings.aws, |job| job.state.ended_at().is_none()).await?;
    if let Some(stack) = backend.stack() {
        for id in jobs {
            warn_of_missing(backend, stack, id, printer).await?;
        }
    }
    wait(backend, jobs, &Work { args: &args.work, aws }, settings, printer).await
}

/// A submit that was interrupted may have left copies that nobody will run.
async fn warn_of_missing(
    backend: &Backend,
    stack: &Stack,
    id: &JobId,
    printer: &Printer,
) -> Result<(), CliError> {
    if let Some(job) = backend.read_job(id).await?
        && job.state.ended_at().is_none()
        && !stack.is_enqueued(&job).await?
    {
        printer.say(&format!(
            "not all copies of {id} are on the queue yet\n hint: unless a submit is at it, producer retry {id}{} puts \
             the rest there",
            stack.flags
        ));
    }
    Ok(())
}
