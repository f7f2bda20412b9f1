use concord_explain::Explanation;
use concord_protocol::ports::Clock;
use concord_protocol::{Cause, Digest, Job, JobId, Verdict};
use serde::Serialize;

use super::job::{FailureReport, JobReport};
use super::moment;
use crate::backend::Backend;
use crate::error::CliError;
use crate::gather::{Comparing, JudgedExplanation, gather};
use crate::render::words::calculation;

/// Version of the JSON: raised when a field changes its meaning or is removed.
const SCHEMA_VERSION: u32 = 1;

/// A job and its explanation.
#[derive(Serialize)]
pub(crate) struct ExplainedJob {
    schema: u32,
    pub(crate) job: JobId,
    pub(crate) submission: JobId,
    submitted_at: jiff::Timestamp,
    decided_at: Option<jiff::Timestamp>,
    ended_at: Option<jiff::Timestamp>,
    pub(crate) calculation: String,
    pub(crate) payload: PayloadReport,
    pub(crate) verdict: Verdict,
    pub(crate) cause: Option<Cause>,
    /// Whether the job is divergent, all outputs are equivalent, and the submit said that this is accepted.
    pub(crate) accepted: bool,
    pub(crate) copies: u32,
    pub(crate) produced: u32,
    pub(crate) failed: u32,
    pub(crate) distinct_digests: usize,
    /// Copies whose outcomes were read: a sample of a very large job.
    pub(crate) copies_read: u32,
    pub(crate) elapsed_ms: u64,
    #[serde(flatten)]
    pub(crate) explanation: Explanation,
}

#[derive(Serialize)]
pub(crate) struct PayloadReport {
    pub(crate) digest: Digest,
    pub(crate) bytes: u64,
}

impl ExplainedJob {
    /// Reads the outcomes and outputs of a job, and explains them.
    pub(crate) async fn read(
        backend: &Backend,
        job: &Job,
        comparing: &Comparing,
        clock: &dyn Clock,
    ) -> Result<Self, CliError> {
        let report = JobReport::read(backend, job, backend.now(clock)).await?;
        let JudgedExplanation { mut explanation, copies_read, comparator_error } =
            gather(backend, job, comparing).await?;
        comparator_error.map_or(Ok(()), Err)?;
        // The tally knows the copies that were lost, too: they have no outcome.
        explanation.failures = report.failures.iter().map(FailureReport::counted).collect();
        Ok(Self {
            schema: SCHEMA_VERSION,
            submitted_at: moment(job.spec.submitted_at),
            decided_at: job.state.decided_at().map(moment),
            ended_at: job.state.ended_at().map(moment),
            calculation: calculation(&job.spec.calculation),
            payload: PayloadReport { digest: job.spec.payload_digest, bytes: job.spec.payload_bytes },
            verdict: report.verdict,
            cause: report.cause,
            accepted: job.spec.policy.accept_equivalent
                && report.may_be_accepted()
                && explanation.equivalence.as_ref().is_some_and(|found| found.equivalent),
            copies: report.copies,
            produced: report.succeeded,
            failed: report.failed,
            distinct_digests: report.distinct_digests,
            copies_read,
            elapsed_ms: report.elapsed_ms,
            job: report.job,
            submission: report.submission,
            explanation,
        })
    }
}
