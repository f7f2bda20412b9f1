//! Runs one target on the inputs that AFL++ writes. `acceptance/fuzz/run` starts it.

use std::process::ExitCode;

use concord_acceptance_fuzz::target;

fn main() -> ExitCode {
    let named = std::env::args().nth(1).as_deref().and_then(target);
    let Some(check) = named else { return ExitCode::FAILURE };
    afl::fuzz!(|bytes: &[u8]| check(bytes));
    ExitCode::SUCCESS
}
