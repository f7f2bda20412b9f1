//! A job and its outcomes, explained.

mod artifacts;
mod failures;
mod parts;

use std::collections::{BTreeSet, HashMap};

use concord_protocol::limits::OUTPUTS_KEPT_MAX;
use concord_protocol::{Calculation, Cause, Digest, Job, JobSpec, Outcome, Policy};
use concord_statistics::Level;
use serde::Serialize;

use crate::failing::Failing;
use crate::numbers::count;
use crate::observed::Observed;
use crate::statements::volatile;
use crate::variations::{Variations, VariedCause, VariedSetting, measure};
use crate::{
    Assessment, Attribution, Census, Class, Classes, Confidence, Coverage, Design, ObservedRun, Unit,
};
use concord_difference::{Comparison, Options, OutputFormat, compare};

pub use parts::{
    ArtifactOverview, Difference, Equivalence, ExplainedOutcome, FailedCopies, ObservedEnvironment,
    OutputPair, Summary,
};

/// The largest number of classes whose outputs are compared with the reference: the most frequent ones. With
/// tolerances, every class whose output was kept is compared.
pub const CLASSES_COMPARED_MAX: usize = 8;

/// The label of the reference if the job has an expected result.
pub const EXPECTED: &str = "expected";

/// The explanation of a job by its outcomes. The caller reads the outputs and compares them afterwards: see
/// [`pairs`](Self::pairs).
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The summary, a sentence for each question.
    pub summary: Summary,
    /// The classes, most frequent first.
    pub classes: Vec<Class>,
    /// The reasons of the copies that gave no digest, most frequent first.
    pub failures: Vec<FailedCopies>,
    /// The reasons of first attempts that failed, of copies that gave a digest later, most frequent first.
    pub hidden_failures: Vec<FailedCopies>,
    /// The facts that go together with failures, if some copies failed and others did not. Each copy counts once, with its
    /// first attempt if that is known.
    pub failure_attribution: Option<Attribution>,
    /// What copies share: a machine, or a sandbox.
    pub unit: Unit,
    /// How many different environments gave a digest.
    pub coverage: Coverage,
    /// How sure the verdict is.
    pub confidence: Confidence,
    /// The facts that go together with the classes.
    pub attribution: Attribution,
    /// What each setting did, in the order of the plan; empty for a job whose copies are all alike.
    pub variations: Vec<VariedSetting>,
    /// What changes the result, the largest effect first.
    pub causes: Vec<VariedCause>,
    /// The artifacts of the job, by name; empty for a job without artifacts.
    pub artifacts: Vec<ArtifactOverview>,
    /// How far the outputs of the classes are from the reference.
    pub differences: Vec<Difference>,
    /// Whether all classes are within the tolerances; absent without tolerances or where an output cannot be compared.
    pub equivalence: Option<Equivalence>,
    /// The distinct environments in which copies ran, with their facts.
    pub environments: Vec<ObservedEnvironment>,
    /// The outcomes, by copy; a differing second one follows the first.
    pub outcomes: Vec<ExplainedOutcome>,
    #[serde(skip)]
    reference: Option<(String, Digest)>,
    #[serde(skip)]
    class_digests: Vec<Digest>,
    /// Whether there may be outcomes that were not read. Then no sentence speaks of all outcomes.
    #[serde(skip)]
    is_partial: bool,
}

