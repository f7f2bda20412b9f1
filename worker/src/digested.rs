use std::collections::BTreeMap;
use std::sync::Arc;

use concord_json::Pointer;
use concord_protocol::{Artifact, Digest, Manifest, Policy, Produced};

use crate::ProducedArtifact;
use crate::memory::shared_bytes;

/// Why a copy failed for whose output the system gave no memory.
const NO_MEMORY: &str = "no memory for the output";

/// An output with its digest, and the bytes to store.
#[derive(Debug, PartialEq, Eq)]
pub struct Digested {
    /// The digest of the output, and its length: of a job with artifacts, the length of all artifacts.
    pub produced: Produced,
    /// The output, or the manifest followed by the artifacts in the order of their names, with their digests.
    pub parts: Vec<(Digest, Arc<[u8]>)>,
}

impl Digested {
    /// Digests what a calculation gave, as the policy of the job says.
    ///
    /// # Errors
    /// The reason of a failure, when a part that the policy selects is not there.
    pub fn new(
        stdout: Vec<u8>,
        mut artifacts: Vec<ProducedArtifact>,
        policy: &Policy,
    ) -> Result<Self, String> {
        if policy.artifacts.is_empty() {
            let output = match &policy.select {
                Some(pointer) => shared_bytes(selected(&stdout, pointer)?),
                None => shared_bytes(stdout),
            };
            let output = output.ok_or(NO_MEMORY)?;
            return Ok(Self::of_bytes(output));
        }
        if policy.artifacts.iter().any(|pattern| pattern == Artifact::STDOUT) {
            let stdout = shared_bytes(stdout).ok_or(NO_MEMORY)?;
            artifacts.push(ProducedArtifact::new(Artifact::STDOUT.to_owned(), stdout));
        }
        let artifacts = artifacts.into_iter().map(|artifact| select(artifact, &policy.selections));
        let artifacts = artifacts.collect::<Result<Vec<_>, _>>()?;
        let manifest = Manifest::new(artifacts.iter().map(|found| found.artifact.clone()).collect());
        if manifest.bytes() == 0 && !policy.accepts_empty() {
            // Files without a byte are no result, whatever their names are.
            return Ok(Self::of_bytes(Arc::default()));
        }
        let mut contents: BTreeMap<String, _> =
            artifacts.into_iter().map(|found| (found.artifact.name, found.content)).collect();
        let bytes = manifest.bytes();
        let mut digested = Self::of_bytes(manifest.text().into_bytes().into());
        digested.produced.bytes = bytes;
        digested.parts.extend(
            manifest
                .artifacts()
                .iter()
                .filter_map(|artifact| Some((artifact.digest, contents.remove(&artifact.name)??))),
        );
        Ok(digested)
    }

    fn of_bytes(output: Arc<[u8]>) -> Self {
        let digest = Digest::of(&output);
        let produced = Produced { digest, bytes: output.len() as u64 };
        Self { produced, parts: vec![(digest, output)] }
    }
}

/// The artifact, or the part of it that is selected for its name. Then the name says which part.
fn select(
    found: ProducedArtifact,
    selections: &BTreeMap<String, String>,
) -> Result<ProducedArtifact, String> {
    let name = &found.artifact.name;
    let Some(pointer) = selections.get(name) else { return Ok(found) };
    let content =
        found.content.as_deref().ok_or_else(|| format!("cannot select from {name}: it is too large"))?;
    let part = selected(content, pointer).map_err(|reason| format!("artifact {name}: {reason}"))?;
    Ok(ProducedArtifact::new(format!("{name}:{pointer}"), shared_bytes(part).ok_or(NO_MEMORY)?))
}

