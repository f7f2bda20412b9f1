use std::collections::BTreeSet;

use concord_protocol::{Calculation, Job, Outcome, Verdict};

use crate::{Census, Scope, Stage, Unit};

/// How a job was run, as far as its statistics depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Design {
    /// Whether more copies may come.
    pub stage: Stage,
    /// What attribution may use.
    pub scope: Scope,
    /// The number of copies that failed.
    pub failed: u64,
    /// The number of copies without an outcome, if the job has ended and did not choose to save them.
    pub absent: u64,
    /// The number of different digests, if only a part of the outcomes was read.
    pub answers: Option<usize>,
    /// Whether each that failed crashed: it ended by itself without success, or by a signal.
    pub crashed: bool,
    /// Whether each copy was a process of its own, which is looked at from outside.
    pub is_command: bool,
    /// Whether the calculation is a program in Python.
    pub is_python: bool,
}

impl Design {
    /// The design of copies in sandboxes that were looked at once.
    #[must_use]
    pub fn plain(stage: Stage) -> Self {
        Self {
            stage,
            scope: Scope::default(),
            failed: 0,
            absent: 0,
            answers: None,
            crashed: false,
            is_command: false,
            is_python: false,
        }
    }

    /// The design of a job with these outcomes. If they are a part of the job, `census` has the counts of the whole.
    pub(crate) fn of(job: &Job, outcomes: &[Outcome], census: Option<&Census>) -> Self {
        let spec = &job.spec;
        let counted =
            |census: &Census| usize::try_from(census.produced + census.failed()).unwrap_or(usize::MAX);
        let ended = census.map_or(outcomes.len(), counted);
        // If the job was extended because of its outcomes, the number of copies was not fixed in advance.
        let as_planned = job.state.copies() == spec.copies && ended >= spec.copies as usize;
        let stage = if job.state.ended_at().is_some() && as_planned { Stage::Ended } else { Stage::Running };
        let reasons = || outcomes.iter().filter_map(|outcome| outcome.result.as_ref().err());
        let words = match &spec.calculation {
            Calculation::Command { argv, .. } => argv.join(" "),
            Calculation::Deployed { description } => description.clone(),
            Calculation::Probe { .. } | Calculation::Function { .. } => String::new(),
        };
        Self {
            stage,
            scope: Scope { placed: census.is_none_or(|census| census.keeps_order), ..scope(job, ended) },
            failed: census.map_or_else(|| reasons().count() as u64, Census::failed),
            absent: absent(job, census.map_or_else(|| distinct_copies(outcomes), |_| ended as u64)),
            answers: census.map(Census::classes),
            crashed: reasons().all(|failure| is_crash(failure.reason())),
            is_command: !words.is_empty() && words != "probe" && !spec.calculation.hides_its_machine(),
            is_python: words.contains("python") || words.contains(".py"),
        }
    }
}

fn unit(calculation: &Calculation) -> Unit {
    if calculation.hides_its_machine() {
        return Unit::Unseen;
    }
    match calculation {
        Calculation::Probe { .. } | Calculation::Command { .. } => Unit::Machine,
        Calculation::Function { .. } | Calculation::Deployed { .. } => Unit::Sandbox,
    }
}

fn distinct_copies(outcomes: &[Outcome]) -> u64 {
    outcomes.iter().map(|outcome| outcome.copy.index).collect::<BTreeSet<_>>().len() as u64
}

/// The copies without an outcome of a job that has ended. A job that stopped at its first divergence did not want them.
fn absent(job: &Job, with_outcome: u64) -> u64 {
    let is_saved = job.spec.policy.fail_fast && job.state.verdict() == Verdict::Divergent;
    if is_saved || job.state.ended_at().is_none() {
        return 0;
    }
    u64::from(job.state.copies()).saturating_sub(with_outcome)
}

fn is_crash(reason: &str) -> bool {
    ["command exited with code ", "command was killed by signal "]
        .iter()
        .any(|begin| reason.starts_with(begin))
}

/// How often the outcomes of a job may be looked at, with the chance to stop, until it ends.
///
/// An extended job is looked at after each doubling. A job that stops at its first divergence is looked at after each
/// copy. A claim in either must hold at every look, so by Bonferroni's bound its p-value is multiplied by their number.
pub(crate) fn scope(job: &Job, outcomes: usize) -> Scope {
    let spec = &job.spec;
    let stopped_early = spec.policy.fail_fast && outcomes < spec.copies as usize;
    let mut looks = if stopped_early { u64::from(spec.copies) } else { 1 };
    let mut copies = spec.copies.max(1);
    while copies < spec.policy.copies_max && !spec.policy.fail_fast {
        looks += 1;
        copies = copies.saturating_mul(2);
    }
    let separate = matches!(spec.calculation, Calculation::Command { .. });
    Scope { looks, placed: true, unit: unit(&spec.calculation), separate }
}
