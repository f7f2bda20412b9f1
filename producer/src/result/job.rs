use std::collections::BTreeSet;

use concord_explain::{
    ArtifactOverview, CPU_KIND_FACTS, Confidence, Coverage, Difference, Equivalence, FailedCopies, Summary,
    Unit, VariedCause, VariedSetting,
};
use concord_protocol::ports::{PortResult, ReadOutcomes, ReadTally};
use concord_protocol::{Calculation, Cause, Digest, DigestCount, Job, JobId, JobTally, Timestamp, Verdict};
use serde::Serialize;

use super::moment;
use super::warnings::warnings;
use crate::backend::Backend;
use crate::error::CliError;
use crate::folders::{self, FoldersReport};
use crate::gather::{Comparing, JudgedExplanation, gather};
use crate::settings::Settings;
use crate::warning::Warning;

/// The most digests of a job that are listed, the most frequent ones first.
pub(crate) const DIGESTS_LISTED_MAX: usize = 1_000;

/// The fact that is the architecture of a processor.
const ARCHITECTURE: &str = "host.architecture";

/// The reason for copies without an outcome at the deadline.
const LOST: &str = "no outcome before the deadline";

/// The report of a job.
#[derive(Debug, Serialize)]
pub(crate) struct JobReport {
    pub(crate) job: JobId,
    pub(crate) submission: JobId,
    pub(crate) verdict: Verdict,
    pub(crate) cause: Option<Cause>,
    /// Copies wanted, with extensions.
    pub(crate) copies: u32,
    /// Copies that the submit asked for.
    pub(crate) copies_submitted: u32,
    pub(crate) succeeded: u32,
    pub(crate) failed: u32,
    /// Copies that neither succeeded nor failed: still to run, or never started.
    pub(crate) unaccounted: u32,
    pub(crate) distinct_digests: usize,
    pub(crate) digests: Vec<DigestReport>,
    pub(crate) failures: Vec<FailureReport>,
    pub(crate) elapsed_ms: u64,
    pub(crate) submitted_at: jiff::Timestamp,
    pub(crate) ended: bool,
    pub(crate) payload_digest: Digest,
    pub(crate) payload_bytes: u64,
    pub(crate) calculation: Calculation,
    pub(crate) fail_fast: bool,
    /// The digest that every copy should give, if one was expected.
    pub(crate) expected: Option<Digest>,
    pub(crate) equivalent: Vec<String>,
    /// Different sandboxes that must give a digest; 0 when no number was asked for.
    pub(crate) sandboxes_min: u32,
    /// Different sandboxes that gave a digest, counted up to `sandboxes_min`; `None` when no number was asked for.
    pub(crate) sandboxes: Option<u32>,
    #[serde(flatten)]
    pub(crate) evidence: Option<JobEvidence>,
}

/// A digest, and how many copies gave it.
#[derive(Debug, Serialize)]
pub(crate) struct DigestReport {
    pub(crate) digest: Digest,
    pub(crate) copies: u32,
    pub(crate) first_copy: u32,
    pub(crate) bytes: Option<u64>,
}

/// A reason, and how many copies failed for it.
#[derive(Debug, Serialize)]
pub(crate) struct FailureReport {
    pub(crate) reason: String,
    pub(crate) copies: u32,
}

impl FailureReport {
    /// The same, as an explanation has it.
    pub(crate) fn counted(&self) -> FailedCopies {
        FailedCopies { reason: self.reason.clone(), copies: self.copies.into() }
    }
}

/// What is found by reading the outcomes and outputs, which costs more than the tally.
#[derive(Debug, Serialize)]
pub(crate) struct JobEvidence {
    /// The summary: what separates the outputs, how far they differ, what the verdict supports.
    pub(crate) summary: Summary,
    /// What copies share: a machine, or a sandbox.
    pub(crate) unit: Unit,
    /// Where the copies ran.
    pub(crate) coverage: Coverage,
    /// The failures that a later attempt of the same copy hid, by reason.
    pub(crate) hidden_failures: Vec<FailedCopies>,
    /// The artifacts of the job; empty for a job without artifacts.
    pub(crate) artifacts: Vec<ArtifactOverview>,
    /// What each setting did; empty for a job whose copies are all alike.
    variations: Vec<VariedSetting>,
    /// What changes the result, the largest effect first.
    causes: Vec<VariedCause>,
    /// How sure the verdict is.
    pub(crate) confidence: Confidence,
    /// Whether all outputs are within the tolerances of the job.
    pub(crate) equivalence: Option<Equivalence>,
    /// Sandboxes that gave a digest.
    worker_processes: u64,
    cpu_kinds: BTreeSet<String>,
    /// If all copies agree: the share of differing copies is below this.
    divergence_rate_below: Option<f64>,
    /// The first difference between the two most frequent outputs.
    first_difference: Option<FirstDifference>,
    /// The folders of copies that are kept, if the job keeps some.
    pub(crate) folders: Option<FoldersReport>,
    pub(crate) warnings: Vec<Warning>,
}

/// The first difference between two outputs.
#[derive(Debug, Serialize)]
struct FirstDifference {
    /// Offset of the first byte that differs, or that one output lacks.
    byte: u64,
    digests: [Digest; 2],
}

