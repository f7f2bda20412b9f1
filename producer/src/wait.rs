//! Waits until jobs have ended. In a store this process works on them; in a stack it only waits.

pub(crate) mod local;
pub(crate) mod stack;

use concord_protocol::JobId;

use crate::aws::Aws;
use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;

/// Waits until `jobs` have ended, prints the report of each, and gives the worst exit. In a store, works on
/// them, with `aws` as access to the functions that they call.
pub(crate) async fn wait(
    backend: &Backend,
    jobs: &[JobId],
    aws: Option<&Aws>,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    match backend {
        Backend::Local(store) => local::wait(backend, store, jobs, aws, settings, printer).await,
        Backend::Stack(stack) => {
            stack::wait(backend, stack, jobs, &stack::Listening::start()?, settings, printer).await
        }
    }
}
