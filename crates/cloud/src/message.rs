//! What travels on the queues, as JSON.

use concord_protocol::limits::{COPIES_MAX, ROUNDS_MAX};
use concord_protocol::{CopyId, JobId};
use serde::{Deserialize, Serialize};

/// A copy to be run: `{"job":"…","copy":17,"round":0}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyMessage {
    job: JobId,
    copy: u32,
    /// The round of the job that wants it.
    pub round: u32,
}

/// A round of a job that has to end by its deadline: `{"job":"…","round":0}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlineMessage {
    /// The job.
    pub job: JobId,
    /// The round.
    pub round: u32,
}

/// A body that is not what travels on its queue.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// It is not JSON, or a field is missing or wrong.
    #[error("a message cannot be read")]
    Unreadable(#[from] serde_json::Error),
    /// It names what cannot be.
    #[error("a message names copy {copy} of round {round}: there are at most {COPIES_MAX} and {ROUNDS_MAX}")]
    OutOfBounds {
        /// The copy.
        copy: u32,
        /// The round.
        round: u32,
    },
}

impl CopyMessage {
    /// The message of a copy.
    #[must_use]
    pub fn new(copy: CopyId, round: u32) -> Self {
        Self { job: copy.job, copy: copy.index, round }
    }

    /// The copy that it asks for.
    #[must_use]
    pub fn copy(self) -> CopyId {
        CopyId { job: self.job, index: self.copy }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// When it is not such a message. The text may come from anywhere.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        let message: Self = serde_json::from_str(body)?;
        if message.copy >= COPIES_MAX || message.round > ROUNDS_MAX {
            return Err(MessageError::OutOfBounds { copy: message.copy, round: message.round });
        }
        Ok(message)
    }
}

impl DeadlineMessage {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is not such a message.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        Ok(serde_json::from_str(body)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let copy = CopyId { job: "k3f9.2".parse().unwrap(), index: COPIES_MAX - 1 };
        let message = CopyMessage::new(copy, 3);
        let body = serde_json::to_string(&message).unwrap();
        assert_eq!(body, r#"{"job":"k3f9.2","copy":999999,"round":3}"#);
        assert_eq!(CopyMessage::parse(&body).unwrap(), message);
    }

    #[test]
    fn what_is_no_message_is_an_error() {
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
