//! What the tests of several crates share: a clock that the test advances, one example of each thing that travels, and
//! a Lambda to call.
//!
//! A development dependency only. Knows the protocol and nothing else, so that every other crate can use it. A test
//! changes what matters to it: `JobSpec { copies: 7, ..spec("job", 1) }`.

mod clock;
mod examples;
mod fake_lambda;

pub use clock::TestClock;
pub use examples::{
    COPY_TIMEOUT_MS, Gave, PAYLOAD, SUBMITTED_AT, copy, id, new_job, outcome, produced, spec,
};
pub use fake_lambda::{Answer, Call, FakeLambda};
