use std::collections::BTreeSet;

use concord_protocol::ports::{Clock, PortResult};
use concord_protocol::{
    Calculation, Digest, DigestCount, InconclusiveCause, Job, JobId, JobTally, Timestamp, Verdict,
};
use serde::{Serialize, Serializer};

use crate::home::Home;
use crate::printer::Warning;

/// Digests of a job that are listed, at most, the most frequent ones first.
pub(crate) const DIGESTS_LISTED_MAX: usize = 1_000;

/// The confidence of the bound on the divergence rate.
pub(crate) const CONFIDENCE: f64 = 0.95;

/// A bound on the divergence rate above this supports little.
const WEAK_RATE: f64 = 0.2;

/// The reason of copies of which nothing was heard in time.
const LOST: &str = "no outcome before the deadline";

/// What is said of a job: one JSON object, or its text.
#[derive(Debug, Serialize)]
pub(crate) struct JobReport {
    pub(crate) job: JobId,
    pub(crate) submission: JobId,
    pub(crate) verdict: Verdict,
    pub(crate) cause: Option<InconclusiveCause>,
    pub(crate) copies: u32,
    pub(crate) succeeded: u32,
    pub(crate) failed: u32,
    /// Neither succeeded nor failed: still to run, or never started.
    pub(crate) unaccounted: u32,
    pub(crate) distinct_digests: usize,
    pub(crate) digests: Vec<DigestReport>,
    pub(crate) failures: Vec<FailureReport>,
    pub(crate) elapsed_ms: u64,
    pub(crate) submitted_at: Moment,
    pub(crate) ended: bool,
    pub(crate) payload_digest: Digest,
    pub(crate) payload_bytes: u64,
    pub(crate) calculation: Calculation,
    pub(crate) fail_fast: bool,
    #[serde(flatten)]
    pub(crate) evidence: Option<Evidence>,
}

/// A digest, and the copies that gave it.
#[derive(Debug, Serialize)]
pub(crate) struct DigestReport {
    pub(crate) digest: Digest,
    pub(crate) copies: u32,
    pub(crate) first_copy: u32,
    pub(crate) bytes: Option<u64>,
}

/// A reason, and the copies that failed for it.
#[derive(Debug, Serialize)]
pub(crate) struct FailureReport {
    pub(crate) reason: String,
    pub(crate) copies: u32,
}

/// What costs a look at the outcomes themselves.
#[derive(Debug, Serialize)]
pub(crate) struct Evidence {
    pub(crate) worker_processes: usize,
    pub(crate) cpu_kinds: Vec<String>,
    /// The share of copies that differ is below this, with the confidence of [`CONFIDENCE`]; when all agree.
    pub(crate) divergence_rate_below: Option<f64>,
    /// Where the two most frequent outputs differ first.
    pub(crate) first_difference: Option<FirstDifference>,
    pub(crate) warnings: Vec<Warning>,
}

/// Where two outputs part.
#[derive(Debug, Serialize)]
pub(crate) struct FirstDifference {
    /// Offset of the first byte that differs, or that one of them lacks.
    pub(crate) byte: usize,
    pub(crate) digests: [Digest; 2],
}

