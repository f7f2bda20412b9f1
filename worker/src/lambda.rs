//! A worker as a Lambda function: a batch of messages comes in, and those that have to come again go out.
//!
//! The only room here that knows the cloud; it is there with the feature `lambda`. [`serve`] is also what a worker of
//! your own is made of: give it a calculation.

mod bounded;
mod deployed;
mod door;
mod hold;
mod settings;

use std::sync::Arc;

use aws_config::SdkConfig;
use concord_cloud::{Access, sdk_config};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

use crate::Calculate;

pub use deployed::{Deployed, DeployedError};
pub use door::Door;
pub use settings::{Calc, Settings, SettingsError};

/// Serves invocations until the sandbox ends, with the calculation that `calculation` makes of the settings.
///
/// # Errors
/// When there is no such calculation, or the Lambda runtime cannot be reached.
pub async fn serve<C, E>(
    settings: Settings,
    calculation: impl FnOnce(&Settings, &SdkConfig) -> Result<C, E>,
) -> Result<(), Error>
where
    C: Calculate + 'static,
    E: Into<Error>,
{
    let config = sdk_config(&Access::default()).await;
    let calculation = calculation(&settings, &config).map_err(Into::into)?;
    let door = Arc::new(Door::new(&config, &config, settings, calculation));
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let door = Arc::clone(&door);
        // Boxed: its layout is deep, and a call an invocation is nothing.
        Box::pin(async move { door.handle(event.payload, event.context.deadline).await })
    }))
    .await
}
