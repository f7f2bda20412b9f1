//! Works on the store until the jobs that the user waits for have ended.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use concord_local::{Conductor, Settings as Fleet, Store};
use concord_protocol::ports::{ReadJob, ReadTally};
use concord_protocol::{Job, JobId};
use concord_worker::{BuiltIn, Runs};
use futures::executor::block_on;

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
    let interrupt = Interrupt::listen()?;
    let runs = Arc::new(Runs::default());
    let calculation = BuiltIn::new(Arc::clone(&runs), settings.search_path.clone());
    let cpuinfo = std::fs::read_to_string(CPUINFO).unwrap_or_default();
    let fleet = Fleet {
        threads: work.jobs.map_or(settings.cores, usize::from),
        environment: concord_worker::environment(format!("local-{}", new_id()?), &cpuinfo),
    };
    let conductor = Conductor::start(store.clone(), calculation, runs, fleet)?;
    let waited = until_ended(store, jobs, &conductor, &interrupt, printer);
    let fault = conductor.fault();
    let stopped = conductor.stop();
    if let Some(error) = fault {
        return Err(broken(error.into(), jobs));
    }
    let ended = waited?;
    stopped?;
    match ended {
        Ended::All => print(store, jobs, settings, printer),
        Ended::Interrupted => {
            printer
                .say(&format!("interrupted; what was recorded is kept\n hint: {} goes on", to_go_on(jobs)));
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
            Format::Text => printer.data(&text::report(&report, printer))?,
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
        conductor.wait_for_decision(LOOK, || !interrupt.is_asked());
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
fn broken(fault: Fault, jobs: &[JobId]) -> Fault {
    let helps = fault.hint.as_ref().map_or_else(String::new, |hint| format!("{hint}; "));
    let hint = format!("{helps}then go on with: {}", to_go_on(jobs));
    fault.hint(hint)
}

/// The command that goes on with the jobs.
fn to_go_on(jobs: &[JobId]) -> String {
    match jobs {
        [one] => format!("producer wait {one}"),
        _ => "producer wait".to_owned(),
    }
}
