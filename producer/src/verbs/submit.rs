use std::path::PathBuf;

use concord_probes::Probe;
use concord_protocol::ports::{CreateJobs, NewJob, ReadJob, WriteOutput};
use concord_protocol::{Calculation, Digest, Job, JobId, JobSpec, Policy, Timestamp};
use concord_worker::calc::command::Program;

use super::{conditions, function};
use crate::args::{SubmitArgs, WorkArgs};
use crate::backend::{self, Backend};
use crate::comparator::Comparator;
use crate::conclude::conclude;
use crate::error::CliError;
use crate::exit::Exit;
use crate::expected::{self, Expectation};
use crate::gather::{form, tolerances};
use crate::new_id::new_id;
use crate::payloads::{self, NamedPayload};
use crate::printer::Printer;
use crate::settings::Settings;
use crate::stack::Stack;
use crate::text;
use crate::wait::stack::{Listening, enqueue};
use crate::wait::{self, Work, wait};

/// Creates a job for each payload, all or none, and waits for their verdicts.
pub(crate) async fn run(args: &SubmitArgs, settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    // All that can be wrong with the input is found before anything is written.
    let payloads = payloads::read(&args.payloads, args.each)?;
    let stack = backend::open_stack(settings).await?;
    let (calculations, aws) = match (&stack, &args.function) {
        (Some(stack), _) => (deployed(stack, args, &payloads)?, None),
        (None, Some(function)) => {
            let (calculation, aws) = function::checked(function, args, &settings.aws, &payloads).await?;
            (vec![calculation; payloads.len()], Some(aws))
        }
        (None, None) => (calculations(&args.command, &payloads, settings)?, None),
    };
    let copies = conditions::copies(args)?;
    conditions::check(args, copies, &calculations, stack.as_ref())?;
    let policy = policy(args, stack.as_ref(), settings)?;
    let given =
        args.conditions.expect.as_ref().map(|expected| expected.resolve(args.select.as_ref())).transpose()?;
    let submission = args.job.clone().map_or_else(new_id, Ok)?;
    let now = settings.clock.now();
    let one = payloads.len() == 1 && !args.each;
    let mut jobs: Vec<_> = payloads
        .into_iter()
        .zip(calculations)
        .enumerate()
        .map(|(place, (payload, calculation))| {
            let job = if one { Ok(submission.clone()) } else { numbered(&submission, place) };
            job.map(|job| new_job(job, &submission, now, payload, calculation, copies, policy.clone()))
        })
        .collect::<Result<Vec<_>, CliError>>()?;
    let backend = match stack {
        Some(stack) => Backend::Stack(Box::new(stack)),
        None => Backend::Local(backend::create_store(settings).await?),
    };
    let expected = expectations(args.conditions.golden, given.as_ref(), &backend, &mut jobs).await?;
    let ids: Vec<_> = jobs.iter().map(|new| new.spec.job.clone()).collect();
    let specs: Vec<_> = jobs.iter().map(|new| new.spec.clone()).collect();
    same_payloads(&backend, &submission, &ids).await?;
    if let Some(taken) = backend.create_jobs(jobs).await? {
        for spec in &specs {
            same(&backend, spec, &taken).await?;
        }
        printer.say(&format!("{submission} was submitted before; going on with it"));
    }
    for (id, expectation) in ids.iter().zip(expected) {
        if let Some(Expectation { digest, output: Some(output) }) = expectation {
            backend.write_output(id, digest, output).await?;
        }
    }
    let listening = match backend.stack() {
        Some(stack) => {
            let listening = Listening::start()?;
            if !enqueue(&backend, stack, &ids, &listening.interrupt, printer).await? {
                return Ok(Exit::Interrupted);
            }
            Some((stack, listening))
        }
        None => None,
    };
    if args.detach {
        conclude(&backend, &ids, settings, printer).await?;
        return Ok(Exit::DONE);
    }
    match listening {
        Some((stack, listening)) => {
            wait::stack::wait(&backend, stack, &ids, &listening, settings, printer).await
        }
        None => wait(&backend, &ids, &Work { args: &args.work, aws }, settings, printer).await,
    }
}

