//! The messages on the queues, as JSON.

use concord_protocol::limits::{COPIES_MAX, ROUNDS_MAX};
use concord_protocol::{CopyId, JobId};
use serde::{Deserialize, Serialize};

/// Requests a run of a copy: `{"job":"…","copy":17,"round":0}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyMessage {
    job: JobId,
    copy: u32,
    /// The round of the job that wants the copy.
    pub round: u32,
}

/// Says that a round of a job must end by its deadline: `{"job":"…","round":0}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlineMessage {
    /// The job.
    pub job: JobId,
    /// The round.
    pub round: u32,
}

/// The body of a message is not valid on its queue.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The body is not JSON, or a field is missing or invalid.
    #[error("a message cannot be parsed")]
    Unreadable(#[from] serde_json::Error),
    /// The index of the copy, or the round, is above its bound.
    #[error(
        "a message names copy {copy} of round {round}: the limits are {COPIES_MAX} copies and round {ROUNDS_MAX}"
    )]
    OutOfBounds {
        /// The index of the copy.
        copy: u32,
        /// The round.
        round: u32,
    },
}

impl CopyMessage {
    /// The message for a copy.
    #[must_use]
    pub fn new(copy: CopyId, round: u32) -> Self {
        Self { job: copy.job, copy: copy.index, round }
    }

    /// The copy that the message requests.
    #[must_use]
    pub fn copy(self) -> CopyId {
        CopyId { job: self.job, index: self.copy }
    }

    /// Parses the body of a message.
    ///
    /// # Errors
    /// When `body`, which is any text, is not such a message.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        let message: Self = serde_json::from_str(body)?;
        if message.copy >= COPIES_MAX || message.round > ROUNDS_MAX {
            return Err(MessageError::OutOfBounds { copy: message.copy, round: message.round });
        }
        Ok(message)
    }
}

impl DeadlineMessage {
    /// Parses the body of a message.
    ///
    /// # Errors
    /// When `body` is not such a message.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        Ok(serde_json::from_str(body)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parsing_a_written_message_gives_the_same_message() {
        let copy = CopyId { job: "k3f9.2".parse().unwrap(), index: COPIES_MAX - 1 };
        let message = CopyMessage::new(copy, 3);
        let body = serde_json::to_string(&message).unwrap();
        assert_eq!(body, r#"{"job":"k3f9.2","copy":999999,"round":3}"#);
        assert_eq!(CopyMessage::parse(&body).unwrap(), message);
    }

    #[test]
    fn an_invalid_message_is_an_error() {
        for bad in [
            "",
            "null",
            "[]",
            r#"{"job":"k","copy":1}"#,
            r#"{"job":"","copy":1,"round":0}"#,
            r#"{"job":"k","copy":-1,"round":0}"#,
            r#"{"job":"k","copy":1.5,"round":0}"#,
            r#"{"job":"k","copy":1000000,"round":0}"#,
            r#"{"job":"k","copy":4294967296,"round":0}"#,
            r#"{"job":"k","copy":1,"round":1001}"#,
        ] {
            assert!(CopyMessage::parse(bad).is_err(), "{bad}");
        }
    }
}
