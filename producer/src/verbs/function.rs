//! Functions to call: which one a user means, and whether it can be called, before anything is written.

use concord_cloud::REQUEST_BYTES_MAX;
use concord_protocol::ports::ReadJob;
use concord_protocol::{Calculation, FunctionName, Job, JobId};

use crate::args::{AwsArgs, SubmitArgs};
use crate::aws::Aws;
use crate::backend::Backend;
use crate::error::CliError;
use crate::payloads::NamedPayload;

/// The function that a submit names, which can be called with these payloads, and the way to it.
pub(crate) async fn checked(
    function: &FunctionName,
    args: &SubmitArgs,
    aws: &AwsArgs,
    payloads: &[NamedPayload],
) -> Result<(Calculation, Aws), CliError> {
    if let Some(payload) = payloads.iter().find(|payload| payload.bytes.len() > REQUEST_BYTES_MAX) {
        let name = &payload.name;
        return Err(CliError::usage_text(format!(
            "{name} has more than the {REQUEST_BYTES_MAX} bytes that a function takes"
        ))
        .hint("have the payload name an object that the function reads"));
    }
    let qualifier = qualifier(function.qualifier.as_ref(), args.qualifier.as_ref())?;
    let aws = Aws::connect(aws, function.region.as_deref()).await?;
    // The region of an ARN is part of the function's name; no setting changes it.
    let region = function.region.clone().map_or_else(|| aws.region(), Ok)?;
    let calculation = Calculation::Function { name: function.name.clone(), qualifier, region };
    aws.check([&calculation]).await?;
    Ok((calculation, aws))
}

fn qualifier(named: Option<&String>, flag: Option<&String>) -> Result<Option<String>, CliError> {
    match (named, flag) {
        (Some(named), Some(flag)) if named != flag => Err(CliError::usage_text(format!(
            "--function names the qualifier {named}, and --qualifier another: {flag}"
        ))
        .hint("name one of them only")),
        (named, flag) => Ok(named.or(flag).cloned()),
    }
}

/// The way to the functions of jobs that are about to be worked on, when all can be called; none when there are none.
pub(crate) async fn of_jobs(
    backend: &Backend,
    jobs: &[JobId],
    args: &AwsArgs,
    counts: impl Fn(&Job) -> bool,
) -> Result<Option<Aws>, CliError> {
    let mut functions = Vec::new();
    for id in jobs {
        if let Some(job) = backend.read_job(id).await?
            && job.spec.calculation.runs_elsewhere()
            && counts(&job)
        {
            functions.push(job.spec.calculation.clone());
        }
    }
    let Some(Calculation::Function { region, .. }) = functions.first() else { return Ok(None) };
    let aws = Aws::connect(args, Some(region)).await?;
    aws.check(&functions).await?;
    Ok(Some(aws))
}
