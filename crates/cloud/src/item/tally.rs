use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue as SdkValue;
use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{PortError, PortResult};
use concord_protocol::{CopySet, Digest, JobId, Roll, Tally};
use serde::{Deserialize, Serialize};
use serde_dynamo::{AttributeValue, Item};

use super::{Attributes, ROLL_ITEM, attributes, value};

/// Beginning of the names of a tally's attributes for failures: `failed#<round>#<reason>`.
const FAILED: &str = "failed#";

/// What a tally's item is merged by: an attribute's name, and the copies to be in its set.
pub(crate) fn tally_sets(tally: &Tally) -> Vec<(String, SdkValue)> {
    let digests = tally.digests.iter().map(|(digest, copies)| (digest.to_string(), numbers(*copies)));
    let failures = tally
        .failures
        .iter()
        .map(|((round, reason), copies)| (format!("{FAILED}{round}#{reason}"), numbers(*copies)));
    digests.chain(failures).collect()
}

/// The same with all failures of a round under one reason, for an item that would grow too large.
pub(crate) fn with_one_reason(tally: &Tally, reason: &str) -> Tally {
    let mut merged = Tally { digests: tally.digests.clone(), ..Tally::default() };
    for ((round, _), copies) in &tally.failures {
        let known = merged.failures.entry((*round, reason.to_owned())).or_default();
        *known = known.union(*copies);
    }
    merged
}

fn numbers(copies: CopySet) -> SdkValue {
    SdkValue::Ns(copies.iter().map(|place| place.to_string()).collect())
}

/// The tally that an item holds.
pub(crate) fn tally(item: &Item) -> PortResult<Tally> {
    let mut tally = Tally::default();
    for (name, value) in item.iter() {
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

fn copy_set(places: impl IntoIterator<Item = Option<u32>>) -> PortResult<CopySet> {
    let mut set = CopySet::default();
    for place in places {
        let place = place.filter(|place| *place < CHUNK_COPIES);
        set.insert(place.ok_or(PortError::Rejected("a set in the table names what it cannot hold"))?);
    }
    Ok(set)
}

/// What is known of all chunks.
#[derive(Serialize, Deserialize)]
struct RollAttributes {
    job: JobId,
    item: String,
    witnesses: Vec<Digest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "serde_dynamo::number_set")]
    produced: Vec<u32>,
    round: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "serde_dynamo::number_set")]
    accounted: Vec<u32>,
    revision: u64,
    expires_at: u64,
}

/// A roll and which write of it is stored, from 1; 0 when none is.
#[derive(Default)]
pub(crate) struct StoredRoll {
    pub(crate) roll: Roll,
    pub(crate) revision: u64,
}

/// The item of a roll.
pub(crate) fn roll_attributes(job: &JobId, stored: &StoredRoll, expires_at: u64) -> PortResult<Attributes> {
    let StoredRoll { roll, revision } = stored;
    attributes(&RollAttributes {
        job: job.clone(),
        item: ROLL_ITEM.to_owned(),
        witnesses: roll.witnesses.iter().copied().collect(),
        produced: roll.produced.iter().collect(),
        round: roll.round,
        accounted: roll.accounted.iter().collect(),
        revision: *revision,
        expires_at,
    })
}

/// The roll that an item holds.
pub(crate) fn roll(item: impl Into<Item>) -> PortResult<StoredRoll> {
    let stored: RollAttributes = value(item)?;
    let roll = Roll {
        witnesses: stored.witnesses.into_iter().collect::<BTreeSet<_>>(),
        produced: copy_set(stored.produced.into_iter().map(Some))?,
        round: stored.round,
        accounted: copy_set(stored.accounted.into_iter().map(Some))?,
    };
    Ok(StoredRoll { roll, revision: stored.revision })
}
