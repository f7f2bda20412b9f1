use crate::aws;
use crate::backend::open_stack;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::render::words::counted;
use crate::result::finding::CheckFinding;
use crate::settings::Settings;

/// Examines every part of a stack, and prints each finding with what to do about it.
pub(crate) async fn run(settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    aws::missing().map_or(Ok(()), Err)?;
    let Some(stack) = open_stack(settings).await? else {
        return Err(CliError::usage_text("no stack is named")
            .hint("producer doctor --stack NAME, or set CONCORD_STACK"));
    };
    let mut wrong = 0;
    let examined = aws::examine(&stack, |finding| {
        wrong += usize::from(!finding.ok);
        printer.result(&finding, line)
    });
    examined.await?;
    if wrong == 0 {
        return Ok(Exit::DONE);
    }
    printer.say(&counted(wrong, "part needs repair", "parts need repair"));
    Ok(Exit::Failed)
}

/// A finding as a line, with a second line for its hint.
fn line(finding: &CheckFinding) -> String {
    let word = if finding.ok { "ok" } else { "WRONG" };
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("{:>6} {hint}\n", "hint:"));
    format!("{word:<6} {:<14} {}\n{hint}", finding.check, finding.found)
}
