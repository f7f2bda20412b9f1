//! What is read back from a table or a store. The first line of the input says what it is, the rest is JSON: an item in the
//! form of DynamoDB, such as `{"job":{"S":"k3f9"}}`, or a text in a column of the local store.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use concord_cloud::stream_changes;
use concord_protocol::{Evidence, Facts, GoldenKey, JobSpec, JobState};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_dynamo::Item;

use crate::private::item::golden::GoldenAttributes;
use crate::private::item::{self, BlobAttributes, EnqueuedAttributes, SubmissionAttributes};

/// A time of expiry. It is written, and never read.
const EXPIRES_AT: u64 = 7;

pub(crate) fn check(bytes: &[u8]) {
    match bytes {
        [b'i', b'\n', item @ ..] => check_item(item),
        [b's', b'\n', text @ ..] => check_text(text),
        _ => {}
    }
}

/// An item that can be read can be written, and is then the same.
fn check_item(item: &[u8]) {
    let Ok(item) = serde_json::from_slice::<Item>(item) else { return };
    check_job(&item);
    check_outcome(&item);
    check_tally(&item);
    let _ = stream_changes(Item::default(), item.clone());
    let _ = stream_changes(item.clone(), item.clone());
    check_attributes::<BlobAttributes>(&item);
    check_attributes::<SubmissionAttributes>(&item);
    check_attributes::<EnqueuedAttributes>(&item);
    check_attributes::<GoldenAttributes>(&item);
}

fn check_job(item: &Item) {
    let Ok(job) = item::job::job(item.clone()) else { return };
    let written = item::job::job_attributes(&job.spec, &job.state, EXPIRES_AT).expect("a job can be written");
    assert_eq!(item::job::job(written).ok(), Some(job));
}

fn check_outcome(item: &Item) {
    let Ok(outcome) = item::outcome::outcome(item.clone()) else { return };
    let key = item::copy_item(outcome.copy.index);
    let written =
        item::outcome::outcome_attributes(&outcome, key, EXPIRES_AT).expect("an outcome can be written");
    let read = item::outcome::outcome(written).expect("a written outcome can be read");
    assert_eq!(
        (&read.copy, &read.result, read.started_at),
        (&outcome.copy, &outcome.result, outcome.started_at)
    );
    assert_eq!((read.round, read.attempt, read.run_us), (outcome.round, outcome.attempt, outcome.run_us));
    assert_eq!((read.stderr_tail, read.facts), (outcome.stderr_tail, outcome.facts));
}

fn check_tally(item: &Item) {
    if let Ok(tally) = item::tally::tally(item) {
        let sets = item::tally::tally_sets(&tally);
        let written: HashMap<_, _> = sets.into_iter().map(|(name, value)| (name, attribute(value))).collect();
        let written = Item::from(written);
        let read = item::tally::tally(&written).expect("a written tally can be read");
        assert_eq!((read.digests, read.failures), (tally.digests, tally.failures));
    }
    if let (Ok(stored), Ok(job)) = (item::tally::rollup(item.clone()), "j".parse()) {
        let written =
            item::tally::rollup_attributes(&job, &stored, EXPIRES_AT).expect("a rollup can be written");
        let read = item::tally::rollup(written).expect("a written rollup can be read");
        assert_eq!((read.rollup, read.revision), (stored.rollup, stored.revision));
    }
}

fn attribute(value: AttributeValue) -> serde_dynamo::AttributeValue {
    value.into()
}

fn check_attributes<T: Serialize + DeserializeOwned>(item: &Item) {
    let Ok(read) = item::value::<T>(item.clone()) else { return };
    let written = item::attributes(&read).expect("attributes that were read can be written");
    let again = item::value::<T>(written.clone()).expect("written attributes can be read");
    assert_eq!(item::attributes(&again).ok(), Some(written));
}

/// A column that can be read can be written, and is then the same.
fn check_text(text: &[u8]) {
    check_column::<JobSpec>(text);
    check_column::<JobState>(text);
    check_column::<Evidence>(text);
    check_column::<Facts>(text);
    check_column::<GoldenKey>(text);
}

fn check_column<T: Serialize + DeserializeOwned + PartialEq>(text: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(text) else { return };
    let written = serde_json::to_vec(&read).expect("a column can be written");
    assert!(serde_json::from_slice::<T>(&written).is_ok_and(|again| again == read));
}