impl Explanation {
    /// Explains the outcomes of a job, in the order of their copies. If they are a part of the
    /// job, `census` has the counts of the whole.
    #[must_use]
    pub fn of(job: &Job, outcomes: Vec<Outcome>, census: Option<&Census>) -> Self {
        let design = Design::of(job, &outcomes, census);
        let observed = Observed::of(&outcomes);
        let assessment = Assessment::of(&observed.runs(), level(&job.spec.policy), &design, census);
        let varied = variations(&job.spec.policy, &observed.runs(), &assessment.classes);
        let labels: HashMap<String, String> =
            assessment.classes.iter().map(|class| (class.digest.clone(), class.class.clone())).collect();
        let Observed { places, digests, .. } = observed;
        let failing = Failing::of(&outcomes, &places, &design);
        let failures = failures::last(&outcomes, census);
        let hidden_failures = failures::hidden(&outcomes);
        let explained = outcomes.into_iter().zip(digests).map(|(outcome, digest)| ExplainedOutcome {
            copy: outcome.copy.index,
            class: digest.and_then(|digest| labels.get(&digest).cloned()),
            failure: outcome.result.as_ref().err().map(|failure| failure.reason().to_owned()),
            started_at_ms: outcome.started_at.unix_ms,
            run_us: outcome.run_us,
            attempt: outcome.attempt,
            environment: places.place(&outcome),
            facts: outcome.facts,
        });
        let explained = explained.collect();
        let class_digests: Vec<Digest> =
            assessment.classes.iter().filter_map(|class| class.digest.parse().ok()).collect();
        let part = census.map_or_else(String::new, |census| {
            format!(" (from {} of {} copies)", count(census.copies_read.into()), count(census.copies.into()))
        });
        let separates = match &varied {
            Some(varied) => varied.separates.clone(),
            None => (assessment.classes.len() > 1).then_some(assessment.separates),
        };
        let separates = separates.map(|separates| separates + &part);
        let supports = match varied.as_ref().and_then(|varied| varied.in_spite_of.as_ref()) {
            _ if job.state.cause() == Some(Cause::Empty) => "nothing: every output is empty".to_owned(),
            Some(in_spite_of) if !in_spite_of.is_empty() => format!("{}; {in_spite_of}", assessment.supports),
            _ => assessment.supports,
        };
        let (variations, causes) = varied.map(|varied| (varied.settings, varied.causes)).unwrap_or_default();
        Self {
            summary: Summary {
                separates,
                failures: failing.as_ref().and_then(|failing| Some(failing.sentence.clone()? + &part)),
                difference: None,
                supports,
            },
            failures,
            hidden_failures,
            failure_attribution: failing.map(|failing| failing.attribution),
            unit: design.scope.unit,
            coverage: assessment.coverage,
            confidence: assessment.confidence,
            attribution: assessment.attribution,
            variations,
            causes,
            artifacts: Vec::new(),
            differences: Vec::new(),
            equivalence: None,
            environments: places.facts.into_iter().map(|facts| ObservedEnvironment { facts }).collect(),
            outcomes: explained,
            reference: reference(&job.spec, &assessment.classes, &class_digests),
            class_digests,
            // Until a job has ended, another copy may still give another output.
            is_partial: job.state.ended_at().is_none()
                || census.is_some_and(|census| census.classes() > assessment.classes.len()),
            classes: assessment.classes,
        }
    }

    /// The outputs to compare: each class with the expected result, or with the most frequent class if the job has no
    /// expected result. At most [`CLASSES_COMPARED_MAX`] pairs, or [`OUTPUTS_KEPT_MAX`] pairs when the outputs are
    /// judged: by tolerances, or by the caller of [`judged`](Self::judged).
    #[must_use]
    pub fn pairs(&self, are_judged: bool) -> Vec<OutputPair> {
        let Some((reference, reference_digest)) = &self.reference else { return Vec::new() };
        let classes = self.classes.iter().zip(&self.class_digests);
        let others = classes.filter(|(_, digest)| *digest != reference_digest);
        let pairs_max = if are_judged { OUTPUTS_KEPT_MAX } else { CLASSES_COMPARED_MAX };
        let pairs = others.take(pairs_max).map(|(class, digest)| OutputPair {
            reference: reference.clone(),
            class: class.class.clone(),
            reference_digest: *reference_digest,
            class_digest: *digest,
        });
        pairs.collect()
    }

    /// A file that changed in the common folder of the copies while several of them ran, if a copy says so.
    #[must_use]
    pub fn folder_changed(&self) -> Option<&str> {
        self.fact("run.folder_changed")
    }

    /// The part of the output that has the path of the folder in which the copy ran, if a copy says so.
    #[must_use]
    pub fn folder_in_output(&self) -> Option<&str> {
        self.fact("run.folder_in_output")
    }

    /// Why the folder of a copy could not be kept, if a copy says so.
    #[must_use]
    pub fn folder_not_kept(&self) -> Option<&str> {
        self.fact("run.folder_not_kept")
    }

    /// The first value of a fact that belongs to single runs.
    fn fact(&self, name: &str) -> Option<&str> {
        self.outcomes.iter().find_map(|outcome| outcome.facts.get(name))
    }

