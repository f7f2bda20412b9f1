//! Checks a submission that exists already against the one that is asked for.

use std::path::PathBuf;

use concord_protocol::ports::{ReadJob, ReadSubmission};
use concord_protocol::{Calculation, Job, JobId, JobSpec, VariationDesign, VariationPlan};

use crate::backend::Backend;
use crate::error::CliError;
use crate::render::words;

/// Fails if the submission exists already with other jobs than `ids`.
pub(crate) async fn check_payloads(
    backend: &Backend,
    submission: &JobId,
    ids: &[JobId],
) -> Result<(), CliError> {
    let stored = backend.read_submission(submission).await?;
    if stored.is_empty() || stored == ids {
        return Ok(());
    }
    let (before, now) = (stored.len(), ids.len());
    Err(CliError::usage_text(format!(
        "{submission} was submitted before, with other payloads: {before} before, {now} now"
    ))
    .hint("submit the same payloads, or choose another --job"))
}

/// Fails if the stored job of this id differs from the wanted one. `taken` is the job whose id was taken.
pub(crate) async fn check(backend: &Backend, wanted: &JobSpec, taken: &Job) -> Result<(), CliError> {
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

/// What the user asked for to get a plan.
fn request(plan: &VariationPlan) -> String {
    let design = match plan.design {
        VariationDesign::One => "one",
        VariationDesign::All => "all",
    };
    format!("{}, plan {design}", plan.request.join(", "))
}

fn differences(stored: &JobSpec, wanted: &JobSpec) -> Vec<String> {
    let chose_copies = |spec: &JobSpec| spec.policy.variation.as_ref().is_some_and(|plan| plan.chose_copies);
    // The plan chooses by the machine on which it is made, so the request is compared and not its result.
    let chose_copies = chose_copies(stored) && chose_copies(wanted);
    let shown = |spec: &JobSpec| {
        let (argv, folder): (_, Option<PathBuf>) = match &spec.calculation {
            Calculation::Probe { name } => (format!("probe {name}"), None),
            Calculation::Command { argv, folder } => (format!("command {argv:?}"), Some(folder.clone())),
            remote @ (Calculation::Function { .. } | Calculation::Deployed { .. }) => {
                (words::calculation(remote), None)
            }
        };
        [
            ("submission", spec.submission.to_string()),
            ("payload", spec.payload_digest.to_string()),
            ("calculation", argv),
            ("folder", folder.map_or_else(String::new, |folder| folder.display().to_string())),
            ("copies", if chose_copies { String::new() } else { spec.copies.to_string() }),
            ("vary", spec.policy.variation.as_ref().map_or_else(|| "nothing".to_owned(), request)),
            ("attempts", spec.policy.attempts.to_string()),
            ("timeout", format!("{} ms", spec.policy.timeout_ms)),
            ("copy-timeout", format!("{} ms", spec.policy.copy_timeout_ms)),
            ("fail-fast", spec.policy.fail_fast.to_string()),
            ("select", spec.policy.select.clone().unwrap_or_else(|| "none".to_owned())),
            ("artifacts", spec.policy.artifacts.join(", ")),
            ("select of artifacts", format!("{:?}", spec.policy.selections)),
            ("scratch", spec.policy.scratch.to_string()),
            ("keep-folders", spec.policy.keep_folders.is_some().to_string()),
            ("allow-empty", spec.policy.allow_empty.to_string()),
            ("read-as", spec.policy.read_as.clone().unwrap_or_else(|| "detected from the output".to_owned())),
            ("equivalent", spec.policy.equivalent.join("; ")),
            ("accept equivalent", spec.policy.accept_equivalent.to_string()),
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
