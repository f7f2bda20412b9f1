//! Jobs explained: what was read of them, and the forms in which that is told.

mod compared;
mod junit;
mod markdown;
mod text;

use concord_explain::Explanation;
use concord_page::page;
use concord_protocol::ports::Clock;
use concord_protocol::{Cause, Digest, Job, JobId, Verdict};
use serde::Serialize;

pub(crate) use compared::compared_text;
pub(crate) use junit::junit;
pub(crate) use markdown::markdown;
pub(crate) use text::{coverage, equivalence, text, wrapped};

use crate::backend::Backend;
use crate::error::CliError;
use crate::gather::{Comparing, JudgedExplanation, gather};
use crate::report::{JobReport, Moment};

/// Version of the JSON form: raised when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// A job, and what its outcomes and outputs say.
#[derive(Serialize)]
pub(crate) struct Explained {
    schema: u32,
    pub(crate) job: JobId,
    pub(crate) submission: JobId,
    submitted_at: Moment,
    decided_at: Option<Moment>,
    ended_at: Option<Moment>,
    pub(crate) calculation: String,
    pub(crate) payload: Payload,
    pub(crate) verdict: Verdict,
    pub(crate) cause: Option<Cause>,
    pub(crate) copies: u32,
    pub(crate) produced: u32,
    pub(crate) failed: u32,
    /// Copies whose outcomes were read: of a very large job, the first ones.
    pub(crate) copies_read: u32,
    elapsed_ms: u64,
    #[serde(flatten)]
    pub(crate) explanation: Explanation,
}

#[derive(Serialize)]
pub(crate) struct Payload {
    pub(crate) digest: Digest,
    pub(crate) bytes: u64,
}

impl Explained {
    /// Reads the outcomes and outputs of a job, and explains them.
    pub(crate) async fn read(
        backend: &Backend,
        job: &Job,
        comparing: &Comparing,
        clock: &dyn Clock,
    ) -> Result<Self, CliError> {
        let report = JobReport::read(backend, job, clock.now()).await?;
        let JudgedExplanation { explanation, copies_read, comparator_fault } =
            gather(backend, job, comparing).await?;
        comparator_fault.map_or(Ok(()), Err)?;
        Ok(Self {
            schema: SCHEMA,
            submitted_at: job.spec.submitted_at.into(),
            decided_at: job.state.decided_at().map(Into::into),
            ended_at: job.state.ended_at().map(Into::into),
            calculation: crate::text::calculation(&job.spec.calculation),
            payload: Payload { digest: job.spec.payload_digest, bytes: job.spec.payload_bytes },
            verdict: report.verdict,
            cause: report.cause,
            copies: report.copies,
            produced: report.succeeded,
            failed: report.failed,
            copies_read,
            elapsed_ms: report.elapsed_ms,
            job: report.job,
            submission: report.submission,
            explanation,
        })
    }
}

/// The page of a job.
///
/// # Errors
/// When the explanation cannot be written as JSON.
pub(crate) fn html(explained: &Explained) -> Result<String, CliError> {
    let json = serde_json::to_string(explained).map_err(CliError::failed)?;
    let title = format!("{} {}", explained.job, explained.verdict);
    Ok(page(&json, &title, &markdown(explained)))
}
