//! One verb a file: settings in, a printed report and an exit code out.

mod cancel;
mod completions;
mod copies;
mod list;
mod retry;
mod status;
mod submit;
mod wait;

use concord_local::{Found, Store};
use concord_protocol::ports::{ReadJob, ReplaceState};
use concord_protocol::{IllegalTransition, Job, JobId, JobState};
use futures::executor::block_on;

use crate::args::Verb;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::printer::Printer;
use crate::settings::Settings;

/// Does what the verb says.
pub(crate) fn run(verb: Verb, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    match verb {
        Verb::Submit(args) => submit::run(&args, settings, printer),
        Verb::Wait(args) => wait::run(&args, settings, printer),
        Verb::Status(args) => status::run(&args, settings, printer),
        Verb::List(args) => list::run(&args, settings, printer),
        Verb::Copies(args) => copies::run(&args, settings, printer),
        Verb::Retry(args) => retry::run(&args, settings, printer),
        Verb::Cancel(args) => cancel::run(&args, settings, printer),
        Verb::Completions { shell } => completions::script(shell, printer),
        Verb::Man { verb } => completions::manual(verb.as_deref(), printer),
    }
}

/// The jobs that a user means, each once.
fn find(store: &Store, names: &[String]) -> Result<Vec<JobId>, Fault> {
    let mut jobs = Vec::new();
    for name in names {
        if name.is_empty() {
            return Err(Fault::usage_text("the name of a job is empty").hint("producer list shows the jobs"));
        }
        match store.find(name)? {
            Found::Jobs(found) => jobs.extend(found),
            Found::Nothing => return Err(unknown(name)),
            Found::Ambiguous(some, count) => {
                let some: Vec<_> = some.iter().map(JobId::as_str).collect();
                let fault =
                    Fault::usage_text(format!("{count} jobs begin with {name:?}: {}", some.join(", ")));
                return Err(fault.hint("name more of the id"));
            }
        }
    }
    let mut seen = std::collections::HashSet::new();
    jobs.retain(|job| seen.insert(job.clone()));
    Ok(jobs)
}

/// The store, and the jobs in it that a user means.
fn open(settings: &Settings, names: &[String]) -> Result<(Store, Vec<JobId>), Fault> {
    let store = settings.open_store()?;
    let store = store.ok_or_else(|| {
        let name = names.first().map_or("", String::as_str);
        let at = settings.store.display();
        Fault::usage_text(format!("there is no job {name:?}: there is no store at {at}"))
            .hint("name the store that has it with --store PATH")
    })?;
    let jobs = find(&store, names)?;
    Ok((store, jobs))
}

fn unknown(name: &str) -> Fault {
    Fault::usage_text(format!("there is no job {name:?} in this store"))
        .hint("producer list shows the jobs; --store PATH names another store")
}

/// A new name: 10 letters and digits that are hard to mistake, 50 random bits.
pub(crate) fn new_id() -> Result<JobId, Fault> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut random = [0_u8; 10];
    getrandom::fill(&mut random)
        .map_err(|error| Fault::failed(anyhow::anyhow!("no random numbers: {error}")))?;
    let letters = random.map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    letters.iter().collect::<String>().parse().map_err(Fault::failed)
}

/// Replaces the states of jobs by what `next` makes of them; of none when it is an error for one of them.
fn replace_all(
    store: &Store,
    ids: &[JobId],
    next: impl Fn(&Job) -> Result<JobState, IllegalTransition>,
) -> Result<(), Fault> {
    for id in ids {
        let job = block_on(store.read_job(id))?.ok_or_else(|| unknown(id.as_str()))?;
        next(&job).map_err(|error| Fault::usage_text(format!("job {id}: {error}")))?;
    }
    ids.iter().try_for_each(|id| block_on(replace(store, id, &next)))
}

/// Replaces the state of a job by what `next` makes of it, however often somebody else comes first.
async fn replace(
    store: &Store,
    id: &JobId,
    next: impl Fn(&Job) -> Result<JobState, IllegalTransition>,
) -> Result<(), Fault> {
    loop {
        let job = store.read_job(id).await?;
        let job = job.ok_or_else(|| unknown(id.as_str()))?;
        let state = next(&job).map_err(|error| Fault::usage_text(format!("job {id}: {error}")))?;
        if store.replace_state(id, state).await? {
            return Ok(());
        }
    }
}
