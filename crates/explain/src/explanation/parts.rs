//! The parts of an explanation.

use concord_difference::Comparison;
use concord_protocol::{Digest, Facts};
use serde::Serialize;

/// The summary of an explanation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What separates the classes; absent if there are fewer than two.
    pub separates: Option<String>,
    /// What goes with the failures; absent when no copy failed, or nothing goes with the failures beyond chance.
    pub failures: Option<String>,
    /// How far the outputs differ; absent when nothing was compared.
    pub difference: Option<String>,
    /// What the copies allow to conclude.
    pub supports: String,
}

/// The copies that failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedCopies {
    /// The reason.
    pub reason: String,
    /// The number of copies.
    pub copies: u64,
}

/// The output of a class, or one artifact of it, compared with the reference.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The label of the reference: the most frequent class, or [`EXPECTED`](super::EXPECTED).
    pub reference: String,
    /// The label of the class.
    pub class: String,
    /// The name of the artifact, if the job has artifacts.
    pub artifact: Option<String>,
    /// The label of the one side that has the artifact, if the other side does not have it.
    pub only_in: Option<String>,
    /// How far the two differ, in a sentence; absent if they were not compared.
    pub statement: Option<String>,
    /// The comparison, with the reference on the left and the class on the right.
    pub comparison: Option<Comparison>,
    /// Why there is no comparison.
    pub unavailable: Option<String>,
}

impl Difference {
    /// What is compared: the labels of the two sides, and the artifact, if there is one.
    #[must_use]
    pub fn title(&self) -> String {
        let Self { reference, class, artifact, .. } = self;
        match artifact {
            Some(artifact) => format!("{reference} and {class}, {artifact}"),
            None => format!("{reference} and {class}"),
        }
    }

    /// The artifact that only one side has, in words.
    pub(super) fn lacking(&self) -> Option<String> {
        let only_in = self.only_in.as_ref()?;
        let artifact = self.artifact.as_deref().unwrap_or("an output");
        Some(format!("{artifact}, which only {only_in} has"))
    }
}

/// An artifact of a job, over all classes whose lists of artifacts were read, and the expected output if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArtifactOverview {
    /// The name.
    pub name: String,
    /// The number of different contents.
    pub contents: usize,
    /// The number of classes that do not have the artifact.
    pub missing_in: usize,
}

impl ArtifactOverview {
    /// Whether every class has the artifact, and with the same contents.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        self.contents == 1 && self.missing_in == 0
    }
}

/// A second opinion in addition to the verdict, by tolerances.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Equivalence {
    /// Whether every class is within the tolerances of the reference.
    pub equivalent: bool,
    /// The tolerances.
    pub tolerances: Vec<String>,
    /// The largest difference that was found, and its path; if a class is not within the tolerances, what is beyond them.
    pub largest: Option<String>,
    /// Rules of tolerance that fit no path of any compared output.
    pub unmatched_rules: Vec<String>,
}

/// An environment in which copies ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObservedEnvironment {
    /// The facts recorded about it.
    pub facts: Facts,
}

/// An outcome as the explanation shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedOutcome {
    /// The index of the copy.
    pub copy: u32,
    /// The label of its class, if it gave a digest.
    pub class: Option<String>,
    /// Why it gave no digest.
    pub failure: Option<String>,
    /// When the run started, in milliseconds since 1970.
    pub started_at_ms: u64,
    /// The duration of the run, in microseconds.
    pub run_us: u64,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The index of its environment in [`Explanation::environments`](super::Explanation::environments).
    pub environment: Option<usize>,
    /// The facts recorded about this run alone.
    pub facts: Facts,
}

/// Two outputs to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputPair {
    /// The label of the reference.
    pub reference: String,
    /// The label of the class.
    pub class: String,
    /// The digest of the reference.
    pub reference_digest: Digest,
    /// The digest of the class.
    pub class_digest: Digest,
}

impl OutputPair {
    /// The difference of the pair, or of one artifact, before anything is compared.
    pub(super) fn difference(&self, artifact: Option<&str>) -> Difference {
        Difference {
            reference: self.reference.clone(),
            class: self.class.clone(),
            artifact: artifact.map(str::to_owned),
            only_in: None,
            statement: None,
            comparison: None,
            unavailable: None,
        }
    }
}
