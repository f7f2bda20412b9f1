//! The cloud adapter against a `DynamoDB` that runs in process, and an SQS whose time is the test's.

#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as expected")]

mod enqueuing;
mod fixture;
mod folding;
mod ports;
mod sqs;
mod table;
mod working;

concord_acceptance::conformance_tests!(fixture::InCloud::fresh());
