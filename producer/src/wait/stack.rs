//! Waits until the jobs that a stack works on have ended.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use concord_protocol::JobId;
use concord_protocol::ports::ReadTally;
use tokio::sync::Notify;

use crate::aws::Stack;
use crate::backend::Backend;
use crate::conclude::conclude;
use crate::error::CliError;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::named::read;
use crate::printer::Printer;
use crate::progress::{LINES_MAX, Progress};
use crate::settings::Settings;

/// The pause between the first and the second read of the jobs.
const PAUSE_MIN: Duration = Duration::from_millis(500);

/// The longest pause before the jobs are read again. An hour of waiting for one job costs about 250 times two reads,
/// which is a hundredth of a cent.
const PAUSE_MAX: Duration = Duration::from_secs(15);

/// The most open jobs that are read after one pause.
const JOBS_READ_MAX: usize = 50;

/// Enqueues the copies of jobs that are not on the queue of the stack yet. Gives whether all are: `false` when the user
/// interrupted.
pub(crate) async fn enqueue(
    backend: &Backend,
    stack: &Stack,
    jobs: &[JobId],
    interrupt: &Interrupt,
    printer: &Printer,
) -> Result<bool, CliError> {
    let mut progress = Progress::new(printer);
    let mut all = true;
    for id in jobs {
        let job = read(backend, id).await?;
        if job.state.ended_at().is_some() || stack.is_enqueued(&job).await? {
            continue;
        }
        let part = |id: &JobId, copies: Range<u32>| {
            progress.enqueued(id, copies.end, job.state.copies());
            !interrupt.is_asked()
        };
        let sent = stack.enqueue(&job, part).await;
        progress.finish(id);
        let helps = format!("producer retry {id}{} sends the rest", stack.flags);
        all = sent.map_err(|error| error.hint(format!("some copies may not be on the queue: {helps}")))?;
        if !all {
            printer.say(&format!("interrupted while copies were put on the queue\n hint: {helps}"));
            break;
        }
    }
    progress.clear();
    Ok(all)
}

/// Listens for signals, which end a pause.
pub(crate) struct Listening {
    pub(crate) interrupt: Interrupt,
    woken: Arc<Notify>,
}

impl Listening {
    /// Starts to listen.
    pub(crate) fn start() -> Result<Self, CliError> {
        let woken = Arc::new(Notify::new());
        let wakes = Arc::clone(&woken);
        Ok(Self { interrupt: Interrupt::listen(move || wakes.notify_one())?, woken })
    }

    /// Waits for `pause`, or until a signal came.
    async fn pause(&self, pause: Duration) {
        // The caller asks `interrupt` whether it was a signal.
        let _ = tokio::time::timeout(pause, self.woken.notified()).await;
    }
}

/// Waits until `jobs` have ended, prints the report of each, and gives the worst exit.
pub(crate) async fn wait(
    backend: &Backend,
    stack: &Stack,
    jobs: &[JobId],
    listening: &Listening,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let mut progress = Progress::new(printer);
    let mut open = jobs.to_vec();
    let mut pause = PAUSE_MIN;
    loop {
        let before = open.len();
        refresh(backend, &mut open, &mut progress).await?;
        if open.is_empty() {
            break;
        }
        if listening.interrupt.is_asked() {
            progress.clear();
            let names = if jobs.len() == 1 { format!(" {}", jobs[0]) } else { String::new() };
            printer.say(&format!(
                "interrupted; the stack continues to work\n hint: producer wait{names}{} waits again",
                stack.flags
            ));
            return Ok(Exit::Interrupted);
        }
        pause = if open.len() < before { PAUSE_MIN } else { (pause * 3 / 2).min(PAUSE_MAX) };
        listening.pause(pause).await;
    }
    progress.clear();
    conclude(backend, jobs, settings, printer).await
}

/// Reads the open jobs until it has read as many as [`JOBS_READ_MAX`] that are still open; removes those that have ended.
async fn refresh(
    backend: &Backend,
    open: &mut Vec<JobId>,
    progress: &mut Progress<'_>,
) -> Result<(), CliError> {
    let mut stay = Vec::new();
    for (place, id) in open.iter().enumerate() {
        if stay.len() >= JOBS_READ_MAX {
            stay.extend_from_slice(&open[place..]);
            break;
        }
        let job = read(backend, id).await?;
        if job.state.ended_at().is_some() {
            progress.finish(id);
            continue;
        }
        if stay.len() < LINES_MAX {
            progress.show(&job, &backend.read_tally(id).await?);
        }
        stay.push(id.clone());
    }
    *open = stay;
    progress.show_rest(open.len().saturating_sub(LINES_MAX));
    Ok(())
}
