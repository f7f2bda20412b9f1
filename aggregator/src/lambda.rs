//! The aggregator as a Lambda function. Its events come from the table's stream, the queue of deadlines and the dead
//! letters.
//!
//! Only this module knows the cloud; it exists with the feature `lambda`.

mod handler;
mod settings;

use std::io::stdout;
use std::sync::Arc;

use concord_cloud::{Access, sdk_config};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

pub use handler::AggregatorHandler;
pub use settings::{AggregatorSettings, AggregatorSettingsError};

/// Serves invocations until the sandbox ends.
///
/// # Errors
/// When the Lambda runtime cannot be reached.
pub async fn serve(settings: AggregatorSettings) -> Result<(), Error> {
    let config = sdk_config(&Access::default()).await;
    let handler = Arc::new(AggregatorHandler::new(&config, &config, settings, stdout()));
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| {
        let handler = Arc::clone(&handler);
        // Boxed because the future is large; one allocation an invocation costs nothing.
        Box::pin(async move { handler.handle(event.payload).await })
    }))
    .await
}
