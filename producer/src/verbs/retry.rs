use concord_protocol::{Cause, Job, JobId};

use super::{function, open, replace_all};
use crate::args::RetryArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::home::Home;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::stack::Stack;
use crate::watch::{self, Work};
use crate::watch_stack::{self, Wait};

/// Starts a new round of ended jobs, for their copies without a digest.
pub(crate) fn run(args: &RetryArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    let (home, jobs) = open(settings, &args.names)?;
    if let Some(stack) = home.stack() {
        return retry_in(&home, stack, &jobs, args, settings, printer);
    }
    jobs.iter().try_for_each(|id| has_something_to_run(&home, id))?;
    // Nothing runs later that cannot be called now.
    let aws = if args.detach { None } else { function::of_jobs(&home, &jobs, &settings.aws, |_| true)? };
    replace_all(&home, &jobs, |job| job.retried(settings.clock.now())).map_err(|fault| {
        fault.hint("producer status shows how a job stands; producer wait works on a running one")
    })?;
    if args.detach {
        watch::print(&home, &jobs, settings, printer)?;
        return Ok(Exit::DONE);
    }
    watch::watch(&home, &jobs, &Work { args: &args.work, aws }, settings, printer)
}

/// In a stack: a new round of the jobs that have ended, and for the others what is not on the queue yet.
fn retry_in(
    home: &Home,
    stack: &Stack,
    jobs: &[JobId],
    args: &RetryArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Fault> {
    let (mut ended, mut open) = (Vec::new(), Vec::new());
    for id in jobs {
        let job = home.read_job(id)?.ok_or_else(|| watch::gone(id))?;
        let again = stack.fold_again(&job)?;
        if again > 0 {
            printer.say(&format!("{id}: outcomes that no tally had, and that are folded again: {again}"));
        }
        if job.state.ended_at.is_some() { ended.push(id.clone()) } else { open.push(job) }
    }
    for job in &open {
        if stack.is_enqueued(job)? {
            let id = &job.spec.job;
            return Err(Fault::usage_text(format!(
                "job {id} is running, and all its copies are on the queue"
            ))
            .hint(format!("producer wait {id}{} waits for it", stack.flags)));
        }
    }
    ended.iter().try_for_each(|id| has_something_to_run(home, id))?;
    replace_all(home, &ended, |job| job.retried(settings.clock.now()))?;
    let wait = Wait::listen()?;
    if !watch_stack::enqueue(home, stack, jobs, &wait.interrupt, printer)? {
        return Ok(Exit::Interrupted);
    }
    if args.detach {
        watch::print(home, jobs, settings, printer)?;
        return Ok(Exit::DONE);
    }
    watch_stack::watch(home, stack, jobs, &wait, settings, printer)
}

fn has_something_to_run(home: &Home, id: &JobId) -> Result<(), Fault> {
    let produced = home.read_tally(id)?.produced();
    match home.read_job(id)? {
        Some(job) if produced >= job.state.copies && !may_grow(&job) => Err(Fault::usage_text(format!(
            "job {id}: every copy gave a digest, so there is nothing to run again"
        ))),
        _ => Ok(()),
    }
}

/// Whether a retry has the job extended: its copies agree, in too few sandboxes, and it may have more of them.
fn may_grow(job: &Job) -> bool {
    job.state.cause == Some(Cause::Coverage) && job.state.copies < job.spec.policy.copies_max
}
