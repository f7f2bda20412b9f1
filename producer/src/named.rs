//! Which jobs a user names.

use std::collections::HashSet;

use concord_protocol::ports::{FindJobs, ReadJob};
use concord_protocol::{Job, JobId, Lookup};

use crate::backend::Backend;
use crate::error::CliError;
use crate::settings::Settings;

/// The jobs that `names` stand for, each once.
pub(crate) async fn find(backend: &Backend, names: &[String]) -> Result<Vec<JobId>, CliError> {
    let mut jobs = Vec::new();
    for name in names {
        if name.is_empty() {
            return Err(
                CliError::usage_text("the name of a job is empty").hint("producer list shows the jobs")
            );
        }
        match backend.find_jobs(name).await? {
            Lookup::Jobs(found) => jobs.extend(found),
            Lookup::Nothing => return Err(unknown(name)),
            Lookup::Ambiguous(some, count) => {
                let some: Vec<_> = some.iter().map(JobId::as_str).collect();
                let error =
                    CliError::usage_text(format!("{count} jobs begin with {name:?}: {}", some.join(", ")));
                return Err(error.hint("name more of the id"));
            }
        }
    }
    let mut seen = HashSet::new();
    jobs.retain(|job| seen.insert(job.clone()));
    Ok(jobs)
}

/// Opens the backend, and finds the jobs that `names` stand for.
pub(crate) async fn open(settings: &Settings, names: &[String]) -> Result<(Backend, Vec<JobId>), CliError> {
    found(Backend::open(settings).await?, settings, names).await
}

/// The same for verbs that only read.
pub(crate) async fn open_to_read(
    settings: &Settings,
    names: &[String],
) -> Result<(Backend, Vec<JobId>), CliError> {
    found(Backend::open_to_read(settings).await?, settings, names).await
}

async fn found(
    backend: Option<Backend>,
    settings: &Settings,
    names: &[String],
) -> Result<(Backend, Vec<JobId>), CliError> {
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

/// Reads a job that was found before, so that it must exist.
pub(crate) async fn read(ports: &impl ReadJob, id: &JobId) -> Result<Job, CliError> {
    ports.read_job(id).await?.ok_or_else(|| CliError::failed(anyhow::anyhow!("job {id} is gone")))
}
