//! Jobs, outcomes and states to check an adapter with.

use std::sync::Arc;

use concord_protocol::ports::{CreateJobs, NewJob, PortResult, ReadJob};
use concord_protocol::{
    Calculation, Cause, CopyId, Digest, Environment, Failure, Job, JobId, JobSpec, JobState, Outcome, Policy,
    Produced, Timestamp, Verdict,
};

use super::Fixture;

/// The payload of every example.
pub const PAYLOAD: &[u8] = br#"{"seed": 1, "scale": -0.0}"#;

/// When every example was submitted.
pub const SUBMITTED_AT: Timestamp = Timestamp { unix_ms: 1_700_000_000_000 };

/// How long a copy of an example may take.
pub const COPY_TIMEOUT_MS: u64 = 5_000;

/// Milliseconds by which an adapter may hide a message beyond the time of its copy, at most.
pub const VISIBILITY_MARGIN_MS_MAX: u64 = 60_000;

/// An id.
#[must_use]
pub fn id(name: &str) -> JobId {
    name.parse().expect("the names of examples are ids")
}

/// A job that can be submitted.
#[must_use]
pub fn spec(name: &str, copies: u32) -> JobSpec {
    JobSpec {
        job: id(name),
        submission: id("submission"),
        submitted_at: SUBMITTED_AT,
        payload_digest: Digest::of(PAYLOAD),
        payload_bytes: PAYLOAD.len() as u64,
        copies,
        calculation: Calculation::Command { argv: vec!["calculate".to_owned()], folder: "/".into() },
        policy: Policy { select: Some("/value".to_owned()), ..Policy::bounds(2, 3_600_000, COPY_TIMEOUT_MS) },
    }
}

/// The same with its payload.
#[must_use]
pub fn new_job(name: &str, copies: u32) -> NewJob {
    NewJob { spec: spec(name, copies), payload: PAYLOAD.into() }
}

/// Creates a job in an adapter that has none of this name.
pub async fn given_job(fixture: &impl Fixture, name: &str, copies: u32) -> PortResult<JobId> {
    let taken = fixture.ports().create_jobs(vec![new_job(name, copies)]).await?;
    assert_eq!(taken, None, "the id of a new job is taken");
    Ok(id(name))
}

/// The job as it stands.
pub async fn stored(fixture: &impl Fixture, job: &JobId) -> PortResult<Job> {
    Ok(fixture.ports().read_job(job).await?.expect("the job was created"))
}

/// A copy of a job.
#[must_use]
pub fn copy(job: &JobId, index: u32) -> CopyId {
    CopyId { job: job.clone(), index }
}

/// What a run gave: `Ok` with an output, or `Err` with the reason of a failure.
pub type Gave<'a> = Result<&'a str, &'a str>;

/// An outcome of a copy in a round.
#[must_use]
pub fn outcome(job: &JobId, index: u32, round: u32, gave: Gave<'_>) -> Outcome {
    let environment = Environment {
        sandbox: format!("sandbox-{}", index % 2),
        identity: [("host.boot_id", format!("boot-{}", index % 2))].into_iter().collect(),
        facts: [("cpu.model_name", "an example"), ("variable.TZ", "")].into_iter().collect(),
    };
    Outcome {
        copy: copy(job, index),
        round,
        attempt: 2,
        result: gave.map(produced).map_err(Failure::new),
        started_at: SUBMITTED_AT.plus_ms(17),
        run_us: 1_234_567,
        stderr_tail: "warning: an example\n".to_owned(),
        environment: Some(Arc::new(environment)),
        facts: [("sandbox.call", "17")].into_iter().collect(),
    }
}

/// Output bytes, by their digest.
#[must_use]
pub fn produced(output: &str) -> Produced {
    Produced { digest: Digest::of(output.as_bytes()), bytes: output.len() as u64 }
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
