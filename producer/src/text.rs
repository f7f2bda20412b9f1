//! Reports as text for people, within 80 columns where the words allow it.

use std::fmt::Write as _;
use std::time::Duration;

use concord_protocol::{Calculation, Cause, Digest, Verdict};

use crate::explain;
use crate::printer::Printer;
use crate::report::{Evidence, JobReport};
use crate::settings::Settings;

/// Digests and reasons of a job that are shown, at most.
const SHOWN_MAX: usize = 8;

/// The whole report of a job.
pub(crate) fn report(report: &JobReport, settings: &Settings, printer: &Printer) -> String {
    let mut text = format!("{}  job {}\n", printer.verdict(report.verdict, 0), report.job);
    let mut line = |words: String| {
        let _ = writeln!(text, "  {words}");
    };
    line(calculation(&report.calculation));
    line(format!("payload {} ({} bytes)", short(&report.payload_digest), report.payload_bytes));
    line(copies(report));
    if let Some(expected) = &report.expected {
        line(compared(report, expected));
    }
    if report.copies > report.copies_submitted {
        line(format!("extended from {} copies to {}", report.copies_submitted, report.copies));
    }
    if let Some(sandboxes) = report.sandboxes {
        line(format!("{sandboxes} of {} sandboxes gave a digest", report.sandboxes_min));
    }
    for digest in report.digests.iter().take(SHOWN_MAX) {
        let bytes = digest.bytes.map_or_else(String::new, |bytes| format!("  {bytes} bytes"));
        line(format!(
            "{:>9} x {}{bytes}  first: copy {}",
            digest.copies,
            short(&digest.digest),
            digest.first_copy
        ));
    }
    if report.distinct_digests > SHOWN_MAX {
        line(format!("          … {} distinct digests in all", report.distinct_digests));
    }
    for failure in report.failures.iter().take(SHOWN_MAX) {
        line(format!("{:>9} x failed: {}", failure.copies, failure.reason));
    }
    if report.failures.len() > SHOWN_MAX {
        line(format!("          … {} different reasons in all", report.failures.len()));
    }
    if let Some(evidence) = &report.evidence {
        lines_of_evidence(report, evidence, settings).into_iter().for_each(line);
    }
    text
}

fn copies(report: &JobReport) -> String {
    let mut words = format!(
        "{} of {} {} gave a digest, {} distinct",
        report.succeeded,
        report.copies,
        if report.copies == 1 { "copy" } else { "copies" },
        report.distinct_digests
    );
    if report.failed > 0 {
        let _ = write!(words, "; {} failed", report.failed);
    }
    if report.unaccounted > 0 {
        let what = match (report.ended, report.verdict) {
            (true, Verdict::Divergent) if report.fail_fast => "saved by --fail-fast",
            (true, _) => "not run",
            (false, _) => "to go",
        };
        let _ = write!(words, "; {} {what}", report.unaccounted);
    }
    let _ = write!(words, "; {}", elapsed(report.elapsed_ms));
    words
}

/// How the digests stand to the one that is expected.
fn compared(report: &JobReport, expected: &Digest) -> String {
    let words = match (report.cause, report.succeeded) {
        (Some(Cause::Drift), _) => "drift: all agree, but not with the expected",
        _ if report.distinct_digests > 1 => "the copies differ among themselves; expected is",
        (_, 0) => "expected:",
        _ => "as expected:",
    };
    format!("{words} {}", short(expected))
}

/// Where the copies ran, and the three lines that matter.
fn lines_of_evidence(report: &JobReport, evidence: &Evidence, settings: &Settings) -> Vec<String> {
    let mut lines = Vec::new();
    if evidence.coverage.copies > 0 {
        lines.push(explain::coverage(&evidence.coverage));
    }
    let summary = &evidence.summary;
    let mut told = |name: &str, words: Option<&str>| {
        if let Some(words) = words {
            lines.push(explain::wrapped(&format!("{name}: {words}")));
        }
    };
    told("separates", summary.separates.as_deref());
    told("difference", summary.difference.as_deref());
    told("supports", Some(&summary.supports));
    if let Some(equivalence) = &evidence.equivalence {
        told("tolerance", Some(&explain::equivalence(equivalence)));
    }
    let more = match report.verdict {
        Verdict::Divergent => Some("explain"),
        Verdict::Inconclusive => Some("copies"),
        Verdict::Running | Verdict::Reproducible | Verdict::Cancelled => None,
    };
    if let Some(verb) = more {
        lines.push(format!("more: producer {verb} {}{}", report.job, settings.place_flags()));
    }
    lines
}

/// What ran, as the user named it.
pub(crate) fn calculation(calculation: &Calculation) -> String {
    match calculation {
        Calculation::Probe { name } => format!("probe {name}"),
        Calculation::Command { argv, .. } => {
            let words: Vec<_> = argv.iter().map(|word| quoted(word)).collect();
            format!("command {}", shortened(&words.join(" "), 60))
        }
        Calculation::Function { name, qualifier, region } => {
            let qualifier = qualifier.as_ref().map_or_else(String::new, |qualifier| format!(":{qualifier}"));
            format!("function {name}{qualifier} in {region}")
        }
        Calculation::Deployed { description } => format!("deployed: {}", shortened(description, 60)),
    }
}

fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./=:,+@%".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) { word.to_owned() } else { format!("{word:?}") }
}

fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The beginning of a digest, enough to tell it from others at a glance.
pub(crate) fn short(digest: &Digest) -> String {
    short_text(&digest.to_string())
}

/// The same, of a digest that is a text already.
pub(crate) fn short_text(digest: &str) -> String {
    shortened(digest, "sha256:".len() + 16)
}

/// A length of time, to three digits or so.
pub(crate) fn elapsed(ms: u64) -> String {
    let duration = Duration::from_millis(ms);
    match duration.as_secs() {
        0..60 => format!("{:.2} s", duration.as_secs_f64()),
        seconds @ 60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// A count with its noun.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
