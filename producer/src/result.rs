//! What verbs find: values that are written as JSON as they are, and rendered as text.

pub(crate) mod comparison;
pub(crate) mod explanation;
pub(crate) mod finding;
pub(crate) mod job;
pub(crate) mod pin;
pub(crate) mod plan;
pub(crate) mod store_report;
mod warnings;

use concord_protocol::Timestamp;

/// `at` as a timestamp of jiff, which is written as RFC 3339.
pub(crate) fn moment(at: Timestamp) -> jiff::Timestamp {
    let ms = i64::try_from(at.unix_ms).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX)
}