/// A moment, written as RFC 3339 has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(pub(crate) jiff::Timestamp);

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let ms = i64::try_from(at.unix_ms).unwrap_or(i64::MAX);
        Self(jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JobReport {
    /// How a job stands, from its tally.
    pub(crate) fn read(home: &Home, job: &Job, now: Timestamp) -> PortResult<Self> {
        let tally = home.read_tally(&job.spec.job)?;
        let counts = tally.digests();
        let mut digests = Vec::new();
        for count in counts.iter().take(DIGESTS_LISTED_MAX) {
            digests.push(digest_report(home, &job.spec.job, count)?);
        }
        let succeeded = tally.produced();
        let failures = failures(job, &tally);
        let failed = failures.iter().map(|failure| failure.copies).sum();
        Ok(Self {
            job: job.spec.job.clone(),
            submission: job.spec.submission.clone(),
            verdict: job.state.verdict,
            cause: job.state.cause,
            copies: job.spec.copies,
            succeeded,
            failed,
            unaccounted: job.spec.copies.saturating_sub(succeeded).saturating_sub(failed),
            distinct_digests: counts.len(),
            digests,
            failures,
            elapsed_ms: job.state.ended_at.unwrap_or(now).ms_since(job.spec.submitted_at),
            submitted_at: job.spec.submitted_at.into(),
            ended: job.state.ended_at.is_some(),
            payload_digest: job.spec.payload_digest,
            payload_bytes: job.spec.payload_bytes,
            calculation: job.spec.calculation.clone(),
            fail_fast: job.spec.policy.fail_fast,
            evidence: None,
        })
    }

    /// How a job stands, with the evidence that its outcomes and outputs give.
    pub(crate) fn with_evidence(home: &Home, job: &Job, clock: &dyn Clock) -> PortResult<Self> {
        let mut report = Self::read(home, job, clock.now())?;
        let environments = home.environments(job)?;
        let cpu_kinds: BTreeSet<_> = environments
            .iter()
            .map(|environment| format!("{} {}", environment.architecture, environment.cpu))
            .collect();
        let sandboxes: BTreeSet<_> = environments.iter().map(|environment| &environment.sandbox).collect();
        let agree = job.state.verdict == Verdict::Reproducible;
        let mut evidence = Evidence {
            worker_processes: sandboxes.len(),
            cpu_kinds: cpu_kinds.into_iter().collect(),
            divergence_rate_below: agree.then(|| rate_below(report.succeeded)),
            first_difference: first_difference(home, &report)?,
            warnings: Vec::new(),
        };
        if agree {
            evidence.warnings.extend(warning(&report, &evidence));
        }
        report.evidence = Some(evidence);
        Ok(report)
    }
}

fn digest_report(home: &Home, job: &JobId, count: &DigestCount) -> PortResult<DigestReport> {
    let DigestCount { digest, copies, first_copy } = *count;
    let outcomes = home.read_outcomes(job, first_copy..first_copy + 1)?;
    let produced = outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok());
    let bytes = produced.filter(|produced| produced.digest == digest).map(|produced| produced.bytes).next();
    Ok(DigestReport { digest, copies, first_copy, bytes })
}

fn failures(job: &Job, tally: &JobTally) -> Vec<FailureReport> {
    let mut failures: Vec<_> = tally
        .failures(job.state.round)
        .into_iter()
        .map(|(reason, copies)| FailureReport { reason, copies })
        .collect();
    if job.state.cause == Some(InconclusiveCause::Deadline) {
        let failed: u32 = failures.iter().map(|failure| failure.copies).sum();
        let copies = job.spec.copies.saturating_sub(tally.produced()).saturating_sub(failed);
        failures.push(FailureReport { reason: LOST.to_owned(), copies });
        failures.sort_by_key(|failure| std::cmp::Reverse(failure.copies));
    }
    failures
}

fn first_difference(home: &Home, report: &JobReport) -> PortResult<Option<FirstDifference>> {
    let [first, second, ..] = &report.digests[..] else { return Ok(None) };
    let digests = [first.digest, second.digest];
    let outputs = (home.read_output(&report.job, digests[0])?, home.read_output(&report.job, digests[1])?);
    let (Some(one), Some(other)) = outputs else { return Ok(None) };
    let common = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
    Ok(Some(FirstDifference { byte: common, digests }))
}

/// None of `copies` differ: then, with confidence 1 - α, the share of copies which do is below 1 - α^(1/n). The exact
/// binomial bound (Clopper and Pearson, 1934) for no event in n trials.
fn rate_below(copies: u32) -> f64 {
    1.0 - (1.0 - CONFIDENCE).powf(1.0 / f64::from(copies.max(1)))
}

fn warning(report: &JobReport, evidence: &Evidence) -> Option<Warning> {
    let copies = report.copies;
    let warning = |text: &str, hint: &str| Some(Warning { text: text.to_owned(), hint: hint.to_owned() });
    if copies == 1 {
        return warning(
            "one copy agrees with itself: this shows nothing",
            "ask for more, such as --copies 20",
        );
    }
    if report.calculation.hides_its_machine() {
        return warning(
            "the machines that ran the function are not seen: many copies may have run on few",
            "have the function log what it runs on; producer copies --format json has the end of each log",
        );
    }
    if evidence.cpu_kinds.len() <= 1 {
        let processes = match evidence.worker_processes {
            1 => "in one worker process on one kind of CPU".to_owned(),
            several => format!("on one kind of CPU, in {several} worker processes"),
        };
        return warning(
            &format!("every copy ran {processes}: this says little about other machines"),
            "the bound holds for runs like these; to say more, run the same payload on other machines too",
        );
    }
    if rate_below(copies) > WEAK_RATE {
        return warning("so few copies support little", "ask for more: with --copies 299 the bound is 1 %");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_one_in_the_tables() {
        let check = |copies, percent: f64| {
            assert!((rate_below(copies) * 100.0 - percent).abs() < 0.05, "{copies}: {}", rate_below(copies));
        };
        check(20, 13.9);
        check(180, 1.65);
        check(299, 1.0);
        check(1, 95.0);
    }
}
