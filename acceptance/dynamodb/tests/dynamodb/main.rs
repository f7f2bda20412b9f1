//! Tests the cloud adapter with a `DynamoDB` in the test process, and with a fake SQS that uses the clock of the test.

#![expect(clippy::unwrap_used, reason = "a test fails at the first unexpected value")]

mod enqueuing;
mod fixture;
mod folding;
mod ports;
mod sqs;
mod table;
mod working;

mod conformance {
    concord_acceptance::conformance_tests!(every_adapter, crate::fixture::InCloud::fresh);
}
