//! The program as a user runs it: arguments, standard streams, exit codes, signals, and the store it leaves behind.

#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as expected")]

mod conditions;
mod evidence;
mod faults;
mod files;
mod folders;
#[cfg(feature = "aws")]
mod functions;
mod harness;
mod help;
mod jobs;
mod lives;
mod memory;
mod pin;
mod refusals;
mod reports;
mod stops;
mod texts;
mod varied;