fn selected<'a>(output: &'a [u8], pointer: &str) -> Result<&'a [u8], String> {
    let pointer: Pointer = pointer.parse().map_err(|error| format!("cannot select: {error}"))?;
    concord_json::select(output, &pointer).map_err(|error| format!("cannot select {pointer}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(artifacts: &[&str], selections: &[(&str, &str)]) -> Policy {
        Policy {
            artifacts: artifacts.iter().map(ToString::to_string).collect(),
            selections: selections.iter().map(|(name, at)| (name.to_string(), at.to_string())).collect(),
            ..Policy::bounds(1, 1, 1)
        }
    }

    fn file(name: &str, content: &[u8]) -> ProducedArtifact {
        ProducedArtifact::new(name.to_owned(), content.into())
    }

    /// The manifest of an output, and the bytes that are stored besides it.
    #[track_caller]
    fn check(policy: &Policy, files: &[(&str, &[u8])], manifest: &[(&str, &[u8])]) {
        let files = files.iter().map(|(name, content)| file(name, content)).collect();
        let digested = Digested::new(b"out".to_vec(), files, policy).unwrap();
        let lines = manifest.iter().map(|(name, content)| {
            let hex = Digest::of(content).hex();
            format!("{hex} {} {name}\n", content.len())
        });
        let text: String = lines.collect();
        assert_eq!(digested.produced.digest, Digest::of(text.as_bytes()));
        assert_eq!(
            digested.produced.bytes,
            manifest.iter().map(|(_, content)| content.len() as u64).sum::<u64>()
        );
        let stored: Vec<_> = digested.parts.iter().map(|(_, bytes)| bytes.to_vec()).collect();
        let contents = manifest.iter().map(|(_, content)| content.to_vec());
        assert_eq!(stored, [text.into_bytes()].into_iter().chain(contents).collect::<Vec<_>>());
        assert!(digested.parts.iter().all(|(digest, bytes)| *digest == Digest::of(bytes)));
    }

    #[test]
    fn without_artifacts_standard_output_is_digested() {
        let mut policy = policy(&[], &[]);
        let digested = Digested::new(b"out".to_vec(), Vec::new(), &policy).unwrap();
        assert_eq!(digested.produced, Produced { digest: Digest::of(b"out"), bytes: 3 });
        policy.select = Some("/a".to_owned());
        let digested = Digested::new(br#"{"a": 1.0}"#.to_vec(), Vec::new(), &policy).unwrap();
        assert_eq!(digested.produced, Produced { digest: Digest::of(b"1.0"), bytes: 3 });
    }

    #[test]
    fn with_artifacts_the_list_of_them_is_digested_and_standard_output_only_when_named() {
        check(&policy(&["*"], &[]), &[("b", b"2"), ("a", b"1")], &[("a", b"1"), ("b", b"2")]);
        check(&policy(&["*", "stdout"], &[]), &[("a", b"1")], &[("a", b"1"), ("stdout", b"out")]);
        check(&policy(&["stdout"], &[]), &[], &[("stdout", b"out")]);
        check(
            &policy(&["*"], &[("a", "/x")]),
            &[("a", br#"{"at": 7, "x": 1.0}"#), ("b", b"2")],
            &[("a:/x", b"1.0"), ("b", b"2")],
        );
    }

    #[test]
    fn files_without_a_byte_are_an_empty_output_unless_they_are_accepted() {
        let mut policy = policy(&["*"], &[]);
        let files = || vec![file("a", b""), file("b", b"")];
        let digest = |policy: &Policy| Digested::new(Vec::new(), files(), policy).unwrap().produced.digest;
        assert_eq!(digest(&policy), Digest::EMPTY);
        policy.allow_empty = true;
        assert_ne!(digest(&policy), Digest::EMPTY);
    }

    #[test]
    fn a_selection_that_is_not_there_is_a_failure() {
        let policy = policy(&["*"], &[("a", "/x")]);
        let reason = |file| Digested::new(Vec::new(), vec![file], &policy).unwrap_err();
        assert!(reason(file("a", b"{}")).starts_with("artifact a: cannot select /x"));
        let large = ProducedArtifact { content: None, ..file("a", b"") };
        assert_eq!(reason(large), "cannot select from a: it is too large");
        assert!(Digested::new(Vec::new(), vec![file("b", b"{}")], &policy).is_ok());
    }
}