impl JobReport {
    /// The state of a job, from its tally.
    pub(crate) async fn read(backend: &Backend, job: &Job, now: Timestamp) -> PortResult<Self> {
        let tally = backend.read_tally(&job.spec.job).await?;
        let counts = tally.digests();
        let mut digests = Vec::new();
        for count in counts.iter().take(DIGESTS_LISTED_MAX) {
            digests.push(digest_report(backend, &job.spec.job, count).await?);
        }
        let succeeded = tally.produced();
        let failures = failures(job, &tally);
        let failed = failures.iter().map(|failure| failure.copies).sum();
        Ok(Self {
            job: job.spec.job.clone(),
            submission: job.spec.submission.clone(),
            verdict: job.state.verdict(),
            cause: job.state.cause(),
            copies: job.state.copies(),
            copies_submitted: job.spec.copies,
            succeeded,
            failed,
            unaccounted: job.state.copies().saturating_sub(succeeded).saturating_sub(failed),
            distinct_digests: counts.len(),
            digests,
            failures,
            elapsed_ms: job.state.ended_at().unwrap_or(now).ms_since(job.spec.submitted_at),
            submitted_at: moment(job.spec.submitted_at),
            ended: job.state.ended_at().is_some(),
            payload_digest: job.spec.payload_digest,
            payload_bytes: job.spec.payload_bytes,
            calculation: job.spec.calculation.clone(),
            fail_fast: job.spec.policy.fail_fast,
            expected: job.spec.policy.expect,
            equivalent: job.spec.policy.equivalent.clone(),
            sandboxes_min: job.spec.policy.sandboxes_min,
            sandboxes: (job.spec.policy.sandboxes_min > 0).then(|| tally.sandboxes().len()),
            evidence: None,
        })
    }

    /// Whether the job is divergent, but every copy gave an output, and all outputs are within its tolerances.
    pub(crate) fn is_equivalent(&self) -> bool {
        let equivalence = self.evidence.as_ref().and_then(|evidence| evidence.equivalence.as_ref());
        self.may_be_accepted() && equivalence.is_some_and(|equivalence| equivalence.equivalent)
    }

    /// Whether the job is divergent and complete: only the whole of what was asked for is judged, not a part of it.
    pub(crate) fn may_be_accepted(&self) -> bool {
        self.verdict == Verdict::Divergent
            && self.ended
            && self.succeeded == self.copies
            && self.sandboxes.is_none_or(|sandboxes| sandboxes >= self.sandboxes_min)
    }

    /// The state of a job, with the evidence from its outcomes and outputs.
    pub(crate) async fn with_evidence(
        backend: &Backend,
        job: &Job,
        settings: &Settings,
        comparing: &Comparing,
    ) -> Result<Self, CliError> {
        let mut report = Self::read(backend, job, backend.now(&settings.clock)).await?;
        let JudgedExplanation { explanation, comparator_error, .. } = gather(backend, job, comparing).await?;
        let agree = job.state.verdict() == Verdict::Reproducible;
        let mut warnings = warnings(job, report.sandboxes.unwrap_or_default(), &explanation, backend);
        warnings.extend(comparator_error.map(|error| Warning {
            text: format!("no second opinion: {:#}", error.cause),
            hint: error.hint.unwrap_or_default(),
        }));
        let folders = folders::report(job, &backend.read_tally(&job.spec.job).await?, &explanation);
        report.evidence = Some(JobEvidence {
            folders,
            worker_processes: explanation.coverage.sandboxes,
            cpu_kinds: explanation
                .environments
                .iter()
                .map(|place| cpu_kind(|fact| place.facts.get(fact)))
                .collect(),
            divergence_rate_below: agree.then_some(explanation.confidence.copies.rate_high),
            first_difference: first_difference(&report.digests, &explanation.differences),
            warnings,
            hidden_failures: explanation.hidden_failures,
            variations: explanation.variations,
            causes: explanation.causes,
            artifacts: explanation.artifacts,
            summary: explanation.summary,
            unit: explanation.unit,
            coverage: explanation.coverage,
            confidence: explanation.confidence,
            equivalence: explanation.equivalence,
        });
        Ok(report)
    }
}

/// A kind of processor, in words.
fn cpu_kind<'a>(fact: impl Fn(&str) -> Option<&'a str>) -> String {
    let names = [ARCHITECTURE].into_iter().chain(CPU_KIND_FACTS);
    let words: Vec<_> = names.filter_map(fact).collect();
    if words.is_empty() { "unknown".to_owned() } else { words.join(" ") }
}

fn first_difference(digests: &[DigestReport], differences: &[Difference]) -> Option<FirstDifference> {
    let [first, second, ..] = digests else { return None };
    let comparison = differences.first()?.comparison.as_ref()?;
    Some(FirstDifference { byte: comparison.first_different_byte?, digests: [first.digest, second.digest] })
}

async fn digest_report(backend: &Backend, job: &JobId, count: &DigestCount) -> PortResult<DigestReport> {
    let DigestCount { digest, copies, first_copy } = *count;
    let outcomes = backend.read_outcomes(job, first_copy..first_copy + 1).await?;
    let produced = outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok());
    let bytes = produced.filter(|produced| produced.digest == digest).map(|produced| produced.bytes).next();
    Ok(DigestReport { digest, copies, first_copy, bytes })
}

fn failures(job: &Job, tally: &JobTally) -> Vec<FailureReport> {
    let mut failures: Vec<_> = tally
        .failures(job.state.round(), job.state.copies())
        .into_iter()
        .map(|(reason, copies)| FailureReport { reason, copies })
        .collect();
    if job.state.cause() == Some(Cause::Deadline) {
        let failed: u32 = failures.iter().map(|failure| failure.copies).sum();
        let copies = job.state.copies().saturating_sub(tally.produced()).saturating_sub(failed);
        failures.push(FailureReport { reason: LOST.to_owned(), copies });
        failures.sort_by_key(|failure| std::cmp::Reverse(failure.copies));
    }
    failures
}
