//! The cloud adapter against a `DynamoDB` that runs in process, and an SQS whose time is the test's.

#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as expected")]

use concord_acceptance::conformance::{assert_conforms, every_adapter};

mod enqueuing;
mod fixture;
mod folding;
mod ports;
mod sqs;
mod table;
mod working;

#[test]
fn every_promise_is_kept() {
    assert_conforms(&every_adapter(), fixture::InCloud::fresh);
}
