//! What the copies of a job are expected to give: a digest, the output in a file, or the golden result.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use concord_json::Pointer;
use concord_protocol::limits::OUTPUT_BYTES_MAX;
use concord_protocol::ports::ReadGolden;
use concord_protocol::{Digest, JobSpec};

use crate::backend::Backend;
use crate::error::CliError;
use crate::render::words::short;
use crate::settings::ExpectationChoice;

/// What every copy of a job should give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    pub(crate) digest: Digest,
    /// The expected output, if it is known: it explains a difference.
    pub(crate) output: Option<Arc<[u8]>>,
}

impl Expectation {
    fn of(output: &[u8]) -> Self {
        Self { digest: Digest::of(output), output: Some(output.into()) }
    }
}

/// What the user expects of all jobs alike, if anything. Of a file, the part that `select` names is expected, or the
/// whole file.
pub(crate) fn given(
    choice: &ExpectationChoice,
    select: Option<&Pointer>,
) -> Result<Option<Expectation>, CliError> {
    match choice {
        ExpectationChoice::Agreement | ExpectationChoice::Golden => Ok(None),
        ExpectationChoice::Digest(digest) => Ok(Some(Expectation { digest: *digest, output: None })),
        ExpectationChoice::File(path) => of_file(path, select).map(Some),
    }
}

/// The golden result for a job that is about to be submitted.
pub(crate) async fn golden(backend: &Backend, spec: &JobSpec) -> Result<Expectation, CliError> {
    let key = spec.golden_key();
    let golden = backend.read_golden(&key).await?.ok_or_else(|| {
        let (calculation, payload) = (&key.calculation, short(&key.payload_digest));
        CliError::usage_text(format!("there is no golden result of {calculation} on payload {payload}")).hint(
            "submit without --golden first, and take its result with producer accept JOB when it is right",
        )
    })?;
    Ok(Expectation { digest: golden.digest, output: golden.output })
}

fn of_file(path: &Path, select: Option<&Pointer>) -> Result<Expectation, CliError> {
    let name = path.display();
    // Reads one byte more than an output may have, to see whether the file is too large.
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
    fn of_a_file_the_selected_part_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        std::fs::write(&path, r#"{"at": 7, "value": 0.10}"#).unwrap();
        let check = |select: Option<&str>, expect: Option<&[u8]>| {
            let select = select.map(|pointer| pointer.parse::<Pointer>().unwrap());
            let given = given(&ExpectationChoice::File(path.clone()), select.as_ref());
            assert_eq!(given.ok(), expect.map(|part| Some(Expectation::of(part))));
        };
        check(None, Some(br#"{"at": 7, "value": 0.10}"#));
        check(Some("/value"), Some(b"0.10"));
        check(Some("/other"), None);
    }
}
