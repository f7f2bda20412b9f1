//! The functions that jobs call. Each is checked before anything is written.

use concord_protocol::ports::ReadJob;
use concord_protocol::{Calculation, FunctionName, Job, JobId};

use crate::aws::{Aws, REQUEST_BYTES_MAX, missing};
use crate::backend::Backend;
use crate::error::CliError;
use crate::payloads::NamedPayload;
use crate::settings::AwsChoice;

/// The function that a submit names, as a calculation, and access to it. `flag` is the qualifier that a flag of its own
/// names. The function can be called, and no payload is too large for it.
pub(crate) async fn checked(
    function: &FunctionName,
    flag: Option<&String>,
    aws: &AwsChoice,
    payloads: &[NamedPayload],
) -> Result<(Calculation, Aws), CliError> {
    missing().map_or(Ok(()), Err)?;
    if let Some(payload) = payloads.iter().find(|payload| payload.bytes.len() > REQUEST_BYTES_MAX) {
        let name = &payload.name;
        return Err(CliError::usage_text(format!(
            "{name} has more than the {REQUEST_BYTES_MAX} bytes that a function takes"
        ))
        .hint("have the payload name an object that the function reads"));
    }
    let qualifier = qualifier(function.qualifier.as_ref(), flag)?;
    let aws = Aws::connect(aws, function.region.as_deref()).await?;
    // The region in an ARN is part of the function's name, and overrides every setting.
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

/// Access to the functions of those `jobs` for which `counts` is true; `None` when no function is called. All functions
/// can be called.
pub(crate) async fn of_jobs(
    backend: &Backend,
    jobs: &[JobId],
    aws: &AwsChoice,
    counts: impl Fn(&Job) -> bool,
) -> Result<Option<Aws>, CliError> {
    let mut functions = Vec::new();
    for id in jobs {
        if let Some(job) = backend.read_job(id).await?
            && job.spec.calculation.runs_remotely()
            && counts(&job)
        {
            functions.push(job.spec.calculation.clone());
        }
    }
    let Some(Calculation::Function { region, .. }) = functions.first() else { return Ok(None) };
    let aws = Aws::connect(aws, Some(region)).await?;
    aws.check(&functions).await?;
    Ok(Some(aws))
}
