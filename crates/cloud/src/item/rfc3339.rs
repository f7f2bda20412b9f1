use concord_protocol::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A timestamp as RFC 3339 text in UTC with milliseconds. A person can read this text, and it sorts by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rfc3339(pub(crate) Timestamp);

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let unix_ms = i64::try_from(self.0.unix_ms).map_err(serde::ser::Error::custom)?;
        let moment = jiff::Timestamp::from_millisecond(unix_ms).map_err(serde::ser::Error::custom)?;
        serializer.collect_str(&format_args!("{moment:.3}"))
    }
}

impl<'de> Deserialize<'de> for Rfc3339 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let moment: jiff::Timestamp =
            String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)?;
        let unix_ms = u64::try_from(moment.as_millisecond()).map_err(serde::de::Error::custom)?;
        Ok(Self(Timestamp::from_unix_ms(unix_ms)))
    }
}
