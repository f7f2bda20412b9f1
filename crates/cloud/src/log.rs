use std::error::Error;
use std::process::ExitCode;

/// Prints why a function cannot start, with all causes in one line, and returns exit code 1.
#[must_use]
pub fn exit_with_error(error: &(dyn Error + 'static)) -> ExitCode {
    #[expect(clippy::print_stderr, reason = "Lambda copies standard error to the function's log")]
    {
        eprintln!("error: {}", causes(error));
    }
    ExitCode::FAILURE
}

/// The message of `error` and the messages of all its causes, with `: ` between them.
pub(crate) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
