//! Looks at everything that a stack consists of, one finding for each part.

mod checks;

use serde::Serialize;

use crate::args::Format;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::stack::Stack;

/// What was found of one part of the stack.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    /// The part.
    check: &'static str,
    ok: bool,
    /// What was seen.
    found: String,
    /// What to do about it, when something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// What was seen of a part, or what is wrong with it and what to do about that.
pub(crate) type Seen = Result<String, Wrong>;

/// What is wrong with a part.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) found: String,
    pub(crate) hint: String,
}

impl Wrong {
    pub(crate) fn new(found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { found: found.into(), hint: hint.into() }
    }

    /// A part that could not be looked at.
    pub(crate) fn unseen(error: impl Into<anyhow::Error>, permission: &str) -> Self {
        Self::new(
            format!("could not be looked at: {:#}", error.into()),
            format!("see that it was not deleted, and that you may {permission}"),
        )
    }
}

/// Looks at every part, prints what was found, and says whether all is well.
pub(crate) async fn examine(stack: &Stack, printer: &Printer) -> Result<Exit, CliError> {
    let mut wrong = 0;
    for (check, part) in checks::ALL {
        let finding = match part.check(stack).await {
            Ok(None) => continue,
            Ok(Some(found)) => Finding { check, ok: true, found, hint: None },
            Err(Wrong { found, hint }) => Finding { check, ok: false, found, hint: Some(hint) },
        };
        wrong += u32::from(!finding.ok);
        match printer.format {
            Format::Json => printer.json(&finding)?,
            Format::Text => printer.data(&text(&finding))?,
        }
    }
    if wrong == 0 {
        return Ok(Exit::DONE);
    }
    printer.say(&format!("findings that want something done: {wrong}"));
    Ok(Exit::Failed)
}

fn text(finding: &Finding) -> String {
    let word = if finding.ok { "ok" } else { "WRONG" };
    let hint = finding.hint.as_ref().map_or_else(String::new, |hint| format!("{:>6} {hint}\n", "hint:"));
    format!("{word:<6} {:<14} {}\n{hint}", finding.check, finding.found)
}