/// What the stack was deployed with; the payloads of probes are looked at here, before they cost anything.
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

/// Runs of a failing copy, unless a user or a stack says otherwise.
const ATTEMPTS: u32 = 2;

/// Milliseconds that one run may take, unless a user or a stack says otherwise: as long as Lambda lets a function run.
const COPY_TIMEOUT_MS: u64 = 15 * 60 * 1_000;

/// What was asked beyond the copies. A stack has bounds of its own.
fn policy(args: &SubmitArgs, stack: Option<&Stack>, settings: &Settings) -> Result<Policy, CliError> {
    let deployed = stack.map(|stack| &stack.deployed);
    let attempts = args.attempts.or(deployed.and_then(|deployed| deployed.attempts)).unwrap_or(ATTEMPTS);
    let stack_timeout_ms = deployed.and_then(|deployed| deployed.timeout_s).map(|seconds| seconds * 1_000);
    let copy_timeout_ms = args.copy_timeout.or(stack_timeout_ms).unwrap_or(COPY_TIMEOUT_MS);
    if let Some(receives_max) = deployed.and_then(|deployed| deployed.receives_max)
        && attempts >= receives_max
    {
        return Err(CliError::usage_text(format!(
            "{attempts} attempts, but the stack's queue delivers a copy {receives_max} times, and one is spare"
        ))
        .hint("ask for fewer --attempts, or deploy the stack with a larger MaxReceives"));
    }
    if let Some(timeout_ms) = stack_timeout_ms
        && copy_timeout_ms > timeout_ms
    {
        return Err(CliError::usage_text(format!(
            "a copy timeout of {copy_timeout_ms} ms, but the stack's functions end after {timeout_ms} ms"
        ))
        .hint("ask for a shorter --copy-timeout, or deploy the stack with a larger Timeout"));
    }
    // A rule that cannot be read is found before anything runs.
    tolerances(&args.conditions.equivalent)?;
    let WorkArgs { accept, comparator, .. } = &args.work;
    if args.detach && (accept.is_some() || comparator.is_some()) {
        return Err(CliError::usage_text(
            "--accept and --comparator are for whoever waits, and --detach does not",
        )
        .hint("give them to producer wait"));
    }
    if comparator.is_some() && !args.conditions.equivalent.is_empty() {
        return Err(CliError::usage_text("--comparator and --equivalent both say what is equivalent")
            .hint("give one of them"));
    }
    if let Some(program) = comparator {
        Comparator::find(program, settings.search_path.clone())?;
    }
    if args.conditions.equivalent.is_empty() && args.work.comparator.is_none() && args.work.accept.is_some() {
        return Err(CliError::usage_text("--accept equivalent, but nothing says what is equivalent")
            .hint("add --equivalent ulp=4, or another tolerance, or a --comparator"));
    }
    Ok(Policy {
        fail_fast: args.fail_fast,
        select: args.select.as_ref().map(ToString::to_string),
        equivalent: args.conditions.equivalent.clone(),
        read_as: args.conditions.read_as.map(|read_as| form(read_as).name().to_owned()),
        copies_max: args.conditions.extend.unwrap_or_default(),
        hold_ms: args.conditions.hold.unwrap_or_default(),
        sandboxes_min: args.conditions.sandboxes.unwrap_or_default(),
        ..Policy::bounds(attempts, args.timeout, copy_timeout_ms)
    })
}

/// What each job is to give, which becomes part of its policy.
async fn expectations(
    golden: bool,
    given: Option<&Expectation>,
    backend: &Backend,
    jobs: &mut [NewJob],
) -> Result<Vec<Option<Expectation>>, CliError> {
    let mut expectations = Vec::with_capacity(jobs.len());
    for new in jobs {
        let expectation =
            if golden { Some(expected::golden(backend, &new.spec).await?) } else { given.cloned() };
        new.spec.policy.expect = expectation.as_ref().map(|expectation| expectation.digest);
        expectations.push(expectation);
    }
    Ok(expectations)
}

