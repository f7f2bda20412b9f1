//! The aggregator as a Lambda function: its doors are the table's stream, the queue of deadlines and the dead letters.
//!
//! The only room here that knows the cloud; it is there with the feature `lambda`.

mod doors;
mod settings;

use std::io::stdout;
use std::sync::Arc;

use concord_cloud::{Access, sdk_config};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

pub use doors::Doors;
pub use settings::{Settings, SettingsError};

/// Serves invocations until the sandbox ends.
///
/// # Errors
/// When the Lambda runtime cannot be reached.
pub async fn serve(settings: Settings) -> Result<(), Error> {
    let config = sdk_config(&Access::default()).await;
    let doors = Arc::new(Doors::new(&config, &config, settings, stdout()));
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let doors = Arc::clone(&doors);
        // Boxed: its layout is deep, and a call an invocation is nothing.
        Box::pin(async move { doors.handle(event.payload).await })
    }))
    .await
}
