use concord_protocol::JobId;
use concord_protocol::ports::{ListOpenJobs, ReadJob};

use crate::aws::Stack;
use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::functions;
use crate::named::open;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::wait::wait;

/// Works until the named jobs have ended, or all unfinished jobs if none is named.
pub(crate) async fn run(names: &[String], settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    if !names.is_empty() {
        let (backend, jobs) = open(settings, names).await?;
        return work(&backend, &jobs, settings, printer).await;
    }
    if let Some(backend) = Backend::open(settings).await? {
        let jobs = backend.list_open_jobs().await?;
        if !jobs.is_empty() {
            return work(&backend, &jobs, settings, printer).await;
        }
    }
    printer.say("no job is unfinished");
    Ok(Exit::DONE)
}

async fn work(
    backend: &Backend,
    jobs: &[JobId],
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let aws = functions::of_jobs(backend, jobs, &settings.aws, |job| job.state.ended_at().is_none()).await?;
    if let Some(stack) = backend.stack() {
        for id in jobs {
            warn_of_missing(backend, stack, id, printer).await?;
        }
    }
    wait(backend, jobs, aws.as_ref(), settings, printer).await
}

/// Warns of copies that are not on the queue: an interrupted submit may have left them.
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
            "not all copies of {id} are on the queue yet\n hint: if no submit is still sending them, producer retry \
             {id}{} sends the rest",
            stack.flags
        ));
    }
    Ok(())
}
