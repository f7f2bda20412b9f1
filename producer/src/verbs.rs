//! The verbs, one in a file. Each takes plain values and the settings, prints its results, and gives an exit
//! code.

mod accept;
mod cancel;
mod check_store;
mod compare;
mod completions;
mod copies;
mod doctor;
mod explain;
mod list;
mod pin;
mod report;
mod retry;
mod status;
mod submit;
mod wait;

use concord_protocol::ListFilter;

use crate::args::Verb;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::{ComparingSettings, PinSettings, ReportSettings, Settings, SubmitSettings};

/// Runs a verb.
pub(crate) async fn run(verb: Verb, settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    match verb {
        Verb::Submit(args) => submit::run(&SubmitSettings::new(*args), settings, printer).await,
        Verb::Wait(args) => wait::run(&args.names, settings, printer).await,
        Verb::Status(args) => status::run(&args.names, settings, printer).await,
        Verb::List(args) => {
            let filter = ListFilter { verdict: args.verdict, count_max: args.limit };
            list::run(filter, settings, printer).await
        }
        Verb::Copies(args) => copies::run(&args.name, settings, printer).await,
        Verb::Explain(args) => {
            explain::run(&args.names, &ComparingSettings::new(args.outputs), settings, printer).await
        }
        Verb::Pin(args) => pin::run(&PinSettings::new(args), settings, printer).await,
        Verb::Report(args) => report::run(&ReportSettings::new(args)?, settings, printer).await,
        Verb::Compare(args) => {
            let names = [&args.reference, &args.other];
            compare::run(names, &ComparingSettings::new(args.outputs), settings, printer).await
        }
        Verb::Accept(args) => accept::run(&args.names, settings, printer).await,
        Verb::Retry(args) => retry::run(&args.names, args.detach, settings, printer).await,
        Verb::Cancel(args) => cancel::run(&args.names, settings, printer).await,
        Verb::CheckStore => check_store::run(settings, printer),
        Verb::Doctor => doctor::run(settings, printer).await,
        Verb::Completions { shell } => completions::script(shell, printer),
        Verb::Man { verb } => completions::manual(verb.as_deref(), printer),
    }
}
