//! The quarantine: records that no function can handle wait there for a person.

use concord_protocol::ports::PortResult;
use serde_json::Value;

use crate::aws_error;

/// The queue of quarantined records, in SQS.
#[derive(Clone)]
pub struct QuarantineQueue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl QuarantineQueue {
    /// The queue with this address.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, url: String) -> Self {
        Self { sqs: aws_sdk_sqs::Client::new(config), url }
    }

    /// Puts `what` into quarantine.
    ///
    /// # Errors
    /// When SQS cannot be asked.
    pub async fn put(&self, what: &Value) -> PortResult<()> {
        let send = self.sqs.send_message().queue_url(&self.url).message_body(what.to_string());
        send.send().await.map(|_| ()).map_err(aws_error::port("SendMessage"))
    }
}
