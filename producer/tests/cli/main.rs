//! The program as a user runs it: arguments, standard streams, exit codes, signals, and the store it leaves behind.

#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as expected")]

mod conditions;
mod evidence;
#[expect(dead_code, reason = "the tests of the worker use the rest")]
#[path = "../../../crates/cloud/src/invoke/tests/fake_lambda.rs"]
mod fake_lambda;
mod faults;
mod functions;
mod harness;
mod help;
mod jobs;
mod lives;
mod refusals;
