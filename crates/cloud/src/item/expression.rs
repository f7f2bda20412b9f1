//! The conditions, updates and queries for the table: their texts, and the names and values in these texts.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use concord_protocol::{Digest, JobId, Timestamp, Verdict};

use super::{EXPIRES_AT, ITEM, JOB, number};

/// The expressions of a request, and the meaning of each `#name` and `:value` in them.
#[derive(Default)]
pub(crate) struct Expression {
    /// The update of an item.
    pub(crate) update: Option<String>,
    /// The condition of a write, or the key condition of a query.
    pub(crate) condition: Option<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    /// A write with this condition, or a query with this key condition.
    pub(super) fn condition(text: impl Into<String>) -> Self {
        Self { condition: Some(text.into()), ..Self::default() }
    }

    /// An update with this text.
    pub(super) fn update(text: impl Into<String>) -> Self {
        Self { update: Some(text.into()), ..Self::default() }
    }

    /// `self` with this update.
    pub(super) fn with_update(self, update: String) -> Self {
        Self { update: Some(update), ..self }
    }

    /// `self` with this condition.
    pub(super) fn on_condition(mut self, text: &str) -> Self {
        self.condition = Some(text.to_owned());
        self
    }

    /// `self`, in which `#placeholder` means the attribute `name`.
    pub(super) fn name(mut self, placeholder: &str, name: impl Into<String>) -> Self {
        self.names.insert(format!("#{placeholder}"), name.into());
        self
    }

    /// `self`, in which `:placeholder` means `value`.
    pub(super) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(format!(":{placeholder}"), value);
        self
    }

    /// The names, in the form of the SDK.
    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    /// The values, in the form of the SDK. `None` when there are none, because `DynamoDB` refuses an empty map.
    pub(crate) fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

fn text(text: &impl ToString) -> AttributeValue {
    AttributeValue::S(text.to_string())
}

/// Writes an item if no item has its key.
pub(crate) fn absent() -> Expression {
    Expression::condition("attribute_not_exists(#job)").name("job", JOB)
}

/// Updates an outcome if it still exists, so that the stream delivers it again.
pub(crate) fn refold(now: Timestamp) -> Expression {
    Expression::update("SET #refolded = :now")
        .on_condition("attribute_exists(#job)")
        .name("job", JOB)
        .name("refolded", "refolded_at")
        .value("now", number(now.unix_ms))
}

/// Replaces an outcome if it is still a failure of this round.
pub(crate) fn failure_of(round: u32) -> Expression {
    Expression::condition("attribute_not_exists(#digest) AND #round = :round")
        .name("digest", "digest")
        .name("round", "round")
        .value("round", number(round.into()))
}

/// Records that the first `copies` are on the queue in `round`, unless the item has more copies or a later round.
pub(crate) fn fewer_enqueued(round: u32, copies: u32) -> Expression {
    Expression::condition(
        "attribute_not_exists(#round) OR #round < :round OR (#round = :round AND #copies < :copies)",
    )
    .name("round", "round")
    .name("copies", "copies")
    .value("round", number(round.into()))
    .value("copies", number(copies.into()))
}

/// Adds `digest` to the outputs that a job keeps, if they are fewer than `outputs_max` or include `digest` already.
pub(crate) fn claim_output(digest: Digest, outputs_max: usize, expires_at: u64) -> Expression {
    Expression::update("ADD #digests :digests SET #expires = :expires")
        .on_condition(
            "attribute_not_exists(#digests) OR size(#digests) < :max OR contains(#digests, :digest)",
        )
        .name("digests", "digests")
        .name("expires", EXPIRES_AT)
        .value("digests", AttributeValue::Ss(vec![digest.to_string()]))
        .value("digest", text(&digest))
        .value("expires", number(expires_at))
        .value("max", number(outputs_max as u64))
}

/// All items of a job.
pub(crate) fn all_of(job: &JobId) -> Expression {
    Expression::condition("#job = :job").name("job", JOB).value("job", text(job))
}

/// The items of a job whose sort keys are from `from` to `to`, both included.
pub(crate) fn between(job: &JobId, from: &str, to: &str) -> Expression {
    Expression::condition("#job = :job AND #item BETWEEN :from AND :to")
        .name("job", JOB)
        .name("item", ITEM)
        .value("job", text(job))
        .value("from", text(&from))
        .value("to", text(&to))
}

/// The jobs in the index that have this verdict.
pub(crate) fn with_verdict(verdict: Verdict) -> Expression {
    Expression::condition("#status = :status").name("status", "status").value("status", text(&verdict))
}

/// Replaces an item if it has this revision.
pub(super) fn of_revision(revision: u64) -> Expression {
    Expression::condition("#revision = :before")
        .name("revision", "revision")
        .value("before", number(revision))
}
