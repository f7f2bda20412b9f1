//! The facts of a call: the version that ran, and the report of Lambda at the end of the log.

use concord_protocol::Facts;
use serde_json::Value;

/// The facts of a call, from the `version` in the response of Lambda and from the end of the log.
pub(super) fn of(version: Option<&str>, log_tail: &[u8]) -> Facts {
    let mut facts = Facts::default();
    if let Some(version) = version {
        facts.record("function.version", version);
    }
    let log = String::from_utf8_lossy(log_tail);
    if let Some(report) = log.lines().rev().find_map(|line| as_text(line).or_else(|| as_json(line))) {
        report.record(&mut facts);
    }
    facts
}

/// The report that Lambda writes to the log when a call has ended.
#[derive(Debug, PartialEq, Eq)]
struct PlatformReport {
    memory_mb: Option<String>,
    peak_memory_mb: Option<String>,
    /// Whether the sandbox was started for this call, or restored from a snapshot for it.
    cold: bool,
}

impl PlatformReport {
    fn record(self, facts: &mut Facts) {
        let memory =
            [("function.memory_mb", self.memory_mb), ("function.peak_memory_mb", self.peak_memory_mb)];
        for (name, value) in memory {
            if let Some(value) = value {
                facts.record(name, value);
            }
        }
        facts.record("sandbox.start", if self.cold { "cold" } else { "warm" });
    }
}

/// Parses the report from a line of text, with tabs between its fields:
/// `REPORT RequestId: … Duration: 3.42 ms … Memory Size: 128 MB Max Memory Used: 36 MB …`
/// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html>).
fn as_text(line: &str) -> Option<PlatformReport> {
    let fields = line.strip_prefix("REPORT RequestId:")?;
    let value =
        |name: &str| fields.split('\t').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix(": "));
    let megabytes = |name| value(name)?.strip_suffix(" MB").map(str::to_owned);
    Some(PlatformReport {
        memory_mb: megabytes("Memory Size"),
        peak_memory_mb: megabytes("Max Memory Used"),
        cold: value("Init Duration").or_else(|| value("Restore Duration")).is_some(),
    })
}

/// Parses the report from a line of JSON: `{"type":"platform.report","record":{"metrics":{"memorySizeMB":128,…}}}`
/// (<https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>).
fn as_json(line: &str) -> Option<PlatformReport> {
    // Most lines come from the function itself. They are not parsed, which saves time.
    let event: Value = line.contains("platform.report").then(|| serde_json::from_str(line).ok())??;
    if event.get("type")? != "platform.report" {
        return None;
    }
    let metrics = event.get("record")?.get("metrics")?;
    let number = |name: &str| metrics.get(name).filter(|value| value.is_number());
    Some(PlatformReport {
        memory_mb: number("memorySizeMB").map(Value::to_string),
        peak_memory_mb: number("maxMemoryUsedMB").map(Value::to_string),
        cold: number("initDurationMs").or_else(|| number("restoreDurationMs")).is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_of_lambda_becomes_facts() {
        let check = |log: &str, expect: &[(&str, &str)]| {
            let expect: Facts = expect.iter().copied().collect();
            assert_eq!(of(Some("3"), log.as_bytes()), expect, "{log}");
        };
        let known = |start| {
            let memory = [("function.memory_mb", "128"), ("function.peak_memory_mb", "36")];
            [&memory[..], &[("function.version", "3"), ("sandbox.start", start)]].concat()
        };
        let text = "REPORT RequestId: 8f50-1\tDuration: 3.42 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory \
                    Used: 36 MB\t";
        check(&format!("START RequestId: 8f50-1\nhello\nEND RequestId: 8f50-1\n{text}\n"), &known("warm"));
        check(&format!("{text}Init Duration: 120.10 ms\t\n"), &known("cold"));
        check(&format!("{text}Restore Duration: 250.10 ms\tBilled Restore Duration: 1 ms\n"), &known("cold"));
        // A function may print a line that looks like a report. The report of Lambda comes last.
        check(&format!("REPORT RequestId: x\tMemory Size: 1 MB\n{text}\n"), &known("warm"));
        let json = |more: &str| {
            format!(
                "{{\"message\":\"platform.report\"}}\n{{\"time\":\"2026-11-23T16:00:00Z\",\"type\":\"platform.report\",\
                 \"record\":{{\"metrics\":{{\"durationMs\":3.4,\"memorySizeMB\":128,\"maxMemoryUsedMB\":36{more}}}}}}}\n"
            )
        };
        check(&json(""), &known("warm"));
        check(&json(",\"initDurationMs\":120.1"), &known("cold"));
        check("", &[("function.version", "3")]);
        check("REPORT\n{\"type\":\"platform.report\"}\n{platform.report\n", &[("function.version", "3")]);
        check("REPORT RequestId: 8f50-1\n", &[("function.version", "3"), ("sandbox.start", "warm")]);
        assert!(of(None, b"\xff").is_empty());
    }
}
