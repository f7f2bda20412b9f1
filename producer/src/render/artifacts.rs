//! The artifacts of a job in words: which are stable, and how the others differ.

use concord_explain::{ArtifactOverview, Difference, Explanation};

use super::words::{SHOWN_MAX, counted};

/// The artifacts of a job in words, within bounds.
pub(super) struct ArtifactWords {
    /// How many artifacts are stable: the same in every class.
    pub(super) head: String,
    /// The first artifacts that differ, each with how many contents it has and how they differ.
    pub(super) differing: Vec<Differing>,
    /// How many artifacts that differ are left out.
    pub(super) differing_left_out: usize,
    /// The names of the first stable artifacts.
    pub(super) stable: Vec<String>,
    /// How many of these are left out.
    pub(super) stable_left_out: usize,
}

/// An artifact that is not stable.
pub(super) struct Differing {
    pub(super) name: String,
    /// Such as `2 contents, missing in 1 class`.
    pub(super) contents: String,
    /// Such as `A and B: 1 of 9 numbers differs, by at most 1 ulp`.
    pub(super) how: String,
}

impl ArtifactWords {
    /// `None` for a job without artifacts.
    pub(super) fn of(explanation: &Explanation) -> Option<Self> {
        let artifacts = &explanation.artifacts;
        if artifacts.is_empty() {
            return None;
        }
        let (stable, differing): (Vec<_>, Vec<_>) =
            artifacts.iter().partition(|artifact| artifact.is_stable());
        let head = format!("{} of {} artifacts are stable", stable.len(), artifacts.len());
        let words = |artifact: &&ArtifactOverview| Differing {
            name: artifact.name.clone(),
            contents: contents(artifact),
            how: how(&artifact.name, &explanation.differences),
        };
        Some(Self {
            head,
            differing: differing.iter().take(SHOWN_MAX).map(words).collect(),
            differing_left_out: differing.len().saturating_sub(SHOWN_MAX),
            stable: stable.iter().take(SHOWN_MAX).map(|artifact| artifact.name.clone()).collect(),
            stable_left_out: stable.len().saturating_sub(SHOWN_MAX),
        })
    }
}

fn contents(artifact: &ArtifactOverview) -> String {
    let contents = counted(artifact.contents, "content", "contents");
    match artifact.missing_in {
        0 => contents,
        classes => format!("{contents}, missing in {}", counted(classes, "class", "classes")),
    }
}

/// How an artifact differs: between the two classes in which it differs most.
fn how(name: &str, differences: &[Difference]) -> String {
    let of_it: Vec<_> =
        differences.iter().filter(|difference| difference.artifact.as_deref() == Some(name)).collect();
    // Of equal ones the first, as in the summary.
    let compared = of_it.iter().rev().filter(|difference| difference.comparison.is_some());
    let worst = compared.max_by(|one, other| match (&one.comparison, &other.comparison) {
        (Some(one), Some(other)) => one.by_largest(other),
        _ => std::cmp::Ordering::Equal,
    });
    let Some(told) = worst.or(of_it.first()) else { return "not compared".to_owned() };
    let Difference { reference, class, statement, unavailable, .. } = told;
    let words = statement.as_deref().or(unavailable.as_deref()).unwrap_or("not compared");
    let of = if of_it.len() > 1 {
        format!(" (the largest of {} comparisons)", of_it.len())
    } else {
        String::new()
    };
    format!("{reference} and {class}: {words}{of}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contents_are_counted() {
        let check = |contents_of: usize, missing_in: usize, expect: &str| {
            let overview = ArtifactOverview { name: "a".to_owned(), contents: contents_of, missing_in };
            assert_eq!(contents(&overview), expect);
        };
        check(2, 0, "2 contents");
        check(1, 1, "1 content, missing in 1 class");
        check(3, 2, "3 contents, missing in 2 classes");
    }

    #[test]
    fn an_artifact_is_told_by_its_own_difference() {
        let difference = |artifact: &str, statement: Option<&str>, unavailable: Option<&str>| Difference {
            reference: "A".to_owned(),
            class: "B".to_owned(),
            artifact: Some(artifact.to_owned()),
            only_in: None,
            statement: statement.map(str::to_owned),
            comparison: None,
            unavailable: unavailable.map(str::to_owned),
        };
        let differences = [difference("a", None, Some("only B has it")), difference("b", Some("s"), None)];
        assert_eq!(how("a", &differences), "A and B: only B has it");
        assert_eq!(how("b", &differences), "A and B: s");
        assert_eq!(how("c", &differences), "not compared");
    }
}
