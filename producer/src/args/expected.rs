use std::path::PathBuf;
use std::str::FromStr;

use concord_protocol::{Digest, DigestError};

/// The first characters of a digest.
const PREFIX: &str = "sha256:";

/// The expectation as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A digest.
    Digest(Digest),
    /// A file with the expected output.
    File(PathBuf),
}

impl FromStr for Expected {
    type Err = DigestError;

    /// A text that begins like a digest must be one; any other text names a file.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        if text.starts_with(PREFIX) { text.parse().map(Self::Digest) } else { Ok(Self::File(text.into())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expectation_is_a_digest_or_names_a_file() {
        let digest = Digest::of(b"a");
        assert_eq!(digest.to_string().parse(), Ok(Expected::Digest(digest)));
        assert_eq!("golden.json".parse(), Ok(Expected::File("golden.json".into())));
        assert!("sha256:123".parse::<Expected>().is_err());
    }
}
