//! Waits until jobs have ended: here, working on them, or while a stack works.

pub(crate) mod local;
pub(crate) mod stack;

use concord_protocol::JobId;

use crate::args::WorkArgs;
use crate::aws::Aws;
use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;

/// With what jobs are worked on.
pub(crate) struct Work<'a> {
    pub(crate) args: &'a WorkArgs,
    /// The way to the functions of the jobs, if there are any.
    pub(crate) aws: Option<Aws>,
}

/// Works until `jobs` have ended, or waits until their stack has, prints the report of each, and gives the worst exit.
pub(crate) async fn wait(
    backend: &Backend,
    jobs: &[JobId],
    work: &Work<'_>,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    match backend {
        Backend::Local(store) => local::wait(backend, store, jobs, work, settings, printer).await,
        Backend::Stack(stack) => {
            stack::wait(backend, stack, jobs, &stack::Listening::start()?, settings, printer).await
        }
    }
}
