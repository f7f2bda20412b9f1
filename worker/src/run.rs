//! The facts that are recorded of one run.

use concord_protocol::limits::{FACT_VALUE_BYTES_MAX, FACTS_MAX};
use concord_protocol::ports::Delivery;
use concord_protocol::{Facts, Setting, Timestamp, VariationPlan};
use serde_json::Value;

/// The beginning of a line in which a calculation reports facts.
const REPORT: &str = "concord-facts ";

/// A calculation may report facts whose names begin in one of these ways: it knows best what it ran with. All other names
/// get the prefix [`REPORTED`].
const KNOWN_BEST: [&str; 5] = ["cpu.", "host.", "loaded.", "numerics.", "variable."];

/// The prefix of all other facts that a calculation reports.
const REPORTED: &str = "reported.";

/// The fact that says why a report, or a part of it, could not be used.
const ERROR: &str = "reported.error";

/// The error for a name that no fact can have.
const WRONG_NAME: &str =
    "a name does not consist of words of ASCII letters, digits, _ and -, joined by dots, or it is too long";

/// The fact that the folder of the run was to be kept and could not be, with the system's reason.
pub(crate) const FOLDER_NOT_KEPT: &str = "run.folder_not_kept";

/// The facts of a run that are known before it begins.
pub(crate) fn of_delivery(delivery: &Delivery, now: Timestamp) -> Facts {
    let mut facts = Facts::default();
    facts.record("run.receive_count", delivery.receive_count.to_string());
    if let Some(sent_at) = delivery.sent_at {
        facts.record("run.queue_wait_ms", now.ms_since(sent_at).to_string());
    }
    facts
}

/// Records the settings that the plan of a job assigns to a copy, and the variables that they set.
pub(crate) fn record_settings(plan: &VariationPlan, copy: u32, facts: &mut Facts) {
    facts.record("run.setting", plan.told(copy));
    for (name, value) in plan.of_copy(copy).into_iter().flat_map(Setting::variables) {
        facts.record(&format!("variable.{name}"), value);
    }
}

/// Records the number of the run in this process, from 1.
pub(crate) fn record_call(call: u64, facts: &mut Facts) {
    facts.record("sandbox.call", call.to_string());
    facts.record("sandbox.start", if call == 1 { "cold" } else { "warm" });
}

/// The attempts of a copy that failed.
pub(crate) struct FailedAttempts {
    /// The reason of the first one.
    pub(crate) reason: String,
    /// What was recorded of the first one.
    pub(crate) facts: Facts,
    /// How many failed.
    pub(crate) attempts: u32,
}

impl FailedAttempts {
    /// Records that attempts failed before this one, with the reason of the first one, and its facts where they differ.
    pub(crate) fn record(&self, facts: &mut Facts) {
        for (name, value) in
            self.facts.iter().filter(|(name, value)| facts.get(name) != Some(value)).collect::<Vec<_>>()
        {
            facts.record(&format!("{}{name}", Facts::FIRST_ATTEMPT), value);
        }
        facts.record("run.failed_attempts", self.attempts.to_string());
        facts.record("run.first_failure", self.reason.as_str());
    }
}

/// Records the facts that the calculation reports, in lines `concord-facts {"name":"text",...}` at the end of its standard
/// error or log. Values are texts, numbers and booleans. All lines count; the last value of a name is recorded.
pub(crate) fn record_reported(stderr_tail: &str, facts: &mut Facts) {
    for line in stderr_tail.lines() {
        // A logger may write time and level before it.
        let Some((_, report)) = line.split_once(REPORT) else { continue };
        match serde_json::from_str(report) {
            Ok(Value::Object(reported)) => {
                for (name, value) in reported {
                    record_one(&name, &value, facts);
                }
            }
            _ => {
                facts.record(ERROR, "not a JSON object");
            }
        }
    }
}

fn record_one(name: &str, value: &Value, facts: &mut Facts) {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            facts.record(ERROR, "a value is neither a text nor a number nor a boolean");
            return;
        }
    };
    let is_known_best = KNOWN_BEST.iter().any(|prefix| name.starts_with(prefix));
    let name = name.strip_prefix(REPORTED).unwrap_or(name);
    let name = if is_known_best { name.to_owned() } else { format!("{REPORTED}{name}") };
    // One place is left for the error.
    let is_full = facts.len() + 1 >= FACTS_MAX && facts.get(&name).is_none() && facts.get(ERROR).is_none();
    let is_cut = text.len() > FACT_VALUE_BYTES_MAX;
    if is_full || (facts.len() >= FACTS_MAX && facts.get(&name).is_none()) {
        facts.record(ERROR, format!("a run has more than {FACTS_MAX} facts"));
    } else if !facts.record(&name, text) {
        facts.record(ERROR, WRONG_NAME);
    } else if is_cut {
        facts.record(ERROR, format!("a value is longer than {FACT_VALUE_BYTES_MAX} bytes, and was cut"));
    }
}

#[cfg(test)]
mod tests {
    use concord_protocol::CopyId;
    use concord_protocol::limits::FACT_NAME_BYTES_MAX;

