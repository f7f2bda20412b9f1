//! The worker as a Lambda function. It receives a batch of messages, and returns the ids of the messages that must be
//! delivered again.
//!
//! Only this module knows the cloud; it exists with the feature `lambda`. A worker of your own calls [`serve`] with its
//! calculation.

mod bounded;
mod deployed;
mod handler;
mod hold;
mod settings;

use std::sync::Arc;

use aws_config::SdkConfig;
use concord_cloud::{Access, sdk_config};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::Calculate;

pub use deployed::{DeployedCalculation, DeployedError};
pub use handler::WorkerHandler;
pub use settings::{Calc, WorkerSettings, WorkerSettingsError};

/// The example of this page is compiled as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../../docs/operating.md")]
struct OperatingPage;

/// Serves invocations until the sandbox ends, with the calculation that `calculation` makes of the settings.
///
/// # Errors
/// When there is no such calculation, or the Lambda runtime cannot be reached.
pub async fn serve<C, E>(
    settings: WorkerSettings,
    calculation: impl FnOnce(&WorkerSettings, &SdkConfig) -> Result<C, E>,
) -> Result<(), Error>
where
    C: Calculate + 'static,
    E: Into<Error>,
{
    let config = sdk_config(&Access::default()).await;
    let calculation = calculation(&settings, &config).map_err(Into::into)?;
    let handler = Arc::new(WorkerHandler::new(&config, &config, settings, calculation));
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let handler = Arc::clone(&handler);
        // Boxed because the future is large; one allocation an invocation costs nothing.
        Box::pin(async move { handler.handle(event.payload, event.context.deadline).await })
    }))
    .await
}
