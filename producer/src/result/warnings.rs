//! What a user should know about a verdict besides its evidence.

use concord_difference::unmatched_rules_sentence;
use concord_explain::Explanation;
use concord_protocol::{Cause, Job, Verdict};

use crate::backend::Backend;
use crate::warning::Warning;

/// With a bound on the divergence rate above this, a verdict supports little.
const WEAK_RATE: f64 = 0.2;

/// The warnings about the verdict on a job, in which this many `sandboxes` gave a digest, counted up to those it asks for.
pub(super) fn warnings(
    job: &Job,
    sandboxes: u32,
    explanation: &Explanation,
    backend: &Backend,
) -> Vec<Warning> {
    let of_verdict = match (job.state.verdict(), job.state.cause()) {
        (Verdict::Reproducible, _) => says_little(job, explanation),
        (_, Some(Cause::Coverage)) => Some(short_coverage(job, sandboxes, backend)),
        (_, Some(Cause::Empty)) => Some(empty(job)),
        _ => None,
    };
    let hidden: u64 = explanation.hidden_failures.iter().map(|failed| failed.copies).sum();
    let of_runs = [
        (hidden > 0).then(|| hidden_failures(hidden)),
        explanation.folder_changed().map(folder_changed),
        explanation.folder_in_output().map(folder_in_output),
        explanation.folder_not_kept().map(folder_not_kept),
        unmatched_rules_sentence(&explanation.unmatched_rules()).map(unmatched_rules),
    ];
    of_verdict.into_iter().chain(of_runs.into_iter().flatten()).collect()
}

/// The warning for a job whose outputs are all empty.
fn empty(job: &Job) -> Warning {
    let hint = if !job.spec.calculation.may_write_files() {
        "if an empty output is what you expect, submit with --allow-empty"
    } else if job.spec.policy.artifacts.is_empty() {
        "if the program writes files, name them: --artifact 'results/*.npy'; if an empty output is what you expect, \
         submit with --allow-empty"
    } else {
        "no file of the patterns of --artifact had a byte: see that they name what the program writes, relative to its \
         folder; if that is what you expect, submit with --allow-empty"
    };
    Warning { text: "every output is empty, so nothing was compared".to_owned(), hint: hint.to_owned() }
}

/// The warning for copies whose first attempts failed, although they gave a digest later.
fn hidden_failures(copies: u64) -> Warning {
    let copies = if copies == 1 { "1 copy".to_owned() } else { format!("{copies} copies") };
    Warning {
        text: format!("{copies} failed at first, and gave a digest only at a later attempt"),
        hint: "--attempts 1 lets no later attempt hide a failure".to_owned(),
    }
}

/// The warning for copies that ran side by side in a folder in which `file` changed.
fn folder_changed(file: &str) -> Warning {
    Warning {
        text: format!(
            "{file} changed in the common folder while several copies ran: the copies may have disturbed each other"
        ),
        hint: "--scratch gives each copy a folder of its own; -j1 runs one copy after the other".to_owned(),
    }
}

/// The warning for copies whose output tells in which folder they ran.
fn folder_in_output(part: &str) -> Warning {
    Warning {
        text: format!(
            "{part} has the path of the folder in which the copy ran; copies at the same time, and later jobs, have other \
             folders"
        ),
        hint: "have the program write relative paths, or no path".to_owned(),
    }
}

/// The warning for a folder that was to be kept and could not be.
fn folder_not_kept(reason: &str) -> Warning {
    Warning {
        text: format!("the folder of a copy could not be kept: {reason}"),
        hint: "see that the folder for temporary files (TMPDIR) has room, and is the same as at the submit"
            .to_owned(),
    }
}

/// The warning for rules of tolerance that fit nothing.
fn unmatched_rules(text: String) -> Warning {
    Warning { text, hint: "the paths of the outputs are in `producer explain`".to_owned() }
}

/// The warning for a job whose copies agree, but in too few sandboxes.
fn short_coverage(job: &Job, seen: u32, backend: &Backend) -> Warning {
    let wanted = job.spec.policy.sandboxes_min;
    let sandboxes = if seen == 1 { "sandbox" } else { "sandboxes" };
    let hint = match backend {
        Backend::Local(_) => {
            "one producer is one sandbox: let others work on the same store (producer wait) while the job runs, or \
             submit to a stack"
        }
        Backend::Stack(_) => {
            "copies shared sandboxes: ask for more --copies, or --extend up to a bound; or have each keep its own for a while with --hold 2s"
        }
    };
    Warning {
        text: format!(
            "every copy gave the same digest, but in {seen} {sandboxes}; the job asks for {wanted}"
        ),
        hint: hint.to_owned(),
    }
}

/// The warning for a reproducible job whose verdict says little.
fn says_little(job: &Job, explanation: &Explanation) -> Option<Warning> {
    let (copies, coverage) = (job.state.copies(), &explanation.coverage);
    let warning = |text: &str, hint: &str| Some(Warning { text: text.to_owned(), hint: hint.to_owned() });
    if copies == 1 {
        return warning(
            "one copy agrees with itself: this shows nothing",
            "ask for more, such as --copies 20",
        );
    }
    if job.spec.calculation.hides_its_machine() {
        return warning(
            "the machines that ran the function are not seen: many copies may have run on few",
            "a function can say what it runs on: see reported facts in docs/facts.md",
        );
    }
    if coverage.cpu_kinds <= 1 {
        let machines = if coverage.hosts <= 1 {
            "every copy ran on one machine: nothing is known of others"
        } else {
            "every copy ran on one kind of CPU: nothing is known of other kinds"
        };
        return warning(
            machines,
            "submit the same payload on another machine and expect this digest there: --expect sha256:…",
        );
    }
    if explanation.confidence.copies.rate_high > WEAK_RATE {
        return warning("so few copies support little", "ask for more: with --copies 299 the bound is 1 %");
    }
    None
}
