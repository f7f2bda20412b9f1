//! Works on the store until the jobs that the user waits for have ended.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use concord_local::{FleetSettings, LocalFleet, RemoteJobs, Store};
use concord_protocol::JobId;
use concord_protocol::ports::{ListOpenJobs, PortError, ReadTally};
use concord_worker::{BuiltIn, Calculate, Runs, System};
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::aws::Aws;
use crate::backend::Backend;
use crate::conclude::conclude;
use crate::error::CliError;
use crate::exit::Exit;
use crate::folders;
use crate::interrupt::Interrupt;
use crate::named::read;
use crate::new_id::new_id;
use crate::printer::Printer;
use crate::progress::{LINES_MAX, Progress};
use crate::settings::Settings;

/// How often progress is shown, and how soon the work of other processes is noticed.
const REFRESH_EVERY: Duration = Duration::from_millis(100);

/// Files that a command needs while it runs: its three streams, the other ends of two of them, and its pidfd.
const FILES_PER_COPY: u64 = 6;

/// Files that a call of a function needs: its connection, and a socket for the name server.
const FILES_PER_CALL: u64 = 2;

/// Files that the rest of the program needs, and some more.
const FILES_BESIDES: u64 = 64;

/// Calls of functions at the same time, unless the user says otherwise: the concurrency that Lambda gives an
/// account in a region (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const CALLS_AT_ONCE_MAX: usize = 1_000;

/// Works until `jobs` have ended, prints the report of each, and gives the worst exit. `aws` is access to their
/// functions, if they call any.
pub(super) async fn wait(
    backend: &Backend,
    store: &Store,
    jobs: &[JobId],
    aws: Option<&Aws>,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    match work(store, jobs, aws, settings, printer).await? {
        WaitEnd::All => {
            folders::settle(backend, jobs, printer).await?;
            let exit = conclude(backend, jobs, settings, printer).await?;
            if store.is_in_place() { Ok(exit) } else { Err(gone(store)) }
        }
        WaitEnd::Interrupted => {
            let go_on = to_go_on(jobs, settings);
            let places = folders::places(backend, jobs).await?;
            printer.say(&format!("interrupted; what was recorded is kept{places}\n hint: {go_on} goes on"));
            Ok(Exit::Interrupted)
        }
    }
}

/// Works until `jobs` have ended, or somebody interrupts it. It prints no reports.
pub(crate) async fn work(
    store: &Store,
    jobs: &[JobId],
    aws: Option<&Aws>,
    settings: &Settings,
    printer: &Printer,
) -> Result<WaitEnd, CliError> {
    let mut remote = if aws.is_some() { Some(remote_jobs(store, jobs, settings).await?) } else { None };
    let threads = room(settings, remote.as_mut())?;
    let go_on = to_go_on(jobs, settings);
    let runs = Arc::new(Runs::default());
    let stopped = Arc::clone(&runs);
    let interrupt = Interrupt::listen(move || stopped.stop_all())?;
    let calculation =
        BuiltIn::new(Arc::clone(&runs), settings.search_path.clone(), settings.temporary_folder.clone())
            .with_own_files(settings.own_files.clone())
            .with_functions(aws.map(Aws::functions));
    let system = System::new(settings.variables.clone());
    let environment = concord_worker::environment(format!("local-{}", new_id()?), &system);
    let fleet_settings = FleetSettings { threads, remote, environment };
    let others = others(store, jobs).await?;
    if others > 0 {
        printer.say(&format!("unfinished jobs of this store that are worked on too: {others}"));
    }
    let fleet = LocalFleet::start(store.clone(), calculation, runs, fleet_settings)?;
    let waited = until_ended(store, jobs, &fleet, &interrupt, printer).await;
    let error = fleet.take_error();
    let stopped = fleet.stop();
    if let Some(error) = error {
        // Nothing goes on with a damaged store.
        let is_damaged = matches!(error, PortError::Damaged(_));
        return Err(if is_damaged { error.into() } else { broken(error.into(), &go_on) });
    }
    let ended = waited?;
    stopped?;
    Ok(ended)
}

fn gone(store: &Store) -> CliError {
    let place = store.path().display();
    CliError::failed(anyhow::anyhow!("the store {place} was removed or replaced while the jobs ran"))
        .hint("nobody can read these jobs any more: submit them again")
}

/// Why the work ended.
pub(crate) enum WaitEnd {
    /// All jobs have ended.
    All,
    Interrupted,
}

