//! The settings that hold, as text, and as lines of files that set them.

use std::fmt::Write as _;

use concord_protocol::Verdict;

use super::lines::Lines;
use super::words::{counted, grouped};
use crate::args::PinForm;
use crate::result::pin::{MemberReport, PinReport};

/// Begins the name of an argument.
const ARGUMENT: &str = "arg:";

/// What was found.
pub(crate) fn pin(report: &PinReport) -> String {
    let mut lines = Lines::default();
    lines.line(&headline(report));
    if !report.members.is_empty() {
        lines.head(if report.holds { "what each setting is for" } else { "the closest settings" });
        for member in &report.members {
            lines.line(&format!("  {}", line(member)));
        }
    }
    if let Some(confirmed) = &report.confirmed {
        lines.head("confirmed");
        lines.paragraph(
            2,
            &format!(
                "{}: {} of a fresh job ({}){}",
                confirmed.verdict,
                counted(confirmed.copies as usize, "copy", "copies"),
                confirmed.job,
                if report.by_variables_only { "; processors were varied by variables only" } else { "" }
            ),
        );
    }
    if let Some(cost) = report.cost {
        let range = format!("{:.2} ({:.2} to {:.2})", cost.ratio, cost.low, cost.high);
        let told = if cost.low <= 1.0 && cost.high >= 1.0 {
            format!("no difference in run time could be measured: a run takes {range} times as long")
        } else {
            format!("a run takes {range} times as long")
        };
        lines.paragraph(2, &told);
    }
    if let Some(remains) = &report.remains {
        lines.section("What remains", Some(remains));
    }
    if report.holds && !report.pin.is_empty() {
        lines.head("for a shell");
        for line in form(report, PinForm::Shell).lines() {
            lines.line(&format!("  {line}"));
        }
    }
    lines.text
}

fn headline(report: &PinReport) -> String {
    let copies = grouped(report.copies);
    match (report.holds, report.spent) {
        (true, _) if report.pin.is_empty() => {
            format!(
                "{}: reproducible under all settings that were tried; nothing needs to be pinned",
                report.job
            )
        }
        (true, _) => format!(
            "{}: {} (found with {copies} copies)",
            report.job,
            if report.pin.len() == 1 {
                "1 setting makes it reproducible".to_owned()
            } else {
                format!("{} settings make it reproducible", report.pin.len())
            }
        ),
        (false, true) => {
            format!("{}: the budget is spent, after {copies} copies; a larger --budget goes on", report.job)
        }
        (false, false) => format!("{}: no settings make it reproducible ({copies} copies)", report.job),
    }
}

fn line(member: &MemberReport) -> String {
    let library = member.library.as_ref().map_or_else(String::new, |library| format!(" ({library})"));
    let without = match member.without {
        Some(Verdict::Divergent) => ": without it the job diverges",
        Some(Verdict::Inconclusive) => ": without it the job is inconclusive",
        _ => "",
    };
    format!("{}={}{library}{without}", member.name, member.value)
}

/// The settings alone, in a form that a file can hold.
pub(crate) fn form(report: &PinReport, form: PinForm) -> String {
    let (arguments, variables): (Vec<_>, Vec<_>) =
        report.pin.iter().partition(|(name, _)| name.starts_with(ARGUMENT));
    let mut text = String::new();
    for (name, value) in arguments {
        let flag = name.trim_start_matches(ARGUMENT);
        // A short option has its value in the next word.
        let between = if flag.starts_with('-') && !flag.starts_with("--") { " " } else { "=" };
        let _ = writeln!(text, "# run the command with {flag}{between}{}", plain(value));
    }
    match form {
        PinForm::Shell => {
            for (name, value) in variables {
                let _ = writeln!(text, "export {name}={}", in_shell(value));
            }
        }
        PinForm::Dockerfile => {
            for (name, value) in variables {
                let _ = writeln!(text, "ENV {name}={}", in_docker(value));
            }
        }
        PinForm::Cloudformation => {
            text.push_str(if variables.is_empty() {
                "Environment:\n  Variables: {}\n"
            } else {
                "Environment:\n  Variables:\n"
            });
            for (name, value) in variables {
                let _ = writeln!(text, "    {name}: {}", as_json(value));
            }
        }
        PinForm::Pytest => {
            text.push_str("# conftest.py: before anything imports a numerical library\nimport os\n\n");
            for (name, value) in variables {
                let _ = writeln!(text, "os.environ[{name:?}] = {}", as_json(value));
                if name == "PYTHONHASHSEED" {
                    text.push_str(
                        "# Python reads PYTHONHASHSEED when it starts: set it for the command, too.\n",
                    );
                }
            }
        }
    }
    text
}

