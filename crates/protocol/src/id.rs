use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::JOB_ID_BYTES_MAX;

/// The id of a job or of a submission: 1 to 64 of `A-Z a-z 0-9 . _ -`. It begins with a letter or a digit.
///
/// Cheap to clone, because every copy carries it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(Arc<str>);

impl JobId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of one job of a submission: `self`, a dot, and the place of the payload in the submission.
    ///
    /// # Errors
    /// When the new id is too long.
    pub fn numbered(&self, place: u32) -> Result<Self, IdError> {
        format!("{self}.{place}").parse()
    }
}

/// A text that cannot be a job's id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a job id: {found:?}; an id has 1 to {JOB_ID_BYTES_MAX} of the letters, digits, '.', '_' and '-', \
     and begins with a letter or digit"
)]
pub struct IdError {
    /// The text that was found.
    pub found: String,
}

impl FromStr for JobId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !first || text.len() > JOB_ID_BYTES_MAX || !text.bytes().all(legal) {
            return Err(IdError { found: text.to_owned() });
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for JobId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for JobId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One run of a job. The queue transports it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CopyId {
    /// The job.
    pub job: JobId,
    /// The index of the copy in the job, from 0.
    pub index: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_short_and_has_plain_characters_only() {
        let longest = "a".repeat(JOB_ID_BYTES_MAX);
        for good in ["a", "7", "k3f9-q2.1_x", &longest] {
            assert!(good.parse::<JobId>().is_ok_and(|id| id.as_str() == good));
        }
        let too_long = "a".repeat(JOB_ID_BYTES_MAX + 1);
        for bad in ["", "-a", ".a", "a b", "a/b", "ä", "a\n", "a#1", &too_long] {
            assert_eq!(bad.parse::<JobId>(), Err(IdError { found: bad.to_owned() }));
        }
    }
}
