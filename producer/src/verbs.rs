//! The verbs, one in a file. Each takes its options and the settings, prints its results, and gives an exit code.

mod accept;
mod cancel;
mod compare;
mod completions;
mod copies;
mod doctor;
mod explain;
mod list;
mod report;
mod retry;
mod status;
mod submit;
mod wait;

use crate::args::Verb;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;

/// Runs a verb.
pub(crate) async fn run(verb: Verb, settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    match verb {
        Verb::Submit(args) => submit::run(&args, settings, printer).await,
        Verb::Wait(args) => wait::run(&args, settings, printer).await,
        Verb::Status(args) => status::run(&args, settings, printer).await,
        Verb::List(args) => list::run(&args, settings, printer).await,
        Verb::Copies(args) => copies::run(&args, settings, printer).await,
        Verb::Explain(args) => explain::run(&args, settings, printer).await,
        Verb::Report(args) => report::run(&args, settings, printer).await,
        Verb::Compare(args) => compare::run(&args, settings, printer).await,
        Verb::Accept(args) => accept::run(&args, settings, printer).await,
        Verb::Retry(args) => retry::run(&args, settings, printer).await,
        Verb::Cancel(args) => cancel::run(&args, settings, printer).await,
        Verb::Doctor => doctor::run(settings, printer).await,
        Verb::Completions { shell } => completions::script(shell, printer),
        Verb::Man { verb } => completions::manual(verb.as_deref(), printer),
    }
}
