//! The progress of jobs on standard error. On a terminal each job has a line that is redrawn; otherwise each change of
//! state is printed as a line.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use concord_protocol::{Job, JobId, JobTally, Verdict};
use indicatif::{ProgressBar, ProgressStyle};

use crate::printer::Printer;

/// The most jobs that have a line at the same time.
pub(crate) const LINES_MAX: usize = 8;

/// The progress of a check is shown once for so many rows.
const ROWS_SHOWN: u64 = 1_000;

pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    jobs: HashMap<JobId, Line>,
    rest: Option<ProgressBar>,
}

struct Line {
    bar: ProgressBar,
    verdict: Option<Verdict>,
    started: Instant,
    done_at_start: u32,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(printer: &'a Printer) -> Self {
        Self { printer, jobs: HashMap::new(), rest: None }
    }

    /// Shows the state of a job.
    pub(crate) fn show(&mut self, job: &Job, tally: &JobTally) {
        let id = &job.spec.job;
        let (done, failed) = (tally.produced(), tally.failed(job.state.round(), job.state.copies()));
        let distinct = tally.digests().len();
        if !self.jobs.contains_key(id) {
            let line = self.line(done + failed);
            self.jobs.insert(id.clone(), line);
        }
        let Some(line) = self.jobs.get_mut(id) else { return };
        let elapsed = line.started.elapsed();
        let rate =
            f64::from((done + failed).saturating_sub(line.done_at_start)) / elapsed.as_secs_f64().max(0.001);
        let words = format!(
            "{id}: {} {}/{} copies, {distinct} distinct, {failed} failed, {rate:.0}/s, {} s",
            job.state.verdict(),
            done + failed,
            job.state.copies(),
            elapsed.as_secs()
        );
        if self.printer.draws {
            line.bar.set_message(words);
        } else if line.verdict != Some(job.state.verdict()) {
            self.printer.say(&words);
        }
        line.verdict = Some(job.state.verdict());
    }

    /// Shows how many copies of a job are on the queue.
    pub(crate) fn enqueued(&mut self, id: &JobId, count: u32, copies: u32) {
        if !self.jobs.contains_key(id) {
            let line = self.line(0);
            self.jobs.insert(id.clone(), line);
        }
        if let Some(line) = self.jobs.get(id)
            && self.printer.draws
        {
            line.bar.set_message(format!("{id}: {count}/{copies} copies on the queue"));
        }
    }

    /// Shows how many open jobs have no line.
    pub(crate) fn show_rest(&mut self, count: usize) {
        if !self.printer.draws {
            return;
        }
        match (count, &self.rest) {
            (0, Some(rest)) => rest.finish_and_clear(),
            (0, None) => {}
            (count, _) => {
                let rest = self.rest.get_or_insert_with(|| self.printer.lines().add(plain_line()));
                rest.set_message(format!("and {count} more jobs"));
            }
        }
    }

    /// Shows how many rows of a table were checked.
    pub(crate) fn checked(&mut self, table: &str, rows: u64) {
        if self.printer.draws && rows.is_multiple_of(ROWS_SHOWN) {
            let rest = self.rest.get_or_insert_with(|| self.printer.lines().add(plain_line()));
            rest.set_message(format!("{table}: {rows} rows are checked"));
        }
    }

    /// Removes the line of a job.
    pub(crate) fn finish(&mut self, job: &JobId) {
        if let Some(line) = self.jobs.remove(job) {
            line.bar.finish_and_clear();
        }
    }

    /// Removes all lines.
    pub(crate) fn clear(self) {
        // An error here means that the terminal is gone.
        let _ = self.printer.lines().clear();
    }

    fn line(&self, done_at_start: u32) -> Line {
        let bar = if self.printer.draws {
            self.printer.lines().insert(0, plain_line())
        } else {
            ProgressBar::hidden()
        };
        Line { bar, verdict: None, started: Instant::now(), done_at_start }
    }
}

fn plain_line() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}
