use std::collections::{BTreeMap, BTreeSet};
use std::num::ParseIntError;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{PortError, PortResult};
use concord_protocol::{CopySet, Digest, JobId, Rollup, SandboxHash, Sandboxes, Tally};
use serde::{Deserialize, Serialize};
use serde_dynamo::{AttributeValue, Item};

use super::expression::{Expression, of_revision};
use super::{Attributes, EXPIRES_AT, ROLLUP_ITEM, attributes, number, value};

/// The prefix of the names of a tally's attributes for failures: `failed#<round>#<reason>`.
const FAILED: &str = "failed#";

/// The name of a tally's attribute for the hashes of sandboxes.
const SANDBOXES: &str = "sandboxes";

/// The name of a tally's attribute for the most hashes that are kept.
const SANDBOXES_MAX: &str = "sandboxes_max";

/// The sets of a tally: for each, the name of its attribute, and its copies or sandbox hashes.
pub(crate) fn tally_sets(tally: &Tally) -> Vec<(String, SdkValue)> {
    let digests = tally.digests.iter().map(|(digest, copies)| (digest.to_string(), numbers(*copies)));
    let failures = tally
        .failures
        .iter()
        .map(|((round, reason), copies)| (format!("{FAILED}{round}#{reason}"), numbers(*copies)));
    let sandboxes =
        (!tally.sandboxes.is_empty()).then(|| (SANDBOXES.to_owned(), hashes(tally.sandboxes.iter())));
    digests.chain(failures).chain(sandboxes).collect()
}

/// Merges `sets` into the sets of a tally's item.
pub(crate) fn add_sets(
    sets: impl Iterator<Item = (String, SdkValue)>,
    sandboxes: &Sandboxes,
    expires_at: u64,
) -> Expression {
    let mut update = "SET #expires = :expires".to_owned();
    let mut expression =
        Expression::default().name("expires", EXPIRES_AT).value("expires", number(expires_at));
    if !sandboxes.is_empty() {
        update.push_str(", #max = :max");
        expression = expression.name("max", SANDBOXES_MAX).value("max", number(sandboxes.kept_max().into()));
    }
    let mut added = Vec::new();
    for (place, (name, set)) in sets.enumerate() {
        added.push(format!("#n{place} :v{place}"));
        expression = expression.name(&format!("n{place}"), name).value(&format!("v{place}"), set);
    }
    if !added.is_empty() {
        update = format!("{update} ADD {}", added.join(", "));
    }
    expression.with_update(update)
}

/// Removes `sandboxes` from a tally's item.
pub(crate) fn drop_sandboxes(sandboxes: &[SandboxHash]) -> Expression {
    Expression::update("DELETE #sandboxes :too_many")
        .name("sandboxes", SANDBOXES)
        .value("too_many", hashes(sandboxes.iter().copied()))
}

/// Replaces the rollup if it has this revision. Revision 0 means that no rollup is stored yet.
pub(crate) fn rollup_of_revision(revision: u64) -> Expression {
    if revision > 0 {
        return of_revision(revision);
    }
    Expression::condition("attribute_not_exists(#revision)").name("revision", "revision")
}

/// `tally` with all failures of a round under one reason, for an item that would grow too large.
pub(crate) fn with_one_reason(tally: &Tally, reason: &str) -> Tally {
    let mut merged = Tally { failures: BTreeMap::new(), ..tally.clone() };
    for ((round, _), copies) in &tally.failures {
        let known = merged.failures.entry((*round, reason.to_owned())).or_default();
        *known = known.union(*copies);
    }
    merged
}

fn numbers(copies: CopySet) -> SdkValue {
    SdkValue::Ns(copies.iter().map(|place| place.to_string()).collect())
}

/// The hashes of sandboxes, in the form of the SDK.
fn hashes(sandboxes: impl Iterator<Item = SandboxHash>) -> SdkValue {
    SdkValue::Ns(sandboxes.map(|sandbox| sandbox.bits().to_string()).collect())
}

/// The hashes of sandboxes that a tally's item has but that are not in `kept`. Merging only adds hashes, so the item
/// may have too many.
pub(crate) fn sandboxes_too_many(item: &Item, kept: &Sandboxes) -> PortResult<Vec<SandboxHash>> {
    let kept: BTreeSet<_> = kept.iter().collect();
    Ok(all_hashes(item)?.into_iter().filter(|hash| !kept.contains(hash)).collect())
}

