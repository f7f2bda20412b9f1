//! Looks at everything that a stack consists of.

use crate::exit::Exit;
use crate::fault::Fault;
use crate::printer::Printer;
use crate::settings::Settings;

/// Checks the stack, and prints each finding with what to do about it.
pub(crate) fn run(settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    let Some(stack) = settings.open_stack()? else {
        return Err(
            Fault::usage_text("no stack is named").hint("producer doctor --stack NAME, or set CONCORD_STACK")
        );
    };
    crate::doctor::examine(&stack, printer)
}