async fn until_ended(
    store: &Store,
    jobs: &[JobId],
    fleet: &LocalFleet<impl Calculate + 'static>,
    interrupt: &Interrupt,
    printer: &Printer,
) -> Result<WaitEnd, CliError> {
    let mut progress = Progress::new(printer);
    let mut open: Vec<_> = jobs.to_vec();
    let ended = loop {
        still_open(store, &mut open, &mut progress).await?;
        if open.is_empty() {
            break WaitEnd::All;
        }
        for id in open.iter().take(LINES_MAX) {
            progress.show(&read(store, id).await?, &store.read_tally(id).await?);
        }
        progress.show_rest(open.len().saturating_sub(LINES_MAX));
        if interrupt.is_asked() || fleet.has_failed() {
            break WaitEnd::Interrupted;
        }
        // The check above takes longer the more jobs are open: with many of them it is not made after every decision.
        let refreshed_at = Instant::now();
        while let Some(rest) = REFRESH_EVERY.checked_sub(refreshed_at.elapsed()) {
            fleet.wait_for_decision(rest, || !interrupt.is_asked());
            if open.len() <= LINES_MAX || interrupt.is_asked() || fleet.has_failed() {
                break;
            }
        }
    };
    progress.clear();
    Ok(ended)
}

async fn still_open(
    store: &Store,
    open: &mut Vec<JobId>,
    progress: &mut Progress<'_>,
) -> Result<(), CliError> {
    let unfinished: HashSet<_> = store.list_open_jobs().await?.into_iter().collect();
    open.retain(|id| {
        let stays = unfinished.contains(id);
        if !stays {
            progress.finish(id);
        }
        stays
    });
    Ok(())
}

/// Adds to an error in the middle of the work the command that continues the work.
fn broken(error: CliError, go_on: &str) -> CliError {
    let helps = error.hint.as_ref().map_or_else(String::new, |hint| format!("{hint}; "));
    let hint = format!("{helps}then go on with: {go_on}");
    error.hint(hint)
}

/// The command that continues the work on the jobs.
fn to_go_on(jobs: &[JobId], settings: &Settings) -> String {
    let flags = format!("{}{}", settings.store_flag, settings.aws.flags());
    match jobs {
        [one] => format!("producer wait {one}{flags}"),
        _ => format!("producer wait{flags}"),
    }
}

/// Those of `jobs` whose functions are called. Other jobs of functions are left alone: a call takes credentials and costs
/// money.
async fn remote_jobs(store: &Store, jobs: &[JobId], settings: &Settings) -> Result<RemoteJobs, CliError> {
    let mut called = Vec::new();
    let mut copies = 0;
    for id in jobs {
        let spec = read(store, id).await?.spec;
        if spec.calculation.runs_remotely() {
            called.push(id.clone());
            copies += spec.copies_most() as usize;
        }
    }
    let in_flight_max = settings.copies_at_once.map_or(CALLS_AT_ONCE_MAX.min(copies), usize::from);
    Ok(RemoteJobs { jobs: called, in_flight_max })
}

/// How many jobs besides `jobs` are worked on: all that call no functions.
async fn others(store: &Store, jobs: &[JobId]) -> Result<usize, CliError> {
    let mut others = 0;
    for id in store.list_open_jobs().await?.iter().filter(|id| !jobs.contains(id)) {
        others += usize::from(!read(store, id).await?.spec.calculation.runs_remotely());
    }
    Ok(others)
}

/// Copies that run on threads at the same time. Each needs files for its streams, and each call needs a connection. Fails
/// if the system allows too few open files; reduces the calls instead if the user did not ask for a number.
fn room(settings: &Settings, calls: Option<&mut RemoteJobs>) -> Result<usize, CliError> {
    let threads = settings.copies_at_once.map_or(settings.cores, usize::from);
    let for_threads = threads as u64 * FILES_PER_COPY + FILES_BESIDES;
    let calls_wanted = calls.as_ref().map_or(0, |calls| calls.in_flight_max);
    let wanted = for_threads + calls_wanted as u64 * FILES_PER_CALL;
    let allowed = files(wanted).unwrap_or(u64::MAX);
    match calls {
        _ if allowed >= wanted => Ok(threads),
        Some(calls) if settings.copies_at_once.is_none() && allowed >= for_threads + FILES_PER_CALL => {
            let fit = (allowed - for_threads) / FILES_PER_CALL;
            calls.in_flight_max = usize::try_from(fit).unwrap_or(usize::MAX).min(calls.in_flight_max);
            Ok(threads)
        }
        _ => {
            let at_once = threads.max(calls_wanted);
            let text = format!("{at_once} copies at once need {wanted} open files; {allowed} are allowed");
            Err(CliError::usage_text(text).hint("raise the limit (ulimit -n), or run fewer at once with -j"))
        }
    }
}

/// Raises the limit of open files to `wanted` if this process may; gives the limit, `None` when there is none.
fn files(wanted: u64) -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = limit.maximum.map_or(Some(wanted), |maximum| Some(maximum.min(wanted)));
        // The caller sees a limit that could not be raised.
        let _ = setrlimit(Resource::Nofile, limit);
    }
    getrlimit(Resource::Nofile).current
}
