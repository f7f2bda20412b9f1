use concord_protocol::ports::ReplaceState;
use concord_protocol::{IllegalTransition, Job, JobId, JobState};

use crate::backend::Backend;
use crate::error::CliError;
use crate::named::read;

/// Replaces the state of each job by `next` of the job. Replaces none if `next` fails for one of them.
pub(crate) async fn replace_all(
    backend: &Backend,
    ids: &[JobId],
    next: impl Fn(&Job) -> Result<JobState, IllegalTransition>,
) -> Result<(), CliError> {
    for id in ids {
        let job = read(backend, id).await?;
        next(&job).map_err(|error| CliError::usage_text(format!("job {id}: {error}")))?;
    }
    for id in ids {
        replace(backend, id, &next).await?;
    }
    Ok(())
}

/// Replaces the state of a job by `next` of the job; tries again as often as another process changes the job first.
async fn replace(
    backend: &Backend,
    id: &JobId,
    next: impl Fn(&Job) -> Result<JobState, IllegalTransition>,
) -> Result<(), CliError> {
    let mut wanted = None;
    loop {
        let job = read(backend, id).await?;
        if wanted.as_ref() == Some(&job.state) {
            // An earlier try has written it, and only the answer was lost.
            return Ok(());
        }
        let state = next(&job).map_err(|error| CliError::usage_text(format!("job {id}: {error}")))?;
        if backend.replace_state(id, state.clone()).await? {
            return Ok(());
        }
        wanted = Some(state);
    }
}
