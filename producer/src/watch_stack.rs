//! Waits until the jobs that a stack works on have ended.

use std::sync::Arc;
use std::time::Duration;

use concord_protocol::{Job, JobId};
use tokio::sync::Notify;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::home::Home;
use crate::interrupt::Interrupt;
use crate::printer::Printer;
use crate::progress::{LINES_MAX, Progress};
use crate::settings::Settings;
use crate::stack::Stack;
use crate::watch;

/// The pause before the second look at the jobs.
const PAUSE_MIN: Duration = Duration::from_millis(500);

/// The pause between two looks, at most. Each look reads the jobs that are waited for, a few at a time: an hour of
/// waiting for one job costs some 250 looks of two reads, which is a hundredth of a cent.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// Jobs that are read at one look, unless those before them have ended.
const LOOKED_AT_MAX: usize = 50;

/// Puts the copies of jobs on the stack's queue, as far as they are not there, and gives whether all are: not when the
/// user interrupted.
pub(crate) fn enqueue(
    home: &Home,
    stack: &Stack,
    jobs: &[JobId],
    interrupt: &Interrupt,
    printer: &Printer,
) -> Result<bool, Fault> {
    let mut progress = Progress::new(printer);
    let mut all = true;
    for id in jobs {
        let job = read(home, id)?;
        if job.state.ended_at.is_some() || stack.is_enqueued(&job)? {
            continue;
        }
        let sent = stack.enqueue(&job, |id, copies| {
            progress.enqueued(id, copies.end, job.state.copies);
            !interrupt.is_asked()
        });
        progress.finish(id);
        let helps = format!("producer retry {id}{} puts the rest there", stack.flags);
        all = sent.map_err(|fault| fault.hint(format!("some copies may not be on the queue: {helps}")))?;
        if !all {
            printer.say(&format!("interrupted while copies were put on the queue\n hint: {helps}"));
            break;
        }
    }
    progress.clear();
    Ok(all)
}

/// A wait that a signal ends.
pub(crate) struct Wait {
    pub(crate) interrupt: Interrupt,
    woken: Arc<Notify>,
}

impl Wait {
    /// Listens for signals from here on.
    pub(crate) fn listen() -> Result<Self, Fault> {
        let woken = Arc::new(Notify::new());
        let wakes = Arc::clone(&woken);
        Ok(Self { interrupt: Interrupt::listen(move || wakes.notify_one())?, woken })
    }

    /// Waits for `pause`, or until a signal came.
    fn pause(&self, stack: &Stack, pause: Duration) {
        // Whether it was the signal or the time shows when somebody looks.
        let _ = stack.aws.block_on(async { tokio::time::timeout(pause, self.woken.notified()).await });
    }
}

/// Waits until `jobs` have ended, prints what is to be said of each, and gives the worst exit.
pub(crate) fn watch(
    home: &Home,
    stack: &Stack,
    jobs: &[JobId],
    wait: &Wait,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Fault> {
    let mut progress = Progress::new(printer);
    let mut open = jobs.to_vec();
    let mut pause = PAUSE_MIN;
    loop {
        let before = open.len();
        look(home, &mut open, &mut progress)?;
        if open.is_empty() {
            break;
        }
        if wait.interrupt.is_asked() {
            progress.clear();
            let names = if jobs.len() == 1 { format!(" {}", jobs[0]) } else { String::new() };
            printer.say(&format!(
                "interrupted; the stack works on\n hint: producer wait{names}{} waits again",
                stack.flags
            ));
            return Ok(Exit::Interrupted);
        }
        pause = if open.len() < before { PAUSE_MIN } else { (pause * 3 / 2).min(PAUSE_MAX) };
        wait.pause(stack, pause);
    }
    progress.clear();
    watch::print(home, jobs, settings, printer)
}

/// Looks at the first of the open jobs, and further while they turn out to have ended.
fn look(home: &Home, open: &mut Vec<JobId>, progress: &mut Progress<'_>) -> Result<(), Fault> {
    let mut stay = Vec::new();
    for (place, id) in open.iter().enumerate() {
        if stay.len() >= LOOKED_AT_MAX {
            stay.extend_from_slice(&open[place..]);
            break;
        }
        let job = read(home, id)?;
        if job.state.ended_at.is_some() {
            progress.finish(id);
            continue;
        }
        if stay.len() < LINES_MAX {
            progress.show(&job, &home.read_tally(id)?);
        }
        stay.push(id.clone());
    }
    *open = stay;
    progress.show_rest(open.len().saturating_sub(LINES_MAX));
    Ok(())
}

fn read(home: &Home, id: &JobId) -> Result<Job, Fault> {
    home.read_job(id)?.ok_or_else(|| watch::gone(id))
}