    /// The digests of the classes, most frequent first.
    pub fn class_digests(&self) -> impl Iterator<Item = Digest> + '_ {
        self.class_digests.iter().copied()
    }

    /// The length of the outputs of a class, in bytes.
    #[must_use]
    pub fn bytes(&self, label: &str) -> Option<u64> {
        self.classes.iter().find(|class| class.class == label).map(|class| class.bytes)
    }

    /// Compares the outputs of a pair, or records why they cannot be compared.
    pub fn compare(&mut self, pair: &OutputPair, outputs: Result<[&[u8]; 2], String>, options: &Options) {
        self.add(pair.difference(None), outputs, options);
    }

    /// Compares an artifact of the outputs of a pair, or records why it cannot be compared.
    pub fn compare_artifact(
        &mut self,
        pair: &OutputPair,
        artifact: &str,
        contents: Result<[&[u8]; 2], String>,
        options: &Options,
    ) {
        self.add(pair.difference(Some(artifact)), contents, options);
    }

    /// Records that only one output of a pair has an artifact: the output with the label `only_in`.
    pub fn lacks_artifact(&mut self, pair: &OutputPair, artifact: &str, only_in: &str, options: &Options) {
        let difference = Difference { only_in: Some(only_in.to_owned()), ..pair.difference(Some(artifact)) };
        self.add(difference, Err(format!("only {only_in} has it")), options);
    }

    fn add(&mut self, difference: Difference, outputs: Result<[&[u8]; 2], String>, options: &Options) {
        let (comparison, unavailable) = match outputs {
            Ok([left, right]) => (Some(compare(left, right, options)), None),
            Err(reason) => (None, Some(reason)),
        };
        let statement = comparison.as_ref().map(Comparison::statement);
        self.differences.push(Difference { statement, comparison, unavailable, ..difference });
        self.summary.difference = self.difference();
        self.equivalence = self.judge(options);
        measure(&mut self.causes, &self.differences);
    }

    /// Sets the artifacts of the job.
    pub fn list_artifacts(&mut self, artifacts: Vec<ArtifactOverview>) {
        self.artifacts = artifacts;
        self.summary.difference = self.difference();
    }

    /// Records the judgement of the program `by`: for each pair that could be compared, whether its outputs are
    /// equivalent.
    pub fn judged(&mut self, by: String, equivalent: &[bool]) {
        let is_equivalent = equivalent.iter().all(|equivalent| *equivalent);
        let is_equivalent = is_equivalent && !self.lacks_any();
        let is_known = self.is_complete() && equivalent.len() == self.differences.len();
        self.equivalence = (!is_equivalent || is_known).then(|| Equivalence {
            equivalent: is_equivalent,
            tolerances: vec![by],
            largest: None,
            unmatched_rules: Vec::new(),
        });
    }

    /// Whether all that differs from the reference was compared.
    fn is_complete(&self) -> bool {
        let Some((_, reference)) = &self.reference else { return !self.is_partial };
        let others = self.class_digests.iter().filter(|digest| *digest != reference).count();
        let compared: BTreeSet<_> = self.differences.iter().map(|difference| &difference.class).collect();
        let all_compared = self.differences.iter().all(|difference| difference.comparison.is_some());
        !self.is_partial && all_compared && compared.len() == others
    }

    /// Whether an artifact is missing somewhere.
    fn lacks_any(&self) -> bool {
        self.differences.iter().any(|difference| difference.only_in.is_some())
    }

    /// The summary and the second opinion, in the form that is stored with a verdict.
    #[must_use]
    pub fn evidence(&self) -> concord_protocol::Evidence {
        let Summary { separates, failures, difference, supports } = self.summary.clone();
        let equivalence = self.equivalence.as_ref();
        concord_protocol::Evidence {
            separates,
            failures,
            difference,
            supports,
            equivalent: equivalence.map(|equivalence| equivalence.equivalent),
            largest: equivalence.and_then(|equivalence| equivalence.largest.clone()),
        }
    }

    /// Which artifacts differ, the sentence of the comparison with the largest distance, and whether names explain all of it.
    fn difference(&self) -> Option<String> {
        let by_name = volatile(&self.differences, self.is_complete());
        let sentences = [artifacts::sentence(&self.artifacts), self.largest_difference(), by_name];
        let sentences: Vec<_> = sentences.into_iter().flatten().collect();
        (!sentences.is_empty()).then(|| sentences.join(". "))
    }

    /// The rules of tolerance that fit no path of any compared output, in the order in which they were given.
    #[must_use]
    pub fn unmatched_rules(&self) -> Vec<String> {
        let mut comparisons = self.comparisons().map(|(_, comparison)| &comparison.unmatched_rules);
        let Some(first) = comparisons.next() else { return Vec::new() };
        let others: Vec<_> = comparisons.collect();
        let everywhere = |rule: &&String| others.iter().all(|rules| rules.contains(rule));
        first.iter().filter(everywhere).cloned().collect()
    }

    /// The differences whose outputs were compared.
    fn comparisons(&self) -> impl DoubleEndedIterator<Item = (&Difference, &Comparison)> {
        self.differences.iter().filter_map(|difference| Some((difference, difference.comparison.as_ref()?)))
    }

    /// The sentence of the comparison that differs most; of equal ones, the first. If another comparison has a larger
    /// distance in some measure, that distance follows.
    fn largest_difference(&self) -> Option<String> {
        let (difference, comparison) =
            self.comparisons().rev().max_by(|(_, one), (_, other)| one.by_largest(other))?;
        let all: Vec<_> = self.comparisons().map(|(_, comparison)| comparison).collect();
        let of = match (all.len(), comparison.exceeded_by(&all)) {
            (1, _) => String::new(),
            (count, None) => format!(" (the largest of {count} comparisons)"),
            (count, Some(larger)) => format!(" (one of {count} comparisons; another has {larger})"),
        };
        Some(format!("{}: {}{of}", difference.title(), comparison.statement()))
    }

    /// Whether all classes are within the tolerances. `None` unless all were compared.
    fn judge(&self, options: &Options) -> Option<Equivalence> {
        let tolerances = options.tolerances.as_ref()?;
        let comparisons: Vec<_> = self.comparisons().map(|(_, comparison)| comparison).collect();
        let within = comparisons.iter().all(|comparison| comparison.equivalent == Some(true));
        let lacking = self.differences.iter().find_map(Difference::lacking);
        let equivalent = within && lacking.is_none();
        if equivalent && !self.is_complete() {
            return None;
        }
        let largest = comparisons.iter().max_by(|one, other| one.by_largest(other));
        Some(Equivalence {
            equivalent,
            tolerances: tolerances.texts().to_vec(),
            largest: lacking
                .filter(|_| within)
                .or_else(|| largest.and_then(|comparison| comparison.largest())),
            unmatched_rules: self.unmatched_rules(),
        })
    }
}

