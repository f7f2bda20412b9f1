//! Tests the cloud adapter with a `DynamoDB` in the test process, and with a fake SQS that uses the clock of the test.

#![expect(clippy::unwrap_used, reason = "a test fails at the first unexpected value")]

use concord_acceptance::conformance::{assert_conforms, every_adapter};

mod enqueuing;
mod fixture;
mod folding;
mod ports;
mod sqs;
mod table;
mod working;

#[test]
fn the_cloud_adapter_conforms_to_the_ports() {
    assert_conforms(&every_adapter(), fixture::InCloud::fresh);
}
