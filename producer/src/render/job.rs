//! The report of a job as text, within 80 columns unless names are longer.

use std::fmt::Write as _;

use concord_explain::ArtifactOverview;
use concord_protocol::{Cause, Digest, Verdict};

use super::sentences::{coverage, equivalence};
use super::words::{SHOWN_MAX, calculation, counted, elapsed, grouped, short, wrapped};
use crate::folders::FoldersReport;
use crate::result::job::{JobEvidence, JobReport};

/// The report of a job, with `verdict` as its first words and `flags` behind the command of a hint.
pub(crate) fn job(report: &JobReport, verdict: &str, flags: &str) -> String {
    let mut text = format!("{verdict}  job {}\n", report.job);
    let mut line = |words: String| {
        let _ = writeln!(text, "  {words}");
    };
    line(calculation(&report.calculation));
    line(format!("payload {} ({} bytes)", short(&report.payload_digest), grouped(report.payload_bytes)));
    line(copies(report));
    if let Some(expected) = &report.expected {
        line(compared(report, expected));
    }
    if report.copies > report.copies_submitted {
        line(format!(
            "extended from {} copies to {}",
            grouped(report.copies_submitted.into()),
            grouped(report.copies.into())
        ));
    }
    if let Some(sandboxes) = report.sandboxes {
        line(format!("{sandboxes} of {} sandboxes gave a digest", report.sandboxes_min));
    }
    for digest in report.digests.iter().take(SHOWN_MAX) {
        let bytes = digest.bytes.map_or_else(String::new, |bytes| format!("  {} bytes", grouped(bytes)));
        line(format!(
            "{:>9} x {}{bytes}  first: copy {}",
            grouped(digest.copies.into()),
            short(&digest.digest),
            digest.first_copy
        ));
    }
    if report.distinct_digests > SHOWN_MAX {
        line(format!("          … {} distinct digests in all", grouped(report.distinct_digests as u64)));
    }
    for failure in report.failures.iter().take(SHOWN_MAX) {
        line(format!("{:>9} x failed: {}", grouped(failure.copies.into()), failure.reason));
    }
    if report.failures.len() > SHOWN_MAX {
        line(format!("          … {} reasons in all", report.failures.len()));
    }
    if let Some(evidence) = &report.evidence {
        lines_of_evidence(report, evidence, flags).into_iter().for_each(line);
    }
    text
}

fn copies(report: &JobReport) -> String {
    let mut words = format!(
        "{} of {} {} gave a digest, {} distinct",
        grouped(report.succeeded.into()),
        grouped(report.copies.into()),
        if report.copies == 1 { "copy" } else { "copies" },
        grouped(report.distinct_digests as u64)
    );
    if report.failed > 0 {
        let _ = write!(words, "; {} failed", grouped(report.failed.into()));
    }
    if report.unaccounted > 0 {
        let what = match (report.ended, report.verdict) {
            (true, Verdict::Divergent) if report.fail_fast => "saved by --fail-fast",
            (true, _) => "not run",
            (false, _) => "to go",
        };
        let _ = write!(words, "; {} {what}", grouped(report.unaccounted.into()));
    }
    let _ = write!(words, "; {}", elapsed(report.elapsed_ms));
    words
}

/// How the digests compare with the expected one.
fn compared(report: &JobReport, expected: &Digest) -> String {
    let words = match (report.cause, report.succeeded) {
        (Some(Cause::Drift), _) => "drift: all copies agree, but the expected digest is",
        _ if report.distinct_digests > 1 => "the copies differ from each other; expected:",
        (_, 0) => "expected:",
        _ => "as expected:",
    };
    format!("{words} {}", short(expected))
}

/// Where the folders of the copies that failed or differ are.
fn kept(folders: &FoldersReport, ended: bool) -> Option<String> {
    let (kept, place) = (folders.kept.len(), folders.place.display());
    let of = counted(kept, "copy", "copies");
    match (kept, folders.not_kept) {
        (0, 0) => None,
        (0, 1) => Some("folders: the folder of the 1 copy that failed or differs was not kept".to_owned()),
        (0, lost) => {
            Some(format!("folders: none was kept of the {} copies that failed or differ", grouped(lost)))
        }
        _ if !ended => Some(format!("folders: those of {of} are kept so far in {place}")),
        (1, 0) => Some(format!("folders: that of the 1 copy that failed or differs is kept in {place}")),
        (_, 0) => Some(format!("folders: those of the {of} that failed or differ are kept in {place}")),
        (_, lost) => {
            let all = grouped(kept as u64 + lost);
            Some(format!(
                "folders: those of {kept} of the {all} copies that failed or differ are kept in {place}"
            ))
        }
    }
}

/// Where the copies ran, the summary, and the command that says more.
fn lines_of_evidence(report: &JobReport, evidence: &JobEvidence, flags: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if evidence.coverage.copies > 0 {
        lines.push(wrapped(&coverage(&evidence.coverage, evidence.unit, report.succeeded)));
    }
    let artifacts = evidence.artifacts.len();
    // The summary names those that differ.
    if artifacts > 0 && evidence.artifacts.iter().all(ArtifactOverview::is_stable) {
        lines.push(format!("{artifacts} of {artifacts} artifacts are stable"));
    }
    for failed in evidence.hidden_failures.iter().take(SHOWN_MAX) {
        lines.push(format!("{:>9} x failed at first: {}", grouped(failed.copies), failed.reason));
    }
    if evidence.hidden_failures.len() > SHOWN_MAX {
        lines.push(format!("          … {} reasons in all", evidence.hidden_failures.len()));
    }
    let folders = evidence.folders.as_ref().and_then(|folders| kept(folders, report.ended));
    lines.extend(folders.map(|line| wrapped(&line)));
    let summary = &evidence.summary;
    let mut told = |name: &str, words: Option<&str>| {
        if let Some(words) = words {
            lines.push(wrapped(&format!("{name}: {words}")));
        }
    };
    told("separates", summary.separates.as_deref());
    told("failures", summary.failures.as_deref());
    told("difference", summary.difference.as_deref());
    told("supports", Some(&summary.supports));
    if let Some(found) = &evidence.equivalence {
        told("tolerance", Some(&equivalence(found)));
    }
    let more = match report.verdict {
        Verdict::Divergent => Some("explain"),
        Verdict::Inconclusive => Some("copies"),
        Verdict::Running | Verdict::Reproducible | Verdict::Cancelled => None,
    };
    if let Some(verb) = more {
        lines.push(format!("more: producer {verb} {}{}", report.job, flags));
    }
    lines
}
