//! The jobs that a submit asks for. Pure: reads and writes nothing.

use std::collections::BTreeMap;

use concord_protocol::limits::COPIES_MAX;
use concord_protocol::ports::NewJob;
use concord_protocol::{Calculation, Digest, JobId, JobSpec, Policy, Timestamp};
use concord_statistics::{Level, copies_to_detect};
use concord_variations::{Host, RequestError};
use concord_worker::ArtifactPatterns;

use crate::aws::StackSettings;
use crate::error::CliError;
use crate::payloads::NamedPayload;
use crate::rules::tolerances;
use crate::selection::Selection;
use crate::settings::{CopiesChoice, SubmitSettings, VaryingSettings};

/// The jobs of a submission: one for each payload, with the calculation at the same index. `deployed` are the settings of
/// the stack, if the jobs are for a stack. `host` is the machine on which the copies of other jobs run.
///
/// # Errors
/// When no run can fulfil what the flags ask for.
pub(crate) fn plan(
    submit: &SubmitSettings,
    payloads: Vec<NamedPayload>,
    calculations: Vec<Calculation>,
    deployed: Option<&StackSettings>,
    host: &Host,
    submission: &JobId,
    now: Timestamp,
) -> Result<Vec<NewJob>, CliError> {
    let asked = copies(submit.copies, submit.confidence.unwrap_or_default())?;
    let VaryingSettings { request, design, .. } = &submit.varying;
    let varied = concord_variations::plan(request, *design, asked, COPIES_DEFAULT, host);
    let varied = varied.map_err(|RequestError { text, hint }| CliError::usage_text(text).hint(hint))?;
    let (variation, copies) = match varied {
        Some((variation, copies)) => (Some(variation), copies),
        None => (None, asked.unwrap_or(COPIES_DEFAULT)),
    };
    if variation.is_some() {
        check_varied(&calculations, deployed)?;
    }
    check(submit, copies, &calculations, deployed)?;
    check_files(submit, &calculations)?;
    let policy = Policy { variation, ..policy(submit, deployed)? };
    let is_single = payloads.len() == 1 && !submit.each;
    let jobs = payloads.into_iter().zip(calculations).enumerate().map(|(place, (payload, calculation))| {
        let job = if is_single { Ok(submission.clone()) } else { numbered(submission, place) };
        let spec = JobSpec {
            job: job?,
            submission: submission.clone(),
            submitted_at: now,
            payload_digest: Digest::of(&payload.bytes),
            payload_bytes: payload.bytes.len() as u64,
            copies,
            calculation,
            policy: policy.clone(),
        };
        Ok(NewJob { spec, payload: payload.bytes })
    });
    jobs.collect()
}

/// Copies of each payload, unless the user says otherwise.
const COPIES_DEFAULT: u32 = 20;

/// The number of copies that the flags ask for, if they do.
fn copies(choice: CopiesChoice, confidence: Level) -> Result<Option<u32>, CliError> {
    let rate = match choice {
        CopiesChoice::Default => return Ok(None),
        CopiesChoice::Number(copies) => return Ok(Some(copies)),
        CopiesChoice::Detect { rate } => rate,
    };
    let copies = copies_to_detect(rate, confidence).map_err(CliError::usage)?;
    let few = u32::try_from(copies).ok().filter(|copies| *copies <= COPIES_MAX);
    few.map(Some).ok_or_else(|| {
        CliError::usage_text(format!("that takes {copies} copies, and a job has {COPIES_MAX} at most"))
            .hint("ask for a larger --detect, or a lower --confidence")
    })
}

/// Refuses settings for anything but a command on this machine.
fn check_varied(calculations: &[Calculation], deployed: Option<&StackSettings>) -> Result<(), CliError> {
    let (text, hint) = if deployed.is_some() {
        (
            "--vary is for a command on this machine: a stack runs what it was deployed with",
            "leave --stack out, and name the command after --",
        )
    } else if calculations.iter().any(Calculation::runs_remotely) {
        (
            "--vary cannot change the settings of a function: its environment belongs to its configuration",
            "compare two versions or aliases of the function with `producer compare`",
        )
    } else if calculations.iter().any(|calculation| matches!(calculation, Calculation::Probe { .. })) {
        (
            "--vary is for a command: a probe runs inside this program, and reads no variables or arguments",
            "name the command after --",
        )
    } else {
        return Ok(());
    };
    Err(CliError::usage_text(text).hint(hint))
}

