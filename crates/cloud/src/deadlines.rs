//! Sends deadlines as delayed messages: they are exact, and need neither polling nor a scan.

use concord_protocol::ports::{PortError, PortResult};
use concord_protocol::{JobId, Timestamp};

use crate::aws_error;
use crate::message::DeadlineMessage;

/// The longest delay of a message in SQS: 15 minutes. For a later deadline, the message is sent several times.
const DELAY_SECONDS_MAX: u64 = 15 * 60;

/// The SQS queue of deadlines.
#[derive(Clone)]
pub struct DeadlineQueue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl DeadlineQueue {
    /// The queue with the address `url`.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, url: String) -> Self {
        Self { sqs: aws_sdk_sqs::Client::new(config), url }
    }

    /// Sends a message that is delivered at `deadline_at`, or after the longest delay if that is earlier.
    ///
    /// # Errors
    /// When SQS does not accept the message.
    pub async fn send(
        &self,
        job: JobId,
        round: u32,
        deadline_at: Timestamp,
        now: Timestamp,
    ) -> PortResult<()> {
        let body = serde_json::to_string(&DeadlineMessage { job, round })
            .map_err(|error| PortError::Permanent(Box::new(error)))?;
        let seconds = delay_seconds(deadline_at, now);
        let send = self.sqs.send_message().queue_url(&self.url).message_body(body).delay_seconds(seconds);
        send.send().await.map(|_| ()).map_err(aws_error::port("SendMessage"))
    }
}

/// The delay in whole seconds, rounded up: a message that arrived slightly early would be sent again.
fn delay_seconds(deadline_at: Timestamp, now: Timestamp) -> i32 {
    let seconds = deadline_at.ms_since(now).div_ceil(1_000).min(DELAY_SECONDS_MAX);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_delayed_by_at_most_15_minutes() {
        let check = |in_ms: u64, expect| {
            let now = Timestamp::from_unix_ms(1_000_000);
            assert_eq!(delay_seconds(now.plus_ms(in_ms), now), expect, "{in_ms} ms");
        };
        check(0, 0);
        check(1, 1);
        check(1_000, 1);
        check(899_001, 900);
        check(3_600_000, 900);
        assert_eq!(
            delay_seconds(Timestamp::from_unix_ms(5), Timestamp::from_unix_ms(9_000)),
            0,
            "the deadline has passed"
        );
    }
}
