use std::sync::Arc;

use concord_protocol::ports::NewJob;
use concord_protocol::{
    Calculation, CopyId, Digest, Environment, Failure, JobId, JobSpec, Outcome, Policy, Produced, Timestamp,
};

/// The payload of every example.
pub const PAYLOAD: &[u8] = br#"{"seed": 1, "scale": -0.0}"#;

/// When every example was submitted.
pub const SUBMITTED_AT: Timestamp = Timestamp { unix_ms: 1_700_000_000_000 };

/// How many milliseconds a copy of an example may take.
pub const COPY_TIMEOUT_MS: u64 = 5_000;

/// The id with this text.
///
/// # Panics
/// When the text is not an id.
#[must_use]
pub fn id(name: &str) -> JobId {
    name.parse().expect("the names of examples are ids")
}

/// A job that can be submitted: a command with two attempts, an hour until its deadline, and a selected part of the
/// output.
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

/// The job of [`spec`] with its payload.
#[must_use]
pub fn new_job(name: &str, copies: u32) -> NewJob {
    NewJob { spec: spec(name, copies), payload: PAYLOAD.into() }
}

/// The copy of `job` with this index.
#[must_use]
pub fn copy(job: &JobId, index: u32) -> CopyId {
    CopyId { job: job.clone(), index }
}

/// The result of a run: `Ok` with an output, or `Err` with the reason of a failure.
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

/// The digest and the length of an output.
#[must_use]
pub fn produced(output: &str) -> Produced {
    Produced { digest: Digest::of(output.as_bytes()), bytes: output.len() as u64 }
}
