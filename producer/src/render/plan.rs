//! The plan of a submit as text.

use concord_protocol::JobSpec;

use super::lines::Lines;
use super::words::{counted, grouped};
use crate::result::plan::{CombinationReport, PlanReport};

/// The preset of emulated processors.
const EMULATE: &str = "emulate";

/// What a submit would create.
pub(crate) fn plan(report: &PlanReport) -> String {
    let mut lines = Lines::default();
    lines.line(&format!(
        "{} of {}: nothing was created",
        counted(report.jobs.len(), "job", "jobs"),
        counted(report.copies as usize, "copy", "copies")
    ));
    lines.head("copies  first  setting");
    for combination in &report.combinations {
        let CombinationReport { copies, first_copy, settings, .. } = combination;
        let words: Vec<_> =
            settings.iter().map(|setting| format!("{}={}", setting.name, setting.value)).collect();
        let words =
            if words.is_empty() { "baseline: the command as it is".to_owned() } else { words.join("  ") };
        lines.line(&format!(
            "{:>6} {:>6}  {words}",
            grouped((*copies).into()),
            grouped((*first_copy).into())
        ));
    }
    for left in &report.left_out {
        lines.line(&format!("left out: {}: {}", left.name, left.reason));
    }
    lines.text
}

/// How many settings and copies a job has, if it varies something.
pub(crate) fn first_line(spec: &JobSpec) -> Option<String> {
    let plan = spec.policy.variation.as_ref()?;
    let combinations = plan.combinations();
    let is_emulated = plan.settings.iter().any(|setting| setting.factor == EMULATE);
    let slower = if is_emulated { "; an emulated copy takes about ten times as long" } else { "" };
    Some(format!(
        "{}: {} copies of {} with the baseline, {} at least of each{slower}",
        spec.submission,
        grouped(spec.copies.into()),
        counted(combinations as usize, "setting", "settings"),
        grouped((spec.copies / combinations.max(1)).into())
    ))
}