    use super::*;

    #[track_caller]
    fn check_reported(stderr: &str, expect: &[(&str, &str)]) {
        let mut facts = Facts::default();
        record_reported(stderr, &mut facts);
        assert_eq!(facts, expect.iter().copied().collect(), "{stderr}");
    }

    #[test]
    fn lines_of_facts_are_read_wherever_they_stand() {
        check_reported("", &[]);
        check_reported("a warning\nconcord-facts\n", &[]);
        check_reported(
            r#"concord-facts {"blas":"openblas 0.3.21"}"#,
            &[("reported.blas", "openblas 0.3.21")],
        );
        check_reported(
            "noise\r\n2026-11-23 INFO concord-facts {\"seed\":7,\"half\":0.5,\"gpu\":false}\r\nconcord-facts {\"seed\":8}\n",
            &[("reported.seed", "8"), ("reported.half", "0.5"), ("reported.gpu", "false")],
        );
        check_reported(
            r#"concord-facts {"variable.TZ":"UTC","cpu.level":"v3","loaded.libm":"x","numerics.libc":"y","host.cores":2}"#,
            &[
                ("variable.TZ", "UTC"),
                ("cpu.level", "v3"),
                ("loaded.libm", "x"),
                ("numerics.libc", "y"),
                ("host.cores", "2"),
            ],
        );
        check_reported(
            r#"concord-facts {"sandbox.id":"s","run.call":1,"reported.a":"b"}"#,
            &[("reported.sandbox.id", "s"), ("reported.run.call", "1"), ("reported.a", "b")],
        );
    }

    #[test]
    fn an_invalid_report_is_left_out_and_recorded_as_an_error() {
        let no_object = [("reported.error", "not a JSON object")];
        for line in ["{", "[]", "7", "{\"a\":1} b", "{\"a\":NaN}"] {
            check_reported(&format!("concord-facts {line}"), &no_object);
        }
        let no_value = ("reported.error", "a value is neither a text nor a number nor a boolean");
        check_reported(
            r#"concord-facts {"a":[1],"b":null,"c":{"d":1},"e":1}"#,
            &[("reported.e", "1"), no_value],
        );
        let wrong_name = ("reported.error", WRONG_NAME);
        for name in ["a b", "", "é", "a..b", "cpu.", &"n".repeat(FACT_NAME_BYTES_MAX)] {
            let line = format!(r#"concord-facts {{"{name}":1,"ok":2}}"#);
            check_reported(&line, &[("reported.ok", "2"), wrong_name]);
        }
        let longest = "v".repeat(FACT_VALUE_BYTES_MAX);
        check_reported(&format!(r#"concord-facts {{"a":"{longest}"}}"#), &[("reported.a", &longest)]);
        let cut = ("reported.error", "a value is longer than 256 bytes, and was cut");
        check_reported(&format!(r#"concord-facts {{"a":"{longest}w"}}"#), &[("reported.a", &longest), cut]);
    }

    #[test]
    fn facts_beyond_the_bound_are_recorded_as_an_error() {
        let names: Vec<_> = (0..200).map(|number| format!("\"n{number}\":1")).collect();
        let mut facts = Facts::default();
        record_reported(&format!("concord-facts {{{}}}", names.join(",")), &mut facts);
        assert_eq!(facts.len(), FACTS_MAX);
        assert_eq!(facts.get("reported.error"), Some("a run has more than 128 facts"));
        assert_eq!(facts.get("reported.n0"), Some("1"));
    }

    #[test]
    fn a_run_has_few_facts_and_they_are_short() {
        let copy = CopyId { job: "j".parse().unwrap(), index: 0 };
        let sent_at = Some(Timestamp::from_unix_ms(1_000));
        let delivery = Delivery { copy, round: 0, receive_count: 2, sent_at, receipt: 0 };
        let mut facts = of_delivery(&delivery, Timestamp::from_unix_ms(1_250));
        record_call(1, &mut facts);
        let expect = [
            ("run.receive_count", "2"),
            ("run.queue_wait_ms", "250"),
            ("sandbox.call", "1"),
            ("sandbox.start", "cold"),
        ];
        assert_eq!(facts, expect.into_iter().collect());
        record_call(123_456, &mut facts);
        assert_eq!(facts.get("sandbox.start"), Some("warm"));
        // The facts that the sampler adds for a numerical program.
        for (name, value) in [
            ("loaded.libc", "libc.so.6 51657f818beb1ae7"),
            ("loaded.libgomp", "libgomp-a34b3233.so.1.0.0 8fd46fd7e4b53fb1"),
            ("loaded.libm", "libm.so.6 2fbaf0e9ed6c4ca4"),
            ("loaded.libopenblas", "libopenblas64_p-r0-0cf96a72.3.23.dev.so 2f6de1ab02ae6ca6"),
            ("run.peak_memory_mb", "1234"),
        ] {
            facts.record(name, value);
        }
        let bytes = serde_json::to_vec(&facts).unwrap().len();
        assert!(bytes < 400, "{bytes}");
    }
}
