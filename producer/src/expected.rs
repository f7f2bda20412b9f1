//! What a job's copies are expected to give: a digest, a file that holds the output, or the golden result.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use concord_json::Pointer;
use concord_protocol::limits::OUTPUT_BYTES_MAX;
use concord_protocol::ports::ReadGolden;
use concord_protocol::{Digest, DigestError, JobSpec};

use crate::backend::Backend;
use crate::error::CliError;
use crate::text;

/// What a digest begins with.
const PREFIX: &str = "sha256:";

/// The expectation as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// By its digest.
    Digest(Digest),
    /// By the bytes of this file.
    File(PathBuf),
}

impl FromStr for Expected {
    type Err = DigestError;

    /// What begins as a digest does has to be one; anything else names a file.
    fn from_str(text: &str) -> Result<Self, DigestError> {
        if text.starts_with(PREFIX) { text.parse().map(Self::Digest) } else { Ok(Self::File(text.into())) }
    }
}

/// What every copy of a job is to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    pub(crate) digest: Digest,
    /// The bytes, where they are known: they explain a difference.
    pub(crate) output: Option<Arc<[u8]>>,
}

impl Expectation {
    fn of(output: &[u8]) -> Self {
        Self { digest: Digest::of(output), output: Some(output.into()) }
    }
}

impl Expected {
    /// What every copy is to give: of a file, its bytes, or the part of it that `select` names.
    pub(crate) fn resolve(&self, select: Option<&Pointer>) -> Result<Expectation, CliError> {
        match self {
            Self::Digest(digest) => Ok(Expectation { digest: *digest, output: None }),
            Self::File(path) => of_file(path, select),
        }
    }
}

/// The golden result of a job that is to be submitted.
pub(crate) async fn golden(backend: &Backend, spec: &JobSpec) -> Result<Expectation, CliError> {
    let key = spec.golden_key();
    let golden = backend.read_golden(&key).await?.ok_or_else(|| {
        let (calculation, payload) = (&key.calculation, text::short(&key.payload_digest));
        CliError::usage_text(format!("there is no golden result of {calculation} on payload {payload}")).hint(
            "submit without --golden first, and take its result with producer accept JOB when it is right",
        )
    })?;
    Ok(Expectation { digest: golden.digest, output: golden.output })
}

fn of_file(path: &Path, select: Option<&Pointer>) -> Result<Expectation, CliError> {
    let name = path.display();
    // One byte more than an output may have tells whether there is too much.
    let limit = OUTPUT_BYTES_MAX as u64 + 1;
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(|error| {
        CliError::usage(anyhow::Error::new(error).context(format!("cannot read the expected output {name}")))
            .hint("--expect takes sha256: and 64 hexadecimal digits, or a file with the output")
    })?;
    if bytes.len() > OUTPUT_BYTES_MAX {
        return Err(CliError::usage_text(format!(
            "{name} has more than the {OUTPUT_BYTES_MAX} bytes that an output may have"
        )));
    }
    let Some(pointer) = select else { return Ok(Expectation::of(&bytes)) };
    let part = concord_json::select(&bytes, pointer).map_err(|error| {
        CliError::usage_text(format!("cannot select {pointer} from the expected output {name}: {error}"))
            .hint("with --select the file holds a whole output, of which that part is compared")
    })?;
    Ok(Expectation::of(part))
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

    #[test]
    fn of_a_file_the_selected_part_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        std::fs::write(&path, r#"{"at": 7, "value": 0.10}"#).unwrap();
        let check = |select: Option<&str>, expect: Option<&[u8]>| {
            let select = select.map(|pointer| pointer.parse::<Pointer>().unwrap());
            let digest = Expected::File(path.clone()).resolve(select.as_ref());
            assert_eq!(digest.ok(), expect.map(Expectation::of));
        };
        check(None, Some(br#"{"at": 7, "value": 0.10}"#));
        check(Some("/value"), Some(b"0.10"));
        check(Some("/other"), None);
    }
}