fn all_hashes(item: &Item) -> PortResult<Vec<SandboxHash>> {
    let Some(AttributeValue::Ns(numbers)) = item.get(SANDBOXES) else { return Ok(Vec::new()) };
    let hash = |number: &String| number.parse().map(SandboxHash::from_bits).map_err(not_a_number);
    numbers.iter().map(hash).collect()
}

fn sandboxes(item: &Item) -> PortResult<Sandboxes> {
    let kept_max = match item.get(SANDBOXES_MAX) {
        Some(AttributeValue::N(number)) => number.parse().map_err(not_a_number)?,
        _ => 0,
    };
    Ok(Sandboxes::stored(kept_max, all_hashes(item)?))
}

/// The tally that an item holds.
pub(crate) fn tally(item: &Item) -> PortResult<Tally> {
    let mut tally = Tally { sandboxes: sandboxes(item)?, ..Tally::default() };
    for (name, value) in item.iter().filter(|(name, _)| *name != SANDBOXES) {
        let AttributeValue::Ns(numbers) = value else { continue };
        let copies = copy_set(numbers.iter().map(|number| number.parse().ok()))?;
        if let Ok(digest) = name.parse::<Digest>() {
            tally.digests.insert(digest, copies);
        } else if let Some((round, reason)) = name.strip_prefix(FAILED).and_then(|name| name.split_once('#'))
            && let Ok(round) = round.parse()
        {
            tally.failures.insert((round, reason.to_owned()), copies);
        }
    }
    Ok(tally)
}

fn not_a_number(error: ParseIntError) -> PortError {
    PortError::Permanent(Box::new(error))
}

const OUT_OF_RANGE: PortError = PortError::Invalid("a set of copies in the table has an invalid member");

fn copy_set(places: impl IntoIterator<Item = Option<u32>>) -> PortResult<CopySet> {
    let mut set = CopySet::default();
    for place in places {
        let place = place.filter(|place| *place < CHUNK_COPIES);
        set.insert(place.ok_or(OUT_OF_RANGE)?);
    }
    Ok(set)
}

/// The rollup of all chunks.
#[derive(Serialize, Deserialize)]
struct RollupAttributes {
    job: JobId,
    item: String,
    witnesses: Vec<Digest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "serde_dynamo::number_set")]
    produced: Vec<u32>,
    copies: u32,
    round: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "serde_dynamo::number_set")]
    accounted: Vec<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "serde_dynamo::number_set")]
    sandboxes: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sandboxes_max: Option<u32>,
    revision: u64,
    expires_at: u64,
}

/// A rollup with its revision, which counts its writes from 1. The revision is 0 when no rollup is stored.
#[derive(Default)]
pub(crate) struct StoredRollup {
    pub(crate) rollup: Rollup,
    pub(crate) revision: u64,
}

/// The item of a rollup.
pub(crate) fn rollup_attributes(
    job: &JobId,
    stored: &StoredRollup,
    expires_at: u64,
) -> PortResult<Attributes> {
    let StoredRollup { rollup, revision } = stored;
    attributes(&RollupAttributes {
        job: job.clone(),
        item: ROLLUP_ITEM.to_owned(),
        witnesses: rollup.witnesses.iter().copied().collect(),
        produced: rollup.produced.iter().collect(),
        copies: rollup.copies,
        round: rollup.round,
        accounted: rollup.accounted.iter().collect(),
        sandboxes: rollup.sandboxes.iter().map(SandboxHash::bits).collect(),
        sandboxes_max: (rollup.sandboxes.kept_max() > 0).then_some(rollup.sandboxes.kept_max()),
        revision: *revision,
        expires_at,
    })
}

/// The rollup that an item holds.
pub(crate) fn rollup(item: impl Into<Item>) -> PortResult<StoredRollup> {
    let stored: RollupAttributes = value(item)?;
    let rollup = Rollup {
        witnesses: stored.witnesses.into_iter().collect::<BTreeSet<_>>(),
        copies: stored.copies,
        produced: copy_set(stored.produced.into_iter().map(Some))?,
        round: stored.round,
        accounted: copy_set(stored.accounted.into_iter().map(Some))?,
        sandboxes: Sandboxes::stored(
            stored.sandboxes_max.unwrap_or_default(),
            stored.sandboxes.into_iter().map(SandboxHash::from_bits),
        ),
    };
    Ok(StoredRollup { rollup, revision: stored.revision })
}