/// Refuses conditions that no run can fulfil.
fn check(
    submit: &SubmitSettings,
    copies: u32,
    calculations: &[Calculation],
    deployed: Option<&StackSettings>,
) -> Result<(), CliError> {
    if submit.hold_ms.is_some() && deployed.is_none() {
        return Err(CliError::usage_text(
            "--hold needs a stack: on one machine a producer is one sandbox, however long it is held",
        )
        .hint("name a stack with --stack, or leave --hold out"));
    }
    if let Some(copies_max) = submit.copies_max
        && copies_max <= copies
    {
        return Err(CliError::usage_text(format!(
            "a job of {copies} copies cannot be extended to {copies_max}"
        ))
        .hint("--extend takes the copies that there may be in all: more than --copies"));
    }
    let Some(sandboxes) = submit.sandboxes_min else { return Ok(()) };
    if calculations.iter().any(Calculation::hides_its_machine) {
        return Err(CliError::usage_text(
            "--sandboxes cannot be checked for a function: the sandboxes that ran it are not seen",
        )
        .hint("deploy a stack whose workers run the calculation themselves"));
    }
    let copies_max = submit.copies_max.unwrap_or(copies);
    if copies_max < sandboxes {
        return Err(CliError::usage_text(format!("{copies_max} copies cannot run in {sandboxes} sandboxes"))
            .hint(format!("ask for more: --copies {sandboxes} at least, or --extend")));
    }
    Ok(())
}

/// Runs of a failing copy, unless the user or the stack says otherwise.
const ATTEMPTS_DEFAULT: u32 = 2;

/// Milliseconds that one run may take, unless the user or the stack says otherwise: the longest run of a Lambda function.
const COPY_TIMEOUT_DEFAULT_MS: u64 = 15 * 60 * 1_000;

/// The policy that the flags ask for, within the bounds of the stack.
fn policy(submit: &SubmitSettings, deployed: Option<&StackSettings>) -> Result<Policy, CliError> {
    let attempts =
        submit.attempts.or(deployed.and_then(|deployed| deployed.attempts)).unwrap_or(ATTEMPTS_DEFAULT);
    let stack_timeout_ms = deployed.and_then(|deployed| deployed.timeout_s).map(|seconds| seconds * 1_000);
    let copy_timeout_ms = submit.copy_timeout_ms.or(stack_timeout_ms).unwrap_or(COPY_TIMEOUT_DEFAULT_MS);
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
    // An invalid rule is refused before anything runs.
    tolerances(&submit.second_opinion.equivalent)?;
    let (select, selections) = selections(submit)?;
    Ok(Policy {
        fail_fast: submit.fail_fast,
        select,
        artifacts: submit.files.artifacts.clone(),
        selections,
        scratch: submit.files.scratch,
        allow_empty: submit.files.allow_empty,
        equivalent: submit.second_opinion.equivalent.clone(),
        read_as: submit.second_opinion.read_as.map(|format| format.name().to_owned()),
        accept_equivalent: submit.second_opinion.is_accepted,
        confidence: submit.confidence.map(|level| level.get().to_string()),
        copies_max: submit.copies_max.unwrap_or_default(),
        hold_ms: submit.hold_ms.unwrap_or_default(),
        sandboxes_min: submit.sandboxes_min.unwrap_or_default(),
        ..Policy::bounds(attempts, submit.timeout_ms, copy_timeout_ms)
    })
}

/// The pointer into standard output, and the pointers into artifacts, by name.
fn selections(submit: &SubmitSettings) -> Result<(Option<String>, BTreeMap<String, String>), CliError> {
    let (mut select, mut named) = (None, BTreeMap::new());
    for Selection { artifact, pointer } in &submit.selections {
        let before = match artifact {
            Some(name) if submit.files.artifacts.is_empty() => {
                return Err(CliError::usage_text(format!(
                    "--select {name}:{pointer} is for an artifact, and the job has none"
                ))
                .hint(format!("name it too: --artifact {name}")));
            }
            Some(name) => named.insert(name.clone(), pointer.to_string()),
            None if submit.files.artifacts.is_empty() => select.replace(pointer.to_string()),
            None => {
                return Err(CliError::usage_text(format!(
                    "--select {pointer} does not say of which artifact"
                ))
                .hint(format!(
                    "name it: --select NAME:{pointer}; standard output is stdout, with --artifact stdout"
                )));
            }
        };
        if let Some(before) = before {
            return Err(CliError::usage_text(format!(
                "--select names two parts of one output: {before} and {pointer}"
            ))
            .hint("one part of each output can be selected"));
        }
    }
    Ok((select, named))
}

