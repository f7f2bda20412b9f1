//! Whether the conditions of a submit can be met, before anything is written.

use concord_protocol::Calculation;
use concord_protocol::limits::COPIES_MAX;
use concord_statistics::{Level, copies_to_detect};

use crate::args::SubmitArgs;
use crate::error::CliError;
use crate::stack::Stack;

/// Copies of each payload, unless a user says otherwise.
const COPIES: u32 = 20;

/// How many copies are asked for.
pub(super) fn copies(args: &SubmitArgs) -> Result<u32, CliError> {
    let Some(rate) = args.detect else { return Ok(args.copies.unwrap_or(COPIES)) };
    let confidence = Level::new(args.confidence).map_err(CliError::usage)?;
    let copies = copies_to_detect(rate, confidence).map_err(CliError::usage)?;
    u32::try_from(copies).ok().filter(|copies| *copies <= COPIES_MAX).ok_or_else(|| {
        CliError::usage_text(format!("that takes {copies} copies, and a job has {COPIES_MAX} at most"))
            .hint("ask for a larger --detect, or a lower --confidence")
    })
}

/// Refuses conditions that no run can meet.
pub(super) fn check(
    args: &SubmitArgs,
    copies: u32,
    calculations: &[Calculation],
    stack: Option<&Stack>,
) -> Result<(), CliError> {
    if args.conditions.hold.is_some() && stack.is_none() {
        return Err(CliError::usage_text(
            "--hold needs a stack: on one machine a producer is one sandbox, however long it is held",
        )
        .hint("name a stack with --stack, or leave --hold out"));
    }
    if let Some(copies_max) = args.conditions.extend
        && copies_max <= copies
    {
        return Err(CliError::usage_text(format!(
            "a job of {copies} copies cannot be extended to {copies_max}"
        ))
        .hint("--extend takes the copies that there may be in all: more than --copies"));
    }
    let Some(sandboxes) = args.conditions.sandboxes else { return Ok(()) };
    if calculations.iter().any(Calculation::hides_its_machine) {
        return Err(CliError::usage_text(
            "--sandboxes cannot be checked for a function: the sandboxes that ran it are not seen",
        )
        .hint("deploy a stack whose workers run the calculation themselves"));
    }
    let copies_max = args.conditions.extend.unwrap_or(copies);
    if copies_max < sandboxes {
        return Err(CliError::usage_text(format!("{copies_max} copies cannot run in {sandboxes} sandboxes"))
            .hint(format!("ask for more: --copies {sandboxes} at least, or --extend")));
    }
    Ok(())
}
