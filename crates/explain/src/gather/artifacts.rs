//! Compares the artifacts of the classes of a job, one by one.

use std::collections::{BTreeMap, BTreeSet};

use concord_difference::Options;
use concord_protocol::limits::OUTPUTS_KEPT_MAX;
use concord_protocol::ports::{PortResult, ReadOutput};
use concord_protocol::{Artifact, Digest, Manifest};

use super::outputs::{Judge, OutputReader};
use crate::explanation::{ArtifactOverview, Explanation, OutputPair};

/// The largest number of artifacts of one pair of classes that are compared: the first ones by name.
const ARTIFACTS_COMPARED_MAX: usize = 64;

/// Lists the artifacts of the classes of a job. Compares each artifact that differs from the reference.
///
/// # Errors
/// When the port fails.
pub(super) async fn compare_artifacts<L: ReadOutput>(
    reader: &OutputReader<'_, L>,
    explanation: &mut Explanation,
    options: &Options,
    mut judge: Option<Judge<'_>>,
) -> PortResult<()> {
    let mut manifests = BTreeMap::new();
    let classes: Vec<_> = explanation.class_digests().take(OUTPUTS_KEPT_MAX).collect();
    for digest in classes {
        manifests.insert(digest, manifest(reader, digest).await?);
    }
    let pairs = explanation.pairs(options.tolerances.is_some() || judge.is_some());
    if let Some(reference) = pairs.first().map(|pair| pair.reference_digest)
        && !manifests.contains_key(&reference)
    {
        // The expected output need not be the output of a class.
        manifests.insert(reference, manifest(reader, reference).await?);
    }
    explanation.list_artifacts(overview(manifests.values().flatten()));
    for pair in pairs {
        let known = |digest: &Digest| manifests.get(digest).and_then(Option::as_ref);
        match (known(&pair.reference_digest), known(&pair.class_digest)) {
            (Some(left), Some(right)) => {
                compare_pair(reader, explanation, &pair, [left, right], options, &mut judge).await?;
            }
            (None, _) => {
                let reason = format!("the list of the artifacts of {} was not kept", pair.reference);
                explanation.compare(&pair, Err(reason), options);
            }
            (_, None) => {
                let reason = format!("the list of the artifacts of {} was not kept", pair.class);
                explanation.compare(&pair, Err(reason), options);
            }
        }
    }
    Ok(())
}

async fn manifest<L: ReadOutput>(
    reader: &OutputReader<'_, L>,
    digest: Digest,
) -> PortResult<Option<Manifest>> {
    let text = reader.read(digest).await?;
    // An output that is no manifest, such as an expected digest of other bytes, has no artifacts to compare.
    Ok(text.and_then(|text| Manifest::parse(&text).ok()))
}

async fn compare_pair<L: ReadOutput>(
    reader: &OutputReader<'_, L>,
    explanation: &mut Explanation,
    pair: &OutputPair,
    [left, right]: [&Manifest; 2],
    options: &Options,
    judge: &mut Option<Judge<'_>>,
) -> PortResult<()> {
    let names: BTreeSet<&str> =
        left.artifacts().iter().chain(right.artifacts()).map(|artifact| artifact.name.as_str()).collect();
    let digest = |side: &Manifest, name: &str| side.get(name).map(|artifact| artifact.digest);
    let differing: Vec<_> =
        names.into_iter().filter(|name| digest(left, name) != digest(right, name)).collect();
    for name in differing.iter().take(ARTIFACTS_COMPARED_MAX) {
        match (left.get(name), right.get(name)) {
            (Some(one), Some(other)) => {
                let side = |label: &str, artifact: &Artifact| {
                    (format!("the artifact {name} of {label}"), artifact.digest, Some(artifact.bytes))
                };
                let contents = reader.both([side(&pair.reference, one), side(&pair.class, other)]).await?;
                let contents =
                    contents.as_ref().map(|[one, other]| [&one[..], &other[..]]).map_err(Clone::clone);
                if let (Ok(contents), Some(judge)) = (&contents, judge.as_mut()) {
                    judge(*contents);
                }
                explanation.compare_artifact(pair, name, contents, options);
            }
            (Some(_), None) => explanation.lacks_artifact(pair, name, &pair.reference, options),
            (None, _) => explanation.lacks_artifact(pair, name, &pair.class, options),
        }
    }
    let rest = differing.len().saturating_sub(ARTIFACTS_COMPARED_MAX);
    if rest > 0 {
        let reason = format!("{rest} more artifacts differ and were not compared");
        explanation.compare(pair, Err(reason), options);
    }
    Ok(())
}

/// The artifacts of these manifests: one of each class, and of the expected output.
fn overview<'a>(manifests: impl Iterator<Item = &'a Manifest>) -> Vec<ArtifactOverview> {
    let mut classes = 0;
    let mut contents = BTreeMap::<&str, Vec<Digest>>::new();
    for manifest in manifests {
        classes += 1;
        for artifact in manifest.artifacts() {
            contents.entry(&artifact.name).or_default().push(artifact.digest);
        }
    }
    let overviews = contents.into_iter().map(|(name, digests)| ArtifactOverview {
        name: name.to_owned(),
        missing_in: classes - digests.len(),
        contents: digests.into_iter().collect::<BTreeSet<_>>().len(),
    });
    overviews.collect()
}

#[cfg(test)]
mod tests;