/// Refuses artifacts and folders where no command runs, and patterns that name no file.
fn check_files(submit: &SubmitSettings, calculations: &[Calculation]) -> Result<(), CliError> {
    ArtifactPatterns::parse(&submit.files.artifacts).map_err(|error| {
        CliError::usage(anyhow::Error::new(error)).hint(
            "a pattern looks like results/**/*.npy or log.txt, and is quoted; stdout is standard output",
        )
    })?;
    if submit.files.keep_folders
        && calculations.iter().any(|calculation| !matches!(calculation, Calculation::Command { .. }))
    {
        return Err(CliError::usage_text("--keep-folders is for a command on this machine")
            .hint("leave --stack out, and name the command after --"));
    }
    let flag = if !submit.files.artifacts.is_empty() {
        "--artifact"
    } else if submit.files.scratch {
        "--scratch"
    } else {
        return Ok(());
    };
    if calculations.iter().all(Calculation::may_write_files) {
        return Ok(());
    }
    Err(CliError::usage_text(format!("{flag} is for a command: nothing else writes files"))
        .hint("the command stands after --; in a stack it is the one that the stack was deployed with"))
}

/// The id of the job at `place` of a submission of several.
fn numbered(submission: &JobId, place: usize) -> Result<JobId, CliError> {
    let id = submission.numbered(u32::try_from(place).unwrap_or(u32::MAX));
    id.map_err(|error| {
        CliError::usage(error).hint("give a shorter --job: the number of each payload is added to it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `producer submit p … -- cat` plans for payloads of these bytes, in a stack with these settings if there is one.
    fn planned(
        flags: &[&str],
        payloads: &[&[u8]],
        deployed: Option<&StackSettings>,
    ) -> Result<Vec<NewJob>, CliError> {
        let payloads: Vec<_> = payloads
            .iter()
            .map(|bytes| NamedPayload { name: "p".to_owned(), bytes: (*bytes).into() })
            .collect();
        let calculations = vec![Calculation::Probe { name: "echo".to_owned() }; payloads.len()];
        let submission = "s".parse().unwrap();
        let submit = SubmitSettings::parsed(flags);
        let host = Host::default();
        plan(&submit, payloads, calculations, deployed, &host, &submission, Timestamp { unix_ms: 7 })
    }

    #[track_caller]
    fn refused(planned: Result<Vec<NewJob>, CliError>, words: &str) {
        let error = planned.unwrap_err();
        assert!(error.cause.to_string().contains(words), "{error:?}");
        assert!(error.hint.is_some());
    }

    #[test]
    fn each_payload_becomes_a_job() {
        let jobs = planned(&[], &[b"1"], None).unwrap();
        let [only] = &jobs[..] else { panic!("{jobs:?}") };
        assert_eq!((only.spec.job.as_str(), only.spec.copies, &only.payload[..]), ("s", 20, &b"1"[..]));
        assert_eq!(only.spec.payload_digest, Digest::of(b"1"));
        assert_eq!(only.spec.submitted_at.unix_ms, 7);
        let jobs = planned(&["--copies", "3"], &[b"1", b"22"], None).unwrap();
        let ids: Vec<_> = jobs.iter().map(|new| (new.spec.job.as_str(), new.spec.payload_bytes)).collect();
        assert_eq!(ids, [("s.0", 1), ("s.1", 2)]);
        // A list of one element is still a list.
        assert_eq!(planned(&["--each"], &[b"1"], None).unwrap()[0].spec.job.as_str(), "s.0");
    }

    #[test]
    fn a_stack_bounds_what_is_asked() {
        let deployed = StackSettings {
            attempts: Some(4),
            receives_max: Some(5),
            timeout_s: Some(60),
            ..StackSettings::default()
        };
        let bounds = |flags: &[&str], deployed: Option<&StackSettings>| {
            let policy = planned(flags, &[b"1"], deployed).unwrap().remove(0).spec.policy;
            (policy.attempts, policy.copy_timeout_ms)
        };
        assert_eq!(bounds(&[], None), (2, 900_000));
        assert_eq!(bounds(&[], Some(&deployed)), (4, 60_000));
        assert_eq!(bounds(&["--attempts", "3", "--copy-timeout", "9s"], Some(&deployed)), (3, 9_000));
        refused(planned(&["--attempts", "5"], &[b"1"], Some(&deployed)), "delivers a copy 5 times");
        refused(planned(&["--copy-timeout", "61s"], &[b"1"], Some(&deployed)), "end after 60000 ms");
    }

    #[test]
    fn conditions_that_no_run_can_fulfil_are_refused() {
        let check = |flags: &[&str], words: &str| refused(planned(flags, &[b"1"], None), words);
        check(&["--hold", "1s"], "--hold needs a stack");
        check(&["--sandboxes", "21"], "20 copies cannot run in 21 sandboxes");
        check(&["--extend", "20"], "a job of 20 copies cannot be extended to 20");
        check(&["--equivalent", "ulp=no"], "ulp");
        assert_eq!(planned(&["--detect", "1%"], &[b"1"], None).unwrap()[0].spec.copies, 299);
        let stack = StackSettings::default();
        assert_eq!(planned(&["--hold", "1s"], &[b"1"], Some(&stack)).unwrap()[0].spec.policy.hold_ms, 1_000);
    }
}