/// What runs for each payload: the command, or the probe that the payload names.
fn calculations(
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

/// The id of one job of several.
fn numbered(submission: &JobId, place: usize) -> Result<JobId, CliError> {
    let id = submission.numbered(u32::try_from(place).unwrap_or(u32::MAX));
    id.map_err(|error| {
        CliError::usage(error).hint("give a shorter --job: the number of each payload is added to it")
    })
}

fn new_job(
    job: JobId,
    submission: &JobId,
    now: Timestamp,
    payload: NamedPayload,
    calculation: Calculation,
    copies: u32,
    policy: Policy,
) -> NewJob {
    let spec = JobSpec {
        job,
        submission: submission.clone(),
        submitted_at: now,
        payload_digest: Digest::of(&payload.bytes),
        payload_bytes: payload.bytes.len() as u64,
        copies,
        calculation,
        policy,
    };
    NewJob { spec, payload: payload.bytes }
}

/// Whether the jobs that a submission has already, if any, are those that were asked for.
async fn same_payloads(backend: &Backend, submission: &JobId, ids: &[JobId]) -> Result<(), CliError> {
    let stored = backend.submitted(submission).await?;
    if stored.is_empty() || stored == ids {
        return Ok(());
    }
    let (before, now) = (stored.len(), ids.len());
    Err(CliError::usage_text(format!(
        "{submission} was submitted before, with other payloads: {before} before, {now} now"
    ))
    .hint("submit the same payloads, or choose another --job"))
}

/// Whether the job that is stored under the same name is the one that was asked for.
async fn same(backend: &Backend, wanted: &JobSpec, taken: &Job) -> Result<(), CliError> {
    let Some(stored) = backend.read_job(&wanted.job).await? else {
        let (wanted, taken) = (&wanted.job, &taken.spec.job);
        return Err(CliError::usage_text(format!(
            "job {taken} was submitted before, but not with a payload for {wanted}"
        ))
        .hint("submit the same payloads, or choose another --job"));
    };
    let differences = differences(&stored.spec, wanted);
    if differences.is_empty() {
        return Ok(());
    }
    let text = format!(
        "job {} was submitted before, with other values:\n  {}",
        wanted.job,
        differences.join("\n  ")
    );
    Err(CliError::usage_text(text).hint("submit the same payload and options, or choose another --job"))
}

fn differences(stored: &JobSpec, wanted: &JobSpec) -> Vec<String> {
    let shown = |spec: &JobSpec| {
        let (argv, folder): (_, Option<PathBuf>) = match &spec.calculation {
            Calculation::Probe { name } => (format!("probe {name}"), None),
            Calculation::Command { argv, folder } => (format!("command {argv:?}"), Some(folder.clone())),
            elsewhere @ (Calculation::Function { .. } | Calculation::Deployed { .. }) => {
                (text::calculation(elsewhere), None)
            }
        };
        [
            ("submission", spec.submission.to_string()),
            ("payload", spec.payload_digest.to_string()),
            ("calculation", argv),
            ("folder", folder.map_or_else(String::new, |folder| folder.display().to_string())),
            ("copies", spec.copies.to_string()),
            ("attempts", spec.policy.attempts.to_string()),
            ("timeout", format!("{} ms", spec.policy.timeout_ms)),
            ("copy-timeout", format!("{} ms", spec.policy.copy_timeout_ms)),
            ("fail-fast", spec.policy.fail_fast.to_string()),
            ("select", spec.policy.select.clone().unwrap_or_else(|| "none".to_owned())),
            ("read-as", spec.policy.read_as.clone().unwrap_or_else(|| "what they look like".to_owned())),
            ("equivalent", spec.policy.equivalent.join("; ")),
            ("expect", spec.policy.expect.map_or_else(|| "nothing".to_owned(), |digest| digest.to_string())),
            ("sandboxes", spec.policy.sandboxes_min.to_string()),
            ("extend", spec.policy.copies_max.to_string()),
            ("hold", format!("{} ms", spec.policy.hold_ms)),
        ]
    };
    let pairs = shown(stored).into_iter().zip(shown(wanted));
    let differing = pairs.filter(|((_, before), (_, now))| before != now);
    differing.map(|((field, before), (_, now))| format!("{field}: {before} before, {now} now")).collect()
}
