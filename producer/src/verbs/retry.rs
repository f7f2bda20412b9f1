use concord_protocol::ports::{ReadJob, ReadTally};
use concord_protocol::{Cause, Job, JobId};

use super::{function, open, replace_all};
use crate::args::RetryArgs;
use crate::backend::Backend;
use crate::conclude::{conclude, gone};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::stack::Stack;
use crate::wait::stack::{Listening, enqueue};
use crate::wait::{self, Work, wait};

/// Starts a new round of ended jobs, for their copies without a digest.
pub(crate) async fn run(args: &RetryArgs, settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    let (backend, jobs) = open(settings, &args.names).await?;
    if let Some(stack) = backend.stack() {
        return retry_in(&backend, stack, &jobs, args, settings, printer).await;
    }
    for id in &jobs {
        has_something_to_run(&backend, id).await?;
    }
    // Nothing runs later that cannot be called now.
    let aws =
        if args.detach { None } else { function::of_jobs(&backend, &jobs, &settings.aws, |_| true).await? };
    let replaced = replace_all(&backend, &jobs, |job| job.retried(settings.clock.now())).await;
    replaced.map_err(|fault| {
        fault.hint("producer status shows how a job stands; producer wait works on a running one")
    })?;
    if args.detach {
        conclude(&backend, &jobs, settings, printer).await?;
        return Ok(Exit::DONE);
    }
    wait(&backend, &jobs, &Work { args: &args.work, aws }, settings, printer).await
}

/// In a stack: a new round of the jobs that have ended, and for the others what is not on the queue yet.
async fn retry_in(
    backend: &Backend,
    stack: &Stack,
    jobs: &[JobId],
    args: &RetryArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let (mut ended, mut open) = (Vec::new(), Vec::new());
    for id in jobs {
        let job = backend.read_job(id).await?.ok_or_else(|| gone(id))?;
        let again = stack.refold(&job).await?;
        if again > 0 {
            printer.say(&format!("{id}: outcomes that no tally had, and that are folded again: {again}"));
        }
        if job.state.ended_at().is_some() { ended.push(id.clone()) } else { open.push(job) }
    }
    for job in &open {
        if stack.is_enqueued(job).await? {
            let id = &job.spec.job;
            return Err(CliError::usage_text(format!(
                "job {id} is running, and all its copies are on the queue"
            ))
            .hint(format!("producer wait {id}{} waits for it", stack.flags)));
        }
    }
    for id in &ended {
        has_something_to_run(backend, id).await?;
    }
    replace_all(backend, &ended, |job| job.retried(settings.clock.now())).await?;
    let listening = Listening::start()?;
    if !enqueue(backend, stack, jobs, &listening.interrupt, printer).await? {
        return Ok(Exit::Interrupted);
    }
    if args.detach {
        conclude(backend, jobs, settings, printer).await?;
        return Ok(Exit::DONE);
    }
    wait::stack::wait(backend, stack, jobs, &listening, settings, printer).await
}

async fn has_something_to_run(backend: &Backend, id: &JobId) -> Result<(), CliError> {
    let produced = backend.read_tally(id).await?.produced();
    match backend.read_job(id).await? {
        Some(job) if produced >= job.state.copies() && !may_grow(&job) => Err(CliError::usage_text(format!(
            "job {id}: every copy gave a digest, so there is nothing to run again"
        ))),
        _ => Ok(()),
    }
}

/// Whether a retry has the job extended: its copies agree, in too few sandboxes, and it may have more of them.
fn may_grow(job: &Job) -> bool {
    job.state.cause() == Some(Cause::Coverage) && job.state.copies() < job.spec.policy.copies_max
}
