use concord_protocol::JobId;

use super::{function, open};
use crate::args::WaitArgs;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::home::Home;
use crate::printer::Printer;
use crate::settings::Settings;
use crate::stack::Stack;
use crate::watch::{self, Work};

/// Works until the named jobs, or all unfinished ones, have ended.
pub(crate) fn run(args: &WaitArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    if !args.names.is_empty() {
        let (home, jobs) = open(settings, &args.names)?;
        return work(&home, &jobs, args, settings, printer);
    }
    let home = settings.open_home()?;
    let jobs = home.as_ref().map(Home::open_jobs).transpose()?.unwrap_or_default();
    match home {
        Some(home) if !jobs.is_empty() => work(&home, &jobs, args, settings, printer),
        _ => {
            printer.say("no job is unfinished");
            Ok(Exit::DONE)
        }
    }
}

fn work(
    home: &Home,
    jobs: &[JobId],
    args: &WaitArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Fault> {
    let aws = function::of_jobs(home, jobs, &settings.aws, |job| job.state.ended_at.is_none())?;
    if let Some(stack) = home.stack() {
        jobs.iter().try_for_each(|id| warn_of_missing(home, stack, id, printer))?;
    }
    watch::watch(home, jobs, &Work { args: &args.work, aws }, settings, printer)
}

/// A submit that was interrupted may have left copies that nobody will run.
fn warn_of_missing(home: &Home, stack: &Stack, id: &JobId, printer: &Printer) -> Result<(), Fault> {
    if let Some(job) = home.read_job(id)?
        && job.state.ended_at.is_none()
        && !stack.is_enqueued(&job)?
    {
        printer.say(&format!(
            "not all copies of {id} are on the queue yet\n hint: unless a submit is at it, producer retry {id}{} puts \
             the rest there",
            stack.flags
        ));
    }
    Ok(())
}
