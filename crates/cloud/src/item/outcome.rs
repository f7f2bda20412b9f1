use std::sync::Arc;

use concord_protocol::ports::{PortError, PortResult};
use concord_protocol::{Digest, Environment, Failure, JobId, Outcome, Produced};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

use super::moment::Moment;
use super::{Attributes, attributes, copy, value};

/// What a run gave: either `digest` and `bytes`, or `reason`.
#[derive(Serialize, Deserialize)]
struct OutcomeAttributes {
    job: JobId,
    item: String,
    copy: u32,
    round: u32,
    attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    started_at: Moment,
    run_us: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    stderr_tail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment: Option<Environment>,
    expires_at: u64,
}

/// The item of an outcome, under the given sort key.
pub(crate) fn outcome_attributes(outcome: &Outcome, item: String, expires_at: u64) -> PortResult<Attributes> {
    let produced = outcome.result.as_ref().ok();
    attributes(&OutcomeAttributes {
        job: outcome.copy.job.clone(),
        item,
        copy: outcome.copy.index,
        round: outcome.round,
        attempt: outcome.attempt,
        digest: produced.map(|produced| produced.digest),
        bytes: produced.map(|produced| produced.bytes),
        reason: outcome.result.as_ref().err().map(|failure| failure.reason().to_owned()),
        started_at: Moment(outcome.started_at),
        run_us: outcome.run_us,
        stderr_tail: outcome.stderr_tail.clone(),
        environment: outcome.environment.as_deref().cloned(),
        expires_at,
    })
}

/// The outcome that an item holds.
pub(crate) fn outcome(item: impl Into<Item>) -> PortResult<Outcome> {
    let stored: OutcomeAttributes = value(item)?;
    let result = match (stored.digest, stored.bytes, stored.reason) {
        (Some(digest), Some(bytes), None) => Ok(Produced { digest, bytes }),
        (None, None, Some(reason)) => Err(Failure::new(reason)),
        _ => return Err(PortError::Rejected("an outcome's item has neither a digest nor a reason, or both")),
    };
    Ok(Outcome {
        copy: copy(stored.job, stored.copy)?,
        round: stored.round,
        attempt: stored.attempt,
        result,
        started_at: stored.started_at.0,
        run_us: stored.run_us,
        stderr_tail: stored.stderr_tail,
        environment: stored.environment.map(Arc::new),
    })
}
