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

use concord_local::Found;
use concord_protocol::{IllegalTransition, Job, JobId, JobState};

use crate::args::Verb;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::home::Home;
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
        Verb::Explain(args) => explain::run(&args, settings, printer),
        Verb::Report(args) => report::run(&args, settings, printer),
        Verb::Compare(args) => compare::run(&args, settings, printer),
        Verb::Accept(args) => accept::run(&args, settings, printer),
        Verb::Retry(args) => retry::run(&args, settings, printer),
        Verb::Cancel(args) => cancel::run(&args, settings, printer),
        Verb::Doctor => doctor::run(settings, printer),
        Verb::Completions { shell } => completions::script(shell, printer),
        Verb::Man { verb } => completions::manual(verb.as_deref(), printer),
    }
}

/// The jobs that a user means, each once.
fn find(home: &Home, names: &[String]) -> Result<Vec<JobId>, Fault> {
    let mut jobs = Vec::new();
    for name in names {
        if name.is_empty() {
            return Err(Fault::usage_text("the name of a job is empty").hint("producer list shows the jobs"));
        }
        match home.find(name)? {
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

/// The place of jobs, and the jobs in it that a user means.
fn open(settings: &Settings, names: &[String]) -> Result<(Home, Vec<JobId>), Fault> {
    let home = settings.open_home()?;
    let home = home.ok_or_else(|| {
        let name = names.first().map_or("", String::as_str);
        let at = settings.store.display();
        Fault::usage_text(format!("there is no job {name:?}: there is no store at {at}"))
            .hint("name the store that has it with --store PATH")
    })?;
    let jobs = find(&home, names)?;
    Ok((home, jobs))
}

fn unknown(name: &str) -> Fault {
    Fault::usage_text(format!("there is no job {name:?} here"))
        .hint("producer list shows the jobs; --store PATH or --stack NAME names another place")
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
    home: &Home,
    ids: &[JobId],
    next: impl Fn(&Job) -> Result<JobState, IllegalTransition>,
) -> Result<(), Fault> {
    for id in ids {
        let job = home.read_job(id)?.ok_or_else(|| unknown(id.as_str()))?;
        next(&job).map_err(|error| Fault::usage_text(format!("job {id}: {error}")))?;
    }
    ids.iter().try_for_each(|id| replace(home, id, &next))
}

/// Replaces the state of a job by what `next` makes of it, however often somebody else comes first.
fn replace(
    home: &Home,
    id: &JobId,
    next: impl Fn(&Job) -> Result<JobState, IllegalTransition>,
) -> Result<(), Fault> {
    let mut wanted = None;
    loop {
        let job = home.read_job(id)?;
        let job = job.ok_or_else(|| unknown(id.as_str()))?;
        if wanted.as_ref() == Some(&job.state) {
            // It was written, and only the answer was lost.
            return Ok(());
        }
        let state = next(&job).map_err(|error| Fault::usage_text(format!("job {id}: {error}")))?;
        if home.replace_state(id, state.clone())? {
            return Ok(());
        }
        wanted = Some(state);
    }
}
