//! What runs for each payload: the calculation of a stack, a function, a command, or the probe that the payload names.

use concord_probes::Probe;
use concord_protocol::{Calculation, JobSpec, SettingChange};
use concord_worker::calc::command::Program;

use crate::aws::{Aws, Stack};
use crate::error::CliError;
use crate::functions;
use crate::payloads::NamedPayload;
use crate::settings::{CalculationChoice, Settings};

/// The calculation of each payload, and access to AWS if functions are called.
///
/// # Errors
/// When a calculation cannot be run, or not with its payload.
pub(crate) async fn resolve(
    choice: &CalculationChoice,
    payloads: &[NamedPayload],
    stack: Option<&Stack>,
    settings: &Settings,
) -> Result<(Vec<Calculation>, Option<Aws>), CliError> {
    if let Some(stack) = stack {
        return Ok((deployed(stack, choice, payloads)?, None));
    }
    match choice {
        CalculationChoice::Probe => {
            let probes: Result<_, _> = payloads.iter().map(probe).collect();
            Ok((probes?, None))
        }
        CalculationChoice::Command(argv) => Ok((vec![command(argv, settings)?; payloads.len()], None)),
        CalculationChoice::Function { function, qualifier } => {
            let checked = functions::checked(function, qualifier.as_ref(), &settings.aws, payloads).await;
            let (calculation, aws) = checked?;
            Ok((vec![calculation; payloads.len()], Some(aws)))
        }
    }
}

/// The calculation of the stack. Payloads of probes are checked here, before they cost anything.
fn deployed(
    stack: &Stack,
    choice: &CalculationChoice,
    payloads: &[NamedPayload],
) -> Result<Vec<Calculation>, CliError> {
    let refused = match choice {
        CalculationChoice::Probe => None,
        CalculationChoice::Command(_) => Some("command after --"),
        CalculationChoice::Function { .. } => Some("--function"),
    };
    if let Some(what) = refused {
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

/// The command, in the current folder.
fn command(argv: &[String], settings: &Settings) -> Result<Calculation, CliError> {
    let folder = std::env::current_dir().map_err(|error| {
        CliError::failed(anyhow::Error::new(error).context("cannot tell the current folder"))
    })?;
    Program::find(argv, &folder, settings.search_path.as_deref()).map_err(|error| {
        CliError::usage(anyhow::Error::new(error)).hint("the command stands after --, its program first")
    })?;
    if folder.to_str().is_none() {
        let shown = folder.display();
        return Err(CliError::usage_text(format!("the name of the current folder is not UTF-8: {shown}"))
            .hint("submit from another folder, with the command's full path"));
    }
    Ok(Calculation::Command { argv: argv.to_vec(), folder })
}

/// Checks that the programs which a plan runs in place of the command exist.
///
/// # Errors
/// When one of them cannot be run.
pub(crate) fn check_programs(spec: &JobSpec, settings: &Settings) -> Result<(), CliError> {
    let Calculation::Command { folder, .. } = &spec.calculation else { return Ok(()) };
    let changes =
        spec.policy.variation.iter().flat_map(|plan| &plan.settings).flat_map(|setting| &setting.changes);
    for change in changes {
        if let SettingChange::Program { program } = change {
            Program::find(std::slice::from_ref(program), folder, settings.search_path.as_deref()).map_err(
                |error| {
                    CliError::usage(anyhow::Error::new(error))
                        .hint("--vary command= takes programs, separated by commas; their arguments are those of the command")
                },
            )?;
        }
    }
    Ok(())
}

/// The probe that a payload names.
fn probe(payload: &NamedPayload) -> Result<Calculation, CliError> {
    let probe = Probe::parse(&payload.bytes).map_err(|error| {
        CliError::usage_text(format!("{}: {error}", payload.name))
            .hint("without a command the payload is for a probe; a command stands after --")
    })?;
    Ok(Calculation::Probe { name: probe.name().to_owned() })
}
