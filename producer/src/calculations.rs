//! What runs for each payload: the calculation of a stack, a function, a command, or the probe that the payload names.

use concord_probes::Probe;
use concord_protocol::Calculation;
use concord_worker::calc::command::Program;

use crate::args::SubmitArgs;
use crate::aws::{Aws, Stack};
use crate::error::CliError;
use crate::functions;
use crate::payloads::NamedPayload;
use crate::settings::Settings;

/// The calculation of each payload, and access to AWS if functions are called.
///
/// # Errors
/// When a calculation cannot be run, or not with its payload.
pub(crate) async fn resolve(
    args: &SubmitArgs,
    payloads: &[NamedPayload],
    stack: Option<&Stack>,
    settings: &Settings,
) -> Result<(Vec<Calculation>, Option<Aws>), CliError> {
    if let Some(stack) = stack {
        return Ok((deployed(stack, args, payloads)?, None));
    }
    if let Some(function) = &args.function {
        let (calculation, aws) = functions::checked(function, args, &settings.aws, payloads).await?;
        return Ok((vec![calculation; payloads.len()], Some(aws)));
    }
    Ok((local(&args.command, payloads, settings)?, None))
}

/// The calculation of the stack. Payloads of probes are checked here, before they cost anything.
fn deployed(
    stack: &Stack,
    args: &SubmitArgs,
    payloads: &[NamedPayload],
) -> Result<Vec<Calculation>, CliError> {
    if args.function.is_some() || !args.command.is_empty() {
        let what = if args.function.is_some() { "--function" } else { "command after --" };
        return Err(CliError::usage_text(format!(
            "a stack runs what it was deployed with, and takes no {what}"
        ))
        .hint("make deploy STACK=NAME SET=\"Calculation=command …\" deploys another calculation"));
    }
    if stack.deployed.calculation == "probe" {
        payloads.iter().try_for_each(|payload| probe(payload).map(|_| ()))?;
    }
    Ok(vec![stack.calculation(); payloads.len()])
}

/// The command, or the probe that each payload names.
fn local(
    command: &[String],
    payloads: &[NamedPayload],
    settings: &Settings,
) -> Result<Vec<Calculation>, CliError> {
    if command.is_empty() {
        return payloads.iter().map(probe).collect();
    }
    let folder = std::env::current_dir().map_err(|error| {
        CliError::failed(anyhow::Error::new(error).context("cannot tell the current folder"))
    })?;
    Program::find(command, &folder, settings.search_path.as_deref()).map_err(|error| {
        CliError::usage(anyhow::Error::new(error)).hint("the command stands after --, its program first")
    })?;
    if folder.to_str().is_none() {
        let shown = folder.display();
        return Err(CliError::usage_text(format!("the name of the current folder is not UTF-8: {shown}"))
            .hint("submit from another folder, with the command's full path"));
    }
    let calculation = Calculation::Command { argv: command.to_vec(), folder };
    Ok(vec![calculation; payloads.len()])
}

fn probe(payload: &NamedPayload) -> Result<Calculation, CliError> {
    let probe = Probe::parse(&payload.bytes).map_err(|error| {
        CliError::usage_text(format!("{}: {error}", payload.name))
            .hint("without a command the payload is for a probe; a command stands after --")
    })?;
    Ok(Calculation::Probe { name: probe.name().to_owned() })
}
