//! Jobs and states to check an adapter with.

use concord_protocol::ports::{CreateJobs, PortResult, ReadJob};
use concord_protocol::{Cause, Job, JobId, JobState, Verdict};
use concord_testkit::{SUBMITTED_AT, id, new_job};

use super::fixture::Fixture;

/// The largest number of milliseconds for which an adapter hides a message beyond the time of its copy.
pub const VISIBILITY_MARGIN_MS_MAX: u64 = 60_000;

/// Creates a job in an adapter.
///
/// # Panics
/// When the adapter has a job with this name already.
pub async fn given_job(fixture: &impl Fixture, name: &str, copies: u32) -> PortResult<JobId> {
    let taken = fixture.ports().create_jobs(vec![new_job(name, copies)]).await?;
    assert_eq!(taken, None, "the id of a new job is taken");
    Ok(id(name))
}

/// The job as it is stored.
///
/// # Panics
/// When the adapter has no such job.
pub async fn stored(fixture: &impl Fixture, job: &JobId) -> PortResult<Job> {
    Ok(fixture.ports().read_job(job).await?.expect("the job was created"))
}

/// The state that follows `state`, with another verdict.
#[must_use]
pub fn decided(state: &JobState, verdict: Verdict) -> JobState {
    let now = SUBMITTED_AT.plus_ms(1_000);
    let cause = (verdict == Verdict::Inconclusive).then_some(Cause::Failures);
    JobState {
        verdict,
        cause,
        decided_at: (verdict != Verdict::Running).then_some(now),
        revision: state.revision + 1,
        ..state.clone()
    }
}

/// The state that follows `state` and ends the job.
#[must_use]
pub fn ended(state: &JobState, verdict: Verdict) -> JobState {
    JobState { ended_at: Some(SUBMITTED_AT.plus_ms(1_000)), ..decided(state, verdict) }
}

/// The state that follows `state` and opens a new round.
#[must_use]
pub fn retried(state: &JobState) -> JobState {
    JobState { round: state.round + 1, ended_at: None, ..decided(state, Verdict::Running) }
}
