//! Jobs and states to check an adapter with.

use concord_protocol::ports::{CreateJobs, PortResult, ReadJob};
use concord_protocol::{Cause, Job, JobId, JobState, StateRecord, Timestamp, Verdict};
use concord_testkit::{SUBMITTED_AT, id, new_job};

use super::fixture::Fixture;

/// The largest number of milliseconds for which an adapter hides a message beyond the time of its copy.
pub const VISIBILITY_MARGIN_MS_MAX: u64 = 60_000;

/// When every example was decided, and ended.
pub const DECIDED_AT: Timestamp = Timestamp { unix_ms: SUBMITTED_AT.unix_ms + 1_000 };

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

/// `state` with other fields.
///
/// # Panics
/// When the fields contradict each other: no job can be in that state.
#[must_use]
pub fn with(state: &JobState, change: impl FnOnce(&mut StateRecord)) -> JobState {
    let mut record = StateRecord::from(state.clone());
    change(&mut record);
    JobState::try_from(record).expect("an example is a legal state")
}

/// The state that follows `state`, with another verdict.
#[must_use]
pub fn decided(state: &JobState, verdict: Verdict) -> JobState {
    with(state, |record| decide(record, verdict))
}

/// The state that follows `state` and ends the job.
#[must_use]
pub fn ended(state: &JobState, verdict: Verdict) -> JobState {
    with(state, |record| {
        decide(record, verdict);
        record.ended_at = Some(DECIDED_AT);
    })
}

/// The state that follows `state` and opens a new round.
#[must_use]
pub fn retried(state: &JobState) -> JobState {
    with(state, |record| {
        decide(record, Verdict::Running);
        record.round += 1;
        record.ended_at = None;
    })
}

fn decide(record: &mut StateRecord, verdict: Verdict) {
    record.verdict = verdict;
    record.cause = (verdict == Verdict::Inconclusive).then_some(Cause::Failures);
    record.decided_at = (verdict != Verdict::Running).then_some(DECIDED_AT);
    record.revision += 1;
}
