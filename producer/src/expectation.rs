//! What the copies of a job are expected to give: a digest, the output in a file, or the golden result.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use concord_protocol::limits::OUTPUT_BYTES_MAX;
use concord_protocol::ports::ReadGolden;
use concord_protocol::{Artifact, Digest, JobSpec, Manifest, Policy};
use concord_worker::{ArtifactPatterns, Digested, ProducedArtifact, read_artifacts};

use crate::backend::Backend;
use crate::error::CliError;
use crate::render::words::short;
use crate::settings::ExpectationChoice;

/// What every copy of a job should give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expectation {
    pub(crate) digest: Digest,
    /// The expected output, or the list of the expected artifacts and their contents, if they are known: they explain a
    /// difference. Each has its digest.
    pub(crate) parts: Vec<(Digest, Arc<[u8]>)>,
}

/// What the user expects of all jobs alike, if anything. A file or a folder is digested as the policy of the jobs says.
pub(crate) fn given(choice: &ExpectationChoice, policy: &Policy) -> Result<Option<Expectation>, CliError> {
    match choice {
        ExpectationChoice::Agreement | ExpectationChoice::Golden => Ok(None),
        ExpectationChoice::Digest(digest) => Ok(Some(Expectation { digest: *digest, parts: Vec::new() })),
        ExpectationChoice::File(path) if policy.artifacts.is_empty() => of_file(path, policy).map(Some),
        ExpectationChoice::File(path) => of_folder(path, policy).map(Some),
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
    let mut parts: Vec<_> = golden.output.map(|output| (golden.digest, output)).into_iter().collect();
    if !spec.policy.artifacts.is_empty()
        && let Some((_, list)) = parts.first()
    {
        for artifact in Manifest::parse(list).unwrap_or_default().artifacts() {
            // The contents may be those of a result that was accepted before or after this one.
            let content = backend.read_golden(&key.of_artifact(&artifact.name)).await?;
            let content = content.filter(|content| content.digest == artifact.digest);
            parts.extend(content.and_then(|content| Some((artifact.digest, content.output?))));
        }
    }
    Ok(Expectation { digest: golden.digest, parts })
}

fn of_file(path: &Path, policy: &Policy) -> Result<Expectation, CliError> {
    digested(path, bytes(path)?, Vec::new(), policy)
}

/// The artifacts in a folder. Its file `stdout` stands for standard output, if that is an artifact.
fn of_folder(folder: &Path, policy: &Policy) -> Result<Expectation, CliError> {
    let name = folder.display();
    if !folder.is_dir() {
        return Err(CliError::usage_text(format!("{name} is not a folder")).hint(
            "with --artifact, --expect takes sha256: and 64 hexadecimal digits, or a folder with the artifacts",
        ));
    }
    let unreadable = |error| {
        CliError::usage(
            anyhow::Error::new(error).context(format!("cannot read the expected artifacts in {name}")),
        )
        .hint("--expect names a folder in which the files have the same names as the artifacts")
    };
    let patterns = ArtifactPatterns::parse(&policy.artifacts).map_err(CliError::usage)?;
    let stdout = if patterns.has_stdout() { bytes(&folder.join(Artifact::STDOUT))? } else { Vec::new() };
    let artifacts = read_artifacts(folder, &patterns).map_err(unreadable)?;
    digested(folder, stdout, artifacts, policy)
}

fn bytes(path: &Path) -> Result<Vec<u8>, CliError> {
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
    Ok(bytes)
}

fn digested(
    path: &Path,
    stdout: Vec<u8>,
    artifacts: Vec<ProducedArtifact>,
    policy: &Policy,
) -> Result<Expectation, CliError> {
    let digested = Digested::new(stdout, artifacts, policy).map_err(|reason| {
        CliError::usage_text(format!("the expected output {}: {reason}", path.display()))
            .hint("with --select, the file holds a whole output, and the selected part is compared")
    })?;
    Ok(Expectation { digest: digested.produced.digest, parts: digested.parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the digest that is expected of what is at `path`; `None` for an error.
    fn check(path: &Path, change: impl FnOnce(&mut Policy), expect: Option<&[u8]>) {
        let mut policy = Policy::bounds(1, 1, 1);
        change(&mut policy);
        let expectation = given(&ExpectationChoice::File(path.to_owned()), &policy);
        let digest = expectation.ok().map(|expectation| expectation.unwrap().digest);
        assert_eq!(digest, expect.map(Digest::of), "{policy:?}");
    }

    #[test]
    fn of_a_file_the_selected_part_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output");
        std::fs::write(&path, r#"{"at": 7, "value": 0.10}"#).unwrap();
        let select = |pointer: &str| {
            let pointer = pointer.to_owned();
            |policy: &mut Policy| policy.select = Some(pointer)
        };
        check(&path, |_| (), Some(br#"{"at": 7, "value": 0.10}"#));
        check(&path, select("/value"), Some(b"0.10"));
        check(&path, select("/other"), None);
    }

    #[test]
    fn of_a_folder_the_artifacts_count() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.txt", "b.log", "stdout"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let line = |name: &str| format!("{} {} {name}\n", Digest::of(name.as_bytes()).hex(), name.len());
        let artifacts = |patterns: &'static [&str]| {
            |policy: &mut Policy| policy.artifacts = patterns.iter().map(ToString::to_string).collect()
        };
        check(folder.path(), artifacts(&["*.txt"]), Some(line("a.txt").as_bytes()));
        let both = line("a.txt") + &line("stdout");
        check(folder.path(), artifacts(&["*.txt", "stdout"]), Some(both.as_bytes()));
        check(&folder.path().join("a.txt"), artifacts(&["*.txt"]), None);
    }
}