/// A value as JSON has it, which YAML and Python read, too.
fn as_json(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// A value in a line of a Dockerfile, which replaces variables.
fn in_docker(value: &str) -> String {
    as_json(value).replace('$', "\\$")
}

/// A value in a comment, which ends with the line.
fn plain(value: &str) -> String {
    if value.contains(char::is_control) { as_json(value) } else { in_shell(value) }
}

/// A value as a shell takes it.
fn in_shell(value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./=:,+@%".contains(&byte);
    if !value.is_empty() && value.bytes().all(is_plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::result::pin::CostReport;

    fn report(pin: &[(&str, &str)]) -> PinReport {
        let pin: BTreeMap<_, _> =
            pin.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        PinReport {
            job: "j".parse().unwrap(),
            holds: true,
            pin,
            members: Vec::new(),
            confirmed: None,
            cost: None,
            remains: None,
            copies: 1_234,
            spent: false,
            by_variables_only: true,
        }
    }

    #[test]
    fn settings_are_printed_as_files_take_them() {
        let report = report(&[("OMP_NUM_THREADS", "1"), ("FLAGS", "$a it's"), ("arg:--tol", "1e-6")]);
        let argument = "# run the command with --tol=1e-6\n";
        let check = |kind: PinForm, expect: &str| {
            assert_eq!(form(&report, kind), format!("{argument}{expect}"), "{kind:?}");
        };
        check(PinForm::Shell, "export FLAGS='$a it'\\''s'\nexport OMP_NUM_THREADS=1\n");
        check(PinForm::Dockerfile, "ENV FLAGS=\"\\$a it's\"\nENV OMP_NUM_THREADS=\"1\"\n");
        check(
            PinForm::Cloudformation,
            "Environment:\n  Variables:\n    FLAGS: \"$a it's\"\n    OMP_NUM_THREADS: \"1\"\n",
        );
        check(
            PinForm::Pytest,
            "# conftest.py: before anything imports a numerical library\nimport os\n\n\
             os.environ[\"FLAGS\"] = \"$a it's\"\nos.environ[\"OMP_NUM_THREADS\"] = \"1\"\n",
        );
    }

    #[test]
    fn values_cannot_leave_their_line() {
        let odd = report(&[("arg:-n", "1"), ("arg:--x", "a\nrm"), ("A", "\u{1b}\n")]);
        let shell = form(&odd, PinForm::Shell);
        assert!(shell.contains("# run the command with -n 1\n"), "{shell}");
        assert!(shell.contains("# run the command with --x=\"a\\nrm\"\n"), "{shell}");
        assert!(form(&odd, PinForm::Cloudformation).contains("    A: \"\\u001b\\n\"\n"));
        assert!(form(&report(&[]), PinForm::Cloudformation).ends_with("Variables: {}\n"));
    }

    #[test]
    fn a_cost_is_one_only_if_it_is_beyond_the_spread() {
        let told = |low: f64, high: f64| {
            let cost = Some(CostReport { ratio: 1.5, low, high });
            pin(&PinReport { cost, ..report(&[("A", "1")]) })
        };
        assert!(told(0.5, 4.0).contains("no difference in run time could be measured"));
        let slower = told(1.2, 2.0);
        assert!(
            slower.contains("a run takes 1.50 (1.20 to 2.00) times as long")
                && !slower.contains("no difference")
        );
    }

    #[test]
    fn the_headline_says_what_was_found() {
        assert!(pin(&report(&[])).contains("nothing needs to be pinned"));
        assert!(
            pin(&report(&[("A", "1")]))
                .contains("j: 1 setting makes it reproducible (found with 1,234 copies)")
        );
        let spent = PinReport { holds: false, spent: true, ..report(&[]) };
        assert!(pin(&spent).contains("the budget is spent, after 1,234 copies"));
        let nothing = PinReport { holds: false, remains: Some("a race".to_owned()), ..report(&[("A", "1")]) };
        let told = pin(&nothing);
        assert!(told.contains("no settings make it reproducible") && told.contains("a race"), "{told}");
    }
}
