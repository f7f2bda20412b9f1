//! Looks at everything that a stack consists of.

use crate::backend::open_stack;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;

/// Checks the stack, and prints each finding with what to do about it.
pub(crate) async fn run(settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    let Some(stack) = open_stack(settings).await? else {
        return Err(CliError::usage_text("no stack is named")
            .hint("producer doctor --stack NAME, or set CONCORD_STACK"));
    };
    crate::doctor::examine(&stack, printer).await
}
