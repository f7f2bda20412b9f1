//! One verb a file: settings in, a printed report and an exit code out.

mod accept;
mod cancel;
pub(crate) mod compare;
mod completions;
mod conditions;
mod copies;
mod doctor;
mod explain;
mod function;
mod list;
mod report;
mod retry;
mod status;
mod submit;
mod wait;

use concord_local::Lookup;
use concord_protocol::ports::{ReadJob, ReplaceState};
use concord_protocol::{IllegalTransition, Job, JobId, JobState};

use crate::args::Verb;
use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;

/// Does what the verb says.
pub(crate) async fn run(verb: Verb, settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    match verb {
        Verb::Submit(args) => submit::run(&args, settings, printer).await,
        Verb::Wait(args) => wait::run(&args, settings, printer).await,
        Verb::Status(args) => status::run(&args, settings, printer).await,
        Verb::List(args) => list::run(&args, settings, printer).await,
        Verb::Copies(args) => copies::run(&args, settings, printer).await,
        Verb::Explain(args) => explain::run(&args, settings, printer).await,
        Verb::Report(args) => report::run(&args, settings, printer).await,
        Verb::Compare(args) => compare::run(&args, settings, printer).await,
        Verb::Accept(args) => accept::run(&args, settings, printer).await,
        Verb::Retry(args) => retry::run(&args, settings, printer).await,
        Verb::Cancel(args) => cancel::run(&args, settings, printer).await,
        Verb::Doctor => doctor::run(settings, printer).await,
        Verb::Completions { shell } => completions::script(shell, printer),
        Verb::Man { verb } => completions::manual(verb.as_deref(), printer),
    }
}

/// The jobs that a user means, each once.
async fn find(backend: &Backend, names: &[String]) -> Result<Vec<JobId>, CliError> {
    let mut jobs = Vec::new();
    for name in names {
        if name.is_empty() {
            return Err(
                CliError::usage_text("the name of a job is empty").hint("producer list shows the jobs")
            );
        }
        match backend.find(name).await? {
            Lookup::Jobs(found) => jobs.extend(found),
            Lookup::Nothing => return Err(unknown(name)),
            Lookup::Ambiguous(some, count) => {
                let some: Vec<_> = some.iter().map(JobId::as_str).collect();
                let fault =
                    CliError::usage_text(format!("{count} jobs begin with {name:?}: {}", some.join(", ")));
                return Err(fault.hint("name more of the id"));
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    jobs.retain(|job| seen.insert(job.clone()));
    Ok(jobs)
}

/// The place of jobs, and the jobs in it that a user means.
async fn open(settings: &Settings, names: &[String]) -> Result<(Backend, Vec<JobId>), CliError> {
    let backend = Backend::open(settings).await?;
    let backend = backend.ok_or_else(|| {
        let name = names.first().map_or("", String::as_str);
        let at = settings.store.display();
        CliError::usage_text(format!("there is no job {name:?}: there is no store at {at}"))
            .hint("name the store that has it with --store PATH")
    })?;
    let jobs = find(&backend, names).await?;
    Ok((backend, jobs))
}

fn unknown(name: &str) -> CliError {
    CliError::usage_text(format!("there is no job {name:?} here"))
        .hint("producer list shows the jobs; --store PATH or --stack NAME names another place")
}

/// Replaces the states of jobs by what `next` makes of them; of none when it is an error for one of them.
async fn replace_all(
    backend: &Backend,
    ids: &[JobId],
    next: impl Fn(&Job) -> Result<JobState, IllegalTransition>,
) -> Result<(), CliError> {
    for id in ids {
        let job = backend.read_job(id).await?.ok_or_else(|| unknown(id.as_str()))?;
        next(&job).map_err(|error| CliError::usage_text(format!("job {id}: {error}")))?;
    }
    for id in ids {
        replace(backend, id, &next).await?;
    }
    Ok(())
}

/// Replaces the state of a job by what `next` makes of it, however often somebody else comes first.
async fn replace(
    backend: &Backend,
    id: &JobId,
    next: impl Fn(&Job) -> Result<JobState, IllegalTransition>,
) -> Result<(), CliError> {
    let mut wanted = None;
    loop {
        let job = backend.read_job(id).await?;
        let job = job.ok_or_else(|| unknown(id.as_str()))?;
        if wanted.as_ref() == Some(&job.state) {
            // It was written, and only the answer was lost.
            return Ok(());
        }
        let state = next(&job).map_err(|error| CliError::usage_text(format!("job {id}: {error}")))?;
        if backend.replace_state(id, state.clone()).await? {
            return Ok(());
        }
        wanted = Some(state);
    }
}
