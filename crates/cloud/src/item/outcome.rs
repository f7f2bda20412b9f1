use std::collections::HashMap;
use std::sync::Arc;

use concord_protocol::ports::{PortError, PortResult};
use concord_protocol::{Digest, Environment, Facts, Failure, JobId, Outcome, Produced};
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;

use super::rfc3339::Rfc3339;
use super::{Attributes, attributes, copy, facts_item, value};

/// An outcome. It has either `digest` and `bytes`, or `reason`.
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
    started_at: Rfc3339,
    run_us: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    stderr_tail: String,
    /// The sandbox: the worker process that ran the copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sandbox: Option<String>,
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    identity: Facts,
    /// The digest of the environment's facts, which the item [`facts_item`] holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment: Option<Digest>,
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    facts: Facts,
    expires_at: u64,
}

/// The facts of an environment, stored once for each job.
#[derive(Serialize, Deserialize)]
struct FactsAttributes {
    job: JobId,
    item: String,
    facts: Facts,
    expires_at: u64,
}

/// The facts of environments, by their digests.
pub(crate) type KnownFacts = HashMap<Digest, Facts>;

/// The digest of the JSON of `facts`, in which the names are sorted.
pub(crate) fn facts_digest(facts: &Facts) -> PortResult<Digest> {
    let text = serde_json::to_vec(facts).map_err(|error| PortError::Permanent(Box::new(error)))?;
    Ok(Digest::of(&text))
}

/// The item of the facts of an environment.
pub(crate) fn facts_attributes(
    job: &JobId,
    digest: Digest,
    facts: &Facts,
    expires_at: u64,
) -> PortResult<Attributes> {
    let (job, item, facts) = (job.clone(), facts_item(digest), facts.clone());
    attributes(&FactsAttributes { job, item, facts, expires_at })
}

/// The facts that `items` hold, by their digests.
pub(crate) fn known_facts(items: Vec<Attributes>) -> PortResult<KnownFacts> {
    let facts = items.into_iter().map(|item| {
        let stored: FactsAttributes = value(item)?;
        Ok((facts_digest(&stored.facts)?, stored.facts))
    });
    facts.collect()
}

/// The item of an outcome, under the given sort key.
pub(crate) fn outcome_attributes(outcome: &Outcome, item: String, expires_at: u64) -> PortResult<Attributes> {
    let produced = outcome.result.as_ref().ok();
    let environment = outcome.environment.as_deref();
    attributes(&OutcomeAttributes {
        job: outcome.copy.job.clone(),
        item,
        copy: outcome.copy.index,
        round: outcome.round,
        attempt: outcome.attempt,
        digest: produced.map(|produced| produced.digest),
        bytes: produced.map(|produced| produced.bytes),
        reason: outcome.result.as_ref().err().map(|failure| failure.reason().to_owned()),
        started_at: Rfc3339(outcome.started_at),
        run_us: outcome.run_us,
        stderr_tail: outcome.stderr_tail.clone(),
        sandbox: environment.map(|environment| environment.sandbox.clone()),
        identity: environment.map(|environment| environment.identity.clone()).unwrap_or_default(),
        environment: environment.map(|environment| facts_digest(&environment.facts)).transpose()?,
        facts: outcome.facts.clone(),
        expires_at,
    })
}

/// The outcome that an item holds, without the facts of its environment, which another item holds.
pub(crate) fn outcome(item: impl Into<Item>) -> PortResult<Outcome> {
    outcome_with_facts(item, &KnownFacts::new())
}

/// The outcome that an item holds, with the facts of its environment from `known`. Facts that have expired are left
/// out.
pub(crate) fn outcome_with_facts(item: impl Into<Item>, known: &KnownFacts) -> PortResult<Outcome> {
    let stored: OutcomeAttributes = value(item)?;
    let result = match (stored.digest, stored.bytes, stored.reason) {
        (Some(digest), Some(bytes), None) => Ok(Produced { digest, bytes }),
        (None, None, Some(reason)) => Err(Failure::new(reason)),
        _ => return Err(PortError::Invalid("the item of an outcome must have either a digest or a reason")),
    };
    let facts = stored.environment.and_then(|digest| known.get(&digest)).cloned().unwrap_or_default();
    let environment = stored.sandbox.map(|sandbox| Environment { sandbox, identity: stored.identity, facts });
    Ok(Outcome {
        copy: copy(stored.job, stored.copy)?,
        round: stored.round,
        attempt: stored.attempt,
        result,
        started_at: stored.started_at.0,
        run_us: stored.run_us,
        stderr_tail: stored.stderr_tail,
        environment: environment.map(Arc::new),
        facts: stored.facts,
    })
}
