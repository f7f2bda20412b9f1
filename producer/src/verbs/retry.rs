use concord_protocol::ports::{ReadJob, ReadTally};
use concord_protocol::{Cause, Job, JobId};

use crate::aws::Stack;
use crate::backend::Backend;
use crate::conclude::conclude;
use crate::error::CliError;
use crate::exit::Exit;
use crate::functions;
use crate::named::{open, read};
use crate::printer::Printer;
use crate::render::words::counted;
use crate::replace::replace_all;
use crate::settings::Settings;
use crate::wait::stack::{Listening, enqueue};
use crate::wait::{self, wait};

/// Starts a new round of ended jobs for the copies that gave no digest.
pub(crate) async fn run(
    names: &[String],
    detach: bool,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let (backend, jobs) = open(settings, names).await?;
    if let Some(stack) = backend.stack() {
        return retry_in(&backend, stack, &jobs, detach, settings, printer).await;
    }
    for id in &jobs {
        has_something_to_run(&backend, id).await?;
    }
    // A function that cannot be called now is an error before the round starts.
    let aws =
        if detach { None } else { functions::of_jobs(&backend, &jobs, &settings.aws, |_| true).await? };
    let replaced = replace_all(&backend, &jobs, |job| job.retried(backend.now(&settings.clock))).await;
    replaced.map_err(|error| {
        error.hint("producer status shows how a job stands; producer wait works on a running one")
    })?;
    if detach {
        conclude(&backend, &jobs, settings, printer).await?;
        return Ok(Exit::DONE);
    }
    wait(&backend, &jobs, aws.as_ref(), settings, printer).await
}

/// Retries jobs in a stack: starts a new round of ended jobs, and enqueues the missing copies of the others.
async fn retry_in(
    backend: &Backend,
    stack: &Stack,
    jobs: &[JobId],
    detach: bool,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let (mut ended, mut open) = (Vec::new(), Vec::new());
    for id in jobs {
        let job = read(backend, id).await?;
        let refolded = stack.refold(&job).await?;
        if refolded > 0 {
            let one = "outcome was missing in the tallies and is folded again";
            let many = "outcomes were missing in the tallies and are folded again";
            printer.say(&format!("{id}: {}", counted(refolded, one, many)));
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
    replace_all(backend, &ended, |job| job.retried(backend.now(&settings.clock))).await?;
    let listening = Listening::start()?;
    if !enqueue(backend, stack, jobs, &listening.interrupt, printer).await? {
        return Ok(Exit::Interrupted);
    }
    if detach {
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

/// Whether a retry extends the job: its copies agree, in too few sandboxes, and the job may have more copies.
fn may_grow(job: &Job) -> bool {
    job.state.cause() == Some(Cause::Coverage) && job.state.copies() < job.spec.policy.copies_max
}
