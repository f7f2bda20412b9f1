//! The quarantine holds the records that no function can handle, for a person to inspect.

use concord_protocol::ports::PortResult;
use serde_json::Value;

use crate::aws_error;

/// The SQS queue of quarantined records.
#[derive(Clone)]
pub struct QuarantineQueue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl QuarantineQueue {
    /// The queue with the address `url`.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, url: String) -> Self {
        Self { sqs: aws_sdk_sqs::Client::new(config), url }
    }

    /// Puts `record` into quarantine.
    ///
    /// # Errors
    /// When SQS does not accept the message.
    pub async fn put(&self, record: &Value) -> PortResult<()> {
        let send = self.sqs.send_message().queue_url(&self.url).message_body(record.to_string());
        send.send().await.map(|_| ()).map_err(aws_error::port("SendMessage"))
    }
}
