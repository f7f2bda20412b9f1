//! The copies of a job, as a table or as JSON.

use std::collections::BTreeMap;
use std::ops::Range;

use concord_explain::CPU_KIND_FACTS;
use concord_protocol::{Digest, Environment, Facts, Failure, Outcome, is_hidden};
use serde::Serialize;

use super::words::short;
use crate::result::moment;

/// The head of the table.
pub(crate) const HEAD: &str = "   copy  try    run ms  digest, or why there is none\n";

/// A copy and its outcome; without an outcome the fields are null.
#[derive(Debug, Serialize)]
pub(crate) struct CopyReport<'a> {
    copy: u32,
    digest: Option<Digest>,
    bytes: Option<u64>,
    failure: Option<&'a str>,
    /// Whether this is a second outcome of the copy, with another digest than the first.
    second: bool,
    round: Option<u32>,
    attempt: Option<u32>,
    started_at: Option<jiff::Timestamp>,
    run_us: Option<u64>,
    stderr_tail: &'a str,
    environment: Option<EnvironmentReport<'a>>,
    /// Facts about this run only.
    facts: Option<&'a Facts>,
}

/// Where a copy ran.
#[derive(Debug, Serialize)]
struct EnvironmentReport<'a> {
    sandbox: &'a str,
    architecture: &'a str,
    cpu: String,
    /// All facts, with those of the architecture and the CPU.
    facts: BTreeMap<&'a str, &'a str>,
}

impl<'a> EnvironmentReport<'a> {
    fn of(environment: &'a Environment) -> Self {
        let facts: BTreeMap<_, _> = environment.iter().collect();
        let known = CPU_KIND_FACTS.into_iter().filter_map(|name| facts.get(name).copied());
        let cpu = known.collect::<Vec<_>>().join(" ");
        let architecture = facts.get("host.architecture").copied().unwrap_or_default();
        Self { sandbox: &environment.sandbox, architecture, cpu, facts }
    }
}

/// The reports of `copies`, in order; a copy with two outcomes has two reports.
pub(crate) fn reports(copies: Range<u32>, outcomes: &[Outcome]) -> Vec<CopyReport<'_>> {
    let mut reports = Vec::with_capacity(copies.len());
    let mut outcomes = outcomes.iter().peekable();
    for copy in copies {
        let mut second = false;
        while let Some(outcome) = outcomes.next_if(|outcome| outcome.copy.index == copy) {
            reports.push(ended(outcome, second));
            second = true;
        }
        if !second {
            reports.push(CopyReport {
                copy,
                digest: None,
                bytes: None,
                failure: None,
                second,
                round: None,
                attempt: None,
                started_at: None,
                run_us: None,
                stderr_tail: "",
                environment: None,
                facts: None,
            });
        }
    }
    reports
}

fn ended(outcome: &Outcome, second: bool) -> CopyReport<'_> {
    let produced = outcome.result.as_ref().ok();
    CopyReport {
        copy: outcome.copy.index,
        digest: produced.map(|produced| produced.digest),
        bytes: produced.map(|produced| produced.bytes),
        failure: outcome.result.as_ref().err().map(Failure::reason),
        second,
        round: Some(outcome.round),
        attempt: Some(outcome.attempt),
        started_at: Some(moment(outcome.started_at)),
        run_us: Some(outcome.run_us),
        stderr_tail: &outcome.stderr_tail,
        environment: outcome.environment.as_deref().map(EnvironmentReport::of),
        facts: Some(&outcome.facts),
    }
}

/// A copy as a line of the table. A failed copy shows the last line of its standard error.
pub(crate) fn line(report: &CopyReport<'_>) -> String {
    let what = match (&report.digest, report.failure) {
        (Some(digest), _) if report.second => {
            format!("{}  a second outcome, which differs", short(digest))
        }
        (Some(digest), _) => short(digest),
        (None, Some(failure)) => failed(failure, report.stderr_tail),
        (None, None) => "no outcome".to_owned(),
    };
    let attempt = report.attempt.map_or_else(|| "-".to_owned(), |attempt| attempt.to_string());
    let run_ms =
        report.run_us.map_or_else(|| "-".to_owned(), |us| format!("{}.{:03}", us / 1_000, us % 1_000));
    format!("{:>7}  {attempt:>3}  {run_ms:>8}  {what}\n", report.copy)
}

fn failed(reason: &str, stderr_tail: &str) -> String {
    let last = stderr_tail.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let printable = |line: &str| line.chars().filter(|letter| !is_hidden(*letter)).collect::<String>();
    last.map_or_else(|| reason.to_owned(), |line| format!("{reason}: {}", printable(line)))
}
