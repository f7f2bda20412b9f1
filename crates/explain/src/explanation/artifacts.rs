//! The sentence about the artifacts of a job.

use super::parts::ArtifactOverview;

/// The largest number of artifacts that a sentence names.
const NAMED_MAX: usize = 3;

/// Which artifacts are stable and which differ, in words. `None` if there are no artifacts or all are stable.
pub(super) fn sentence(artifacts: &[ArtifactOverview]) -> Option<String> {
    let differing: Vec<_> = artifacts.iter().filter(|artifact| !artifact.is_stable()).collect();
    let names: Vec<_> = differing.iter().take(NAMED_MAX).map(|artifact| artifact.name.as_str()).collect();
    let differ = match names[..] {
        [] => return None,
        [one] => format!("{one} differs"),
        _ if differing.len() > NAMED_MAX => {
            format!("{} and {} more differ", names.join(", "), differing.len() - NAMED_MAX)
        }
        [ref first @ .., last] => format!("{} and {last} differ", first.join(", ")),
    };
    let stable = artifacts.len() - differing.len();
    Some(format!("{stable} of {} artifacts are stable; {differ}", artifacts.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_counts_the_stable_artifacts_and_names_the_others() {
        let check = |artifacts: &[(&str, usize, usize)], expect: Option<&str>| {
            let artifacts: Vec<_> = artifacts
                .iter()
                .map(|(name, contents, missing_in)| ArtifactOverview {
                    name: (*name).to_owned(),
                    contents: *contents,
                    missing_in: *missing_in,
                })
                .collect();
            assert_eq!(sentence(&artifacts).as_deref(), expect);
        };
        check(&[], None);
        check(&[("a", 1, 0)], None);
        check(&[("a", 1, 0), ("log.txt", 2, 0)], Some("1 of 2 artifacts are stable; log.txt differs"));
        check(&[("a", 1, 1), ("b", 2, 0)], Some("0 of 2 artifacts are stable; a and b differ"));
        let many = [("a", 2, 0), ("b", 2, 0), ("c", 2, 0), ("d", 2, 0), ("e", 2, 0)];
        check(&many[..3], Some("0 of 3 artifacts are stable; a, b and c differ"));
        check(&many, Some("0 of 5 artifacts are stable; a, b, c and 2 more differ"));
    }
}
