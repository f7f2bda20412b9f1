//! Deadlines as delayed messages: exact, with no polling and no scan.

use concord_protocol::ports::{PortError, PortResult};
use concord_protocol::{JobId, Timestamp};

use crate::aws_error;
use crate::message::DeadlineMessage;

/// Longest delay of a message in SQS: 15 minutes. A later deadline takes several hops.
const DELAY_SECONDS_MAX: u64 = 15 * 60;

/// The queue of deadlines in SQS.
#[derive(Clone)]
pub struct DeadlineQueue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl DeadlineQueue {
    /// The queue with this address.
    #[must_use]
    pub fn new(config: &aws_config::SdkConfig, url: String) -> Self {
        Self { sqs: aws_sdk_sqs::Client::new(config), url }
    }

    /// Has a round of a job looked at by its deadline, or before it after the longest delay.
    ///
    /// # Errors
    /// When SQS cannot be asked.
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

/// Whole seconds, rounded up: a message that came a little early would only go round again.
fn delay_seconds(deadline_at: Timestamp, now: Timestamp) -> i32 {
    let seconds = deadline_at.ms_since(now).div_ceil(1_000).min(DELAY_SECONDS_MAX);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hop_is_at_most_a_quarter_of_an_hour() {
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
            "it has passed"
        );
    }
}