/// The format in which the outputs of a job are parsed. It is the format that the job names, if any. Otherwise the
/// outputs of probes are doubles, except for `echo`, which returns its payload. The format of all other outputs is
/// detected.
#[must_use]
pub fn output_format(spec: &JobSpec) -> OutputFormat {
    let named = spec.policy.read_as.as_deref().and_then(OutputFormat::named);
    named.unwrap_or_else(|| match &spec.calculation {
        Calculation::Probe { name } if name == "echo" => OutputFormat::Auto,
        Calculation::Probe { .. } => OutputFormat::F64,
        Calculation::Deployed { description } if description == "probe" => OutputFormat::F64,
        Calculation::Command { .. } | Calculation::Function { .. } | Calculation::Deployed { .. } => {
            OutputFormat::Auto
        }
    })
}

/// What the settings of a job did, if it has a plan.
fn variations(policy: &Policy, runs: &[ObservedRun<'_>], classes: &[Class]) -> Option<Variations> {
    let plan = policy.variation.as_ref()?;
    let places: HashMap<&str, usize> =
        classes.iter().enumerate().map(|(place, class)| (class.digest.as_str(), place)).collect();
    let of_run = runs.iter().filter_map(|run| places.get(run.digest).copied()).collect();
    Some(Variations::of(plan, runs, &Classes { classes: classes.to_vec(), of_run }))
}

/// The level of confidence that a job asks for.
fn level(policy: &Policy) -> Level {
    let asked = policy.confidence.as_ref().and_then(|level| Level::new(level.parse().ok()?).ok());
    asked.unwrap_or_default()
}

/// The output that the others are compared with.
fn reference(spec: &JobSpec, classes: &[Class], digests: &[Digest]) -> Option<(String, Digest)> {
    if let Some(expected) = spec.policy.expect {
        return Some((EXPECTED.to_owned(), expected));
    }
    Some((classes.first()?.class.clone(), *digests.first()?))
}
