use std::sync::Arc;

use concord_protocol::ports::{PortError, PortResult};
use concord_protocol::{
    Calculation, Cause, Digest, Evidence, Job, JobId, JobSpec, JobState, Policy, StateRecord, Verdict,
};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

use super::expression::{Expression, of_revision};
use super::rfc3339::Rfc3339;
use super::{Attributes, EXPIRES_AT, JOB_ITEM, attributes, number, value};

/// The part of a job that never changes.
#[derive(Serialize, Deserialize)]
struct SpecAttributes {
    job: JobId,
    item: String,
    submission: JobId,
    submitted_at: Rfc3339,
    payload_digest: Digest,
    payload_bytes: u64,
    copies: u32,
    calculation: Calculation,
    policy: Policy,
}

/// The state of a job. An absent value is an absent attribute.
#[derive(Serialize, Deserialize)]
struct StateAttributes {
    status: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    /// The number of copies that the job wants now.
    copies_wanted: u32,
    round: u32,
    deadline_at: Rfc3339,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decided_at: Option<Rfc3339>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<Rfc3339>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence>,
    revision: u64,
}

/// The attributes of a state that may be absent.
const STATE_OPTIONAL: [&str; 4] = ["cause", "decided_at", "ended_at", "evidence"];

/// The item of a job.
pub(crate) fn job_attributes(spec: &JobSpec, state: &JobState, expires_at: u64) -> PortResult<Attributes> {
    let spec = SpecAttributes {
        job: spec.job.clone(),
        item: JOB_ITEM.to_owned(),
        submission: spec.submission.clone(),
        submitted_at: Rfc3339(spec.submitted_at),
        payload_digest: spec.payload_digest,
        payload_bytes: spec.payload_bytes,
        copies: spec.copies,
        calculation: spec.calculation.clone(),
        policy: spec.policy.clone(),
    };
    let mut item = attributes(&spec)?;
    item.extend(state_attributes(state, expires_at)?);
    Ok(item)
}

/// Replaces the state of a job's item if the item has the revision before that of `state`.
pub(crate) fn replace_state(state: &JobState, expires_at: u64) -> PortResult<Expression> {
    let attributes = state_attributes(state, expires_at)?;
    let absent = STATE_OPTIONAL.into_iter().filter(|name| !attributes.contains_key(*name));
    let removed: Vec<_> = absent.map(|name| format!("#{name}")).collect();
    let set: Vec<_> = attributes.keys().map(|name| format!("#{name} = :{name}")).collect();
    let mut update = format!("SET {}", set.join(", "));
    if !removed.is_empty() {
        update = format!("{update} REMOVE {}", removed.join(", "));
    }
    let mut expression = of_revision(state.revision().saturating_sub(1));
    for name in STATE_OPTIONAL {
        expression = expression.name(name, name);
    }
    for (name, value) in attributes {
        expression = expression.name(&name, &name).value(&name, value);
    }
    Ok(expression.with_update(update))
}

/// The attributes of a job's item that change with its state.
fn state_attributes(state: &JobState, expires_at: u64) -> PortResult<Attributes> {
    let mut attributes = attributes(&StateAttributes {
        status: state.verdict(),
        cause: state.cause(),
        copies_wanted: state.copies(),
        round: state.round(),
        deadline_at: Rfc3339(state.deadline_at()),
        decided_at: state.decided_at().map(Rfc3339),
        ended_at: state.ended_at().map(Rfc3339),
        evidence: state.evidence().cloned(),
        revision: state.revision(),
    })?;
    attributes.insert(EXPIRES_AT.to_owned(), number(expires_at));
    Ok(attributes)
}

/// The job that an item holds.
pub(crate) fn job(item: impl Into<Item>) -> PortResult<Job> {
    let item = item.into();
    let state = state(item.clone())?;
    let spec: SpecAttributes = value(item)?;
    let spec = JobSpec {
        job: spec.job,
        submission: spec.submission,
        submitted_at: spec.submitted_at.0,
        payload_digest: spec.payload_digest,
        payload_bytes: spec.payload_bytes,
        copies: spec.copies,
        calculation: spec.calculation,
        policy: spec.policy,
    };
    Ok(Job { spec: Arc::new(spec), state })
}

/// The state that a job's item holds.
fn state(item: Item) -> PortResult<JobState> {
    let stored: StateAttributes = value(item)?;
    let record = StateRecord {
        verdict: stored.status,
        cause: stored.cause,
        copies: stored.copies_wanted,
        round: stored.round,
        deadline_at: stored.deadline_at.0,
        decided_at: stored.decided_at.map(|time| time.0),
        ended_at: stored.ended_at.map(|time| time.0),
        evidence: stored.evidence,
        revision: stored.revision,
    };
    JobState::try_from(record).map_err(|error| PortError::Permanent(Box::new(error)))
}
