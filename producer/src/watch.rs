//! Works on the store until the jobs that the user waits for have ended.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use concord_local::{Conductor, Settings as Fleet, Store};
use concord_protocol::ports::{ReadJob, ReadTally};
use concord_protocol::{Job, JobId};
use concord_worker::{BuiltIn, Runs};
use futures::executor::block_on;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::args::{Format, WorkArgs};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::interrupt::Interrupt;
use crate::printer::Printer;
use crate::progress::{LINES_MAX, Progress};
use crate::report::JobReport;
use crate::settings::Settings;
use crate::text;
use crate::verbs::new_id;

/// How often progress is shown and other processes' work is seen.
const LOOK: Duration = Duration::from_millis(100);

/// Files that a command needs while it runs: its streams, both ends of two of them, and what tells of its end.
const FILES_PER_COPY: u64 = 6;

/// Files that everything else needs, with some to spare.
const FILES_BESIDES: u64 = 64;

/// Facts about the processors of this machine, as Linux shows them.
const CPUINFO: &str = "/proc/cpuinfo";

/// Works until `jobs` have ended, prints what is to be said of each, and gives the worst exit.
pub(crate) fn watch(
    store: &Store,
    jobs: &[JobId],
    work: WorkArgs,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Fault> {
    let threads = threads(work, settings)?;
    let runs = Arc::new(Runs::default());
    let stopped = Arc::clone(&runs);
    let interrupt = Interrupt::listen(move || stopped.stop_all())?;
    let calculation = BuiltIn::new(Arc::clone(&runs), settings.search_path.clone());
    let cpuinfo = std::fs::read_to_string(CPUINFO).unwrap_or_default();
    let fleet =
        Fleet { threads, environment: concord_worker::environment(format!("local-{}", new_id()?), &cpuinfo) };
    let others = store.open_jobs()?.into_iter().filter(|id| !jobs.contains(id)).count();
    if others > 0 {
        printer.say(&format!("unfinished jobs of this store that are worked on too: {others}"));
    }
    let conductor = Conductor::start(store.clone(), calculation, runs, fleet)?;
    let waited = until_ended(store, jobs, &conductor, &interrupt, printer);
    let fault = conductor.fault();
    let stopped = conductor.stop();
    if let Some(error) = fault {
        return Err(broken(error.into(), jobs, settings));
    }
    let ended = waited?;
    stopped?;
    match ended {
        Ended::All => print(store, jobs, settings, printer),
        Ended::Interrupted => {
            printer.say(&format!(
                "interrupted; what was recorded is kept\n hint: {} goes on",
                to_go_on(jobs, settings)
            ));
            Ok(Exit::Interrupted)
        }
    }
}

/// Prints the report of each job.
pub(crate) fn print(
    store: &Store,
    jobs: &[JobId],
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Fault> {
    let mut exits = Vec::new();
    let mut warnings = Vec::new();
    for id in jobs {
        let report = block_on(JobReport::with_evidence(store, &read(store, id)?, &*settings.clock))?;
        match printer.format {
            Format::Json => printer.json(&report)?,
            Format::Text => printer.data(&text::report(&report, settings, printer))?,
        }
        exits.push(Exit::of_verdict(report.verdict));
        for warning in report.evidence.into_iter().flat_map(|evidence| evidence.warnings) {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }
    // JSON has them as a field.
    if printer.format == Format::Text {
        for warning in &warnings {
            printer.warn(warning);
        }
    }
    Ok(Exit::worst(exits))
}

enum Ended {
    All,
    Interrupted,
}

fn until_ended(
    store: &Store,
    jobs: &[JobId],
    conductor: &Conductor<BuiltIn>,
    interrupt: &Interrupt,
    printer: &Printer,
) -> Result<Ended, Fault> {
    let mut progress = Progress::new(printer);
    let mut open: Vec<_> = jobs.to_vec();
    let ended = loop {
        still_open(store, &mut open, &mut progress)?;
        if open.is_empty() {
            break Ended::All;
        }
        for id in open.iter().take(LINES_MAX) {
            progress.show(&read(store, id)?, &block_on(store.read_tally(id))?);
        }
        progress.show_rest(open.len().saturating_sub(LINES_MAX));
        if interrupt.is_asked() || conductor.has_failed() {
            break Ended::Interrupted;
        }
        // Each look costs as much as there are open jobs: with many of them, not every decision is worth one.
        let looked_at = Instant::now();
        while let Some(rest) = LOOK.checked_sub(looked_at.elapsed()) {
            conductor.wait_for_decision(rest, || !interrupt.is_asked());
            if open.len() <= LINES_MAX || interrupt.is_asked() || conductor.has_failed() {
                break;
            }
        }
    };
    progress.clear();
    Ok(ended)
}

fn still_open(store: &Store, open: &mut Vec<JobId>, progress: &mut Progress<'_>) -> Result<(), Fault> {
    let unfinished: HashSet<_> = store.open_jobs()?.into_iter().collect();
    open.retain(|id| {
        let stays = unfinished.contains(id);
        if !stays {
            progress.finish(id);
        }
        stays
    });
    Ok(())
}

fn read(store: &Store, id: &JobId) -> Result<Job, Fault> {
    let job = block_on(store.read_job(id))?;
    job.ok_or_else(|| Fault::failed(anyhow::anyhow!("job {id} is gone from the store")))
}

/// A fault in the middle of the work: what helps is to mend its cause, and to go on.
fn broken(fault: Fault, jobs: &[JobId], settings: &Settings) -> Fault {
    let helps = fault.hint.as_ref().map_or_else(String::new, |hint| format!("{hint}; "));
    let hint = format!("{helps}then go on with: {}", to_go_on(jobs, settings));
    fault.hint(hint)
}

/// The command that goes on with the jobs.
fn to_go_on(jobs: &[JobId], settings: &Settings) -> String {
    match jobs {
        [one] => format!("producer wait {one}{}", settings.store_flag),
        _ => format!("producer wait{}", settings.store_flag),
    }
}

/// Copies that run at once. Each needs files for its streams, so as many as are asked for must be allowed.
fn threads(work: WorkArgs, settings: &Settings) -> Result<usize, Fault> {
    let threads = work.jobs.map_or(settings.cores, usize::from);
    let files = threads as u64 * FILES_PER_COPY + FILES_BESIDES;
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < files) {
        limit.current = limit.maximum.map_or(Some(files), |maximum| Some(maximum.min(files)));
        // What could not be raised is seen below.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    match getrlimit(Resource::Nofile).current {
        Some(current) if current < files => Err(Fault::usage_text(format!(
            "{threads} copies at once need {files} open files; {current} are allowed"
        ))
        .hint("raise the limit (ulimit -n), or run fewer at once with -j")),
        _ => Ok(threads),
    }
}
