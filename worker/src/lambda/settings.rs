//! Reads the settings of the function from its environment.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::Variables;
use crate::environment::LOG_STREAM;

/// Name of the table.
const TABLE: &str = "TABLE";
/// Address of the queue of copies.
const QUEUE_URL: &str = "QUEUE_URL";
/// Name of the bucket for payloads and outputs that do not fit into the table.
const BUCKET: &str = "BUCKET";
/// Days until what is written expires.
const KEEP_DAYS: &str = "KEEP_DAYS";
/// What runs: `probe`, `command`, `function` or `custom`.
const CALC: &str = "CALC";
/// The command, as a JSON array of words, or as words between spaces. No shell reads them.
const CALC_COMMAND: &str = "CALC_COMMAND";
/// The function: its name or ARN, with `:qualifier` if need be.
const CALC_FUNCTION: &str = "CALC_FUNCTION";
/// Copies of one batch that run at once.
const NUM_WORKERS: &str = "NUM_WORKERS";
/// `TRUE` when only digests are kept, no output.
const HASH_ONLY: &str = "HASH_ONLY";
/// The folders in which a command is searched.
const PATH: &str = "PATH";
/// Set by Lambda: the folder of the code, in which a command runs.
const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";

/// Copies that run at once in a sandbox, at most.
const WORKERS_MAX: usize = 64;

/// What the worker of a stack runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calc {
    /// The probe that each payload names.
    Probe,
    /// A command of the function's image.
    Command(Vec<String>),
    /// Another function.
    Function(String),
    /// The calculation that a custom worker was built with.
    Custom,
}

/// The settings of a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerSettings {
    /// Name of the table.
    pub table: String,
    /// Address of the queue of copies.
    pub queue_url: String,
    /// Name of the bucket.
    pub bucket: String,
    /// Days until what is written expires.
    pub keep_days: u32,
    /// What runs.
    pub calc: Calc,
    /// The text by which jobs name the calculation: the values of the variables, as in the output of the stack.
    pub description: String,
    /// Copies of one batch that run at once.
    pub workers: usize,
    /// Whether only digests are kept, no output.
    pub hash_only: bool,
    /// The folders in which a command is searched.
    pub search_path: Option<OsString>,
    /// The folder in which a command runs.
    pub folder: PathBuf,
    /// The name of this sandbox.
    pub sandbox: String,
    /// The variables that are recorded as facts.
    pub variables: Variables,
}

/// A variable is missing or has an invalid value.
#[derive(Debug, thiserror::Error)]
pub enum WorkerSettingsError {
    /// The variable is missing.
    #[error("the variable {0} is not set")]
    Missing(&'static str),
    /// The value of the variable is invalid.
    #[error("the variable {name} must be {must}, not {found:?}")]
    Invalid {
        /// Name of the variable.
        name: &'static str,
        /// The valid values.
        must: &'static str,
        /// The value.
        found: String,
    },
    /// The value is a JSON array that cannot be parsed as words.
    #[error("the variable {name} must be {must}, not {found:?}")]
    NotWords {
        /// Name of the variable.
        name: &'static str,
        /// The valid values.
        must: &'static str,
        /// The value.
        found: String,
        /// The error of the parser.
        #[source]
        source: serde_json::Error,
    },
}

impl WorkerSettings {
    /// Reads the settings from the variables that `variable` gives.
    ///
    /// # Errors
    /// When a variable is missing or invalid: the function must not start with a guess.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, WorkerSettingsError> {
        let given = |name: &'static str| {
            let value = variable(name).filter(|value| !value.is_empty());
            value.map(OsString::into_string).transpose().map_err(|found| WorkerSettingsError::Invalid {
                name,
                must: "UTF-8",
                found: found.to_string_lossy().into_owned(),
            })
        };
        let needed = |name| given(name)?.ok_or(WorkerSettingsError::Missing(name));
        let kind = needed(CALC)?;
        let (command, function) = (given(CALC_COMMAND)?, given(CALC_FUNCTION)?);
        let text = match kind.as_str() {
            "command" => Some(command.clone().ok_or(WorkerSettingsError::Missing(CALC_COMMAND))?),
            "function" => Some(function.clone().ok_or(WorkerSettingsError::Missing(CALC_FUNCTION))?),
            _ => None,
        };
        let description = text.as_ref().map_or_else(|| kind.clone(), |text| format!("{kind} {text}"));
        Ok(Self {
            table: needed(TABLE)?,
            queue_url: needed(QUEUE_URL)?,
            bucket: needed(BUCKET)?,
            keep_days: number(KEEP_DAYS, &needed(KEEP_DAYS)?, 1..=3_650, "a number of days from 1 to 3650")?,
            calc: calc(&kind, text)?,
            description,
            workers: match given(NUM_WORKERS)? {
                Some(text) => number(NUM_WORKERS, &text, 1..=WORKERS_MAX, "a number from 1 to 64")?,
                None => 1,
            },
            hash_only: match given(HASH_ONLY)?.as_deref().map(str::to_ascii_uppercase).as_deref() {
                Some("TRUE") => true,
                Some("FALSE") | None => false,
                Some(other) => return Err(invalid(HASH_ONLY, "TRUE or FALSE", other)),
            },
            search_path: variable(PATH),
            folder: given(TASK_ROOT)?.unwrap_or_else(|| "/".to_owned()).into(),
            sandbox: needed(LOG_STREAM)?,
            variables: Variables::read(&variable),
        })
    }
}

fn invalid(name: &'static str, must: &'static str, found: &str) -> WorkerSettingsError {
    WorkerSettingsError::Invalid { name, must, found: found.to_owned() }
}

fn number<N: std::str::FromStr + PartialOrd>(
    name: &'static str,
    text: &str,
    bounds: std::ops::RangeInclusive<N>,
    must: &'static str,
) -> Result<N, WorkerSettingsError> {
    text.parse().ok().filter(|number| bounds.contains(number)).ok_or_else(|| invalid(name, must, text))
}

fn calc(kind: &str, text: Option<String>) -> Result<Calc, WorkerSettingsError> {
    Ok(match (kind, text) {
        ("probe", _) => Calc::Probe,
        ("custom", _) => Calc::Custom,
        ("command", Some(text)) => Calc::Command(words(&text)?),
        ("function", Some(name)) => Calc::Function(name),
        _ => return Err(invalid(CALC, "probe, command, function or custom", kind)),
    })
}

fn words(text: &str) -> Result<Vec<String>, WorkerSettingsError> {
    let must = "a JSON array of words, or words between spaces, and have at least one";
    let words = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|source| {
            let (name, found) = (CALC_COMMAND, text.to_owned());
            WorkerSettingsError::NotWords { name, must, found, source }
        })?
    } else {
        text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    if words.is_empty() { Err(invalid(CALC_COMMAND, must, text)) } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::error::Error as _;

    use super::*;

    const GOOD: [(&str, &str); 6] = [
        (TABLE, "concord"),
        (QUEUE_URL, "https://sqs/concord"),
        (BUCKET, "concord"),
        (KEEP_DAYS, "30"),
        (CALC, "probe"),
        (LOG_STREAM, "2026/11/23/[1]abc"),
    ];

    fn read(others: &[(&str, &str)]) -> Result<WorkerSettings, WorkerSettingsError> {
        let variables: HashMap<_, _> = GOOD.iter().chain(others).copied().collect();
        WorkerSettings::read(|name| variables.get(name).map(OsString::from))
    }

    #[test]
    fn a_calculation_is_described_as_the_stack_does() {
        let check = |others: &[(&str, &str)], calc, description: &str| {
            let settings = read(others).unwrap();
            assert_eq!((settings.calc, settings.description.as_str()), (calc, description));
        };
        check(&[], Calc::Probe, "probe");
        // A variable of another calculation is ignored.
        check(&[(CALC_COMMAND, "x")], Calc::Probe, "probe");
        check(&[(CALC, "custom")], Calc::Custom, "custom");
        let argv = ["python3", "clmath.py"].map(str::to_owned);
        check(
            &[(CALC, "command"), (CALC_COMMAND, "python3 clmath.py")],
            Calc::Command(argv.into()),
            "command python3 clmath.py",
        );
        let argv = ["a b", "c"].map(str::to_owned);
        check(
            &[(CALC, "command"), (CALC_COMMAND, r#"["a b","c"]"#)],
            Calc::Command(argv.into()),
            r#"command ["a b","c"]"#,
        );
        check(
            &[(CALC, "function"), (CALC_FUNCTION, "clmath:3")],
            Calc::Function("clmath:3".to_owned()),
            "function clmath:3",
        );
    }

    #[test]
    fn a_missing_variable_is_named() {
        let check = |others: &[(&str, &str)], name| {
            assert_eq!(read(others).unwrap_err().to_string(), format!("the variable {name} is not set"));
        };
        for (name, _) in GOOD {
            check(&[(name, "")], name);
        }
        check(&[(CALC, "command")], CALC_COMMAND);
        check(&[(CALC, "function")], CALC_FUNCTION);
    }

    #[test]
    fn an_unknown_value_is_an_error_that_says_what_is_known() {
        for (name, value) in [
            (CALC, "prob"),
            (CALC, "Probe"),
            (KEEP_DAYS, "0"),
            (NUM_WORKERS, "0"),
            (NUM_WORKERS, "65"),
            (NUM_WORKERS, "two"),
            (HASH_ONLY, "yes"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(
                matches!(&error, WorkerSettingsError::Invalid { name: named, .. } if *named == name),
                "{error}"
            );
        }
        for (command, has_cause) in [("[]", false), ("[1]", true), ("[\"a\"", true), ("   ", false)] {
            let error = read(&[(CALC, "command"), (CALC_COMMAND, command)]).unwrap_err();
            assert!(
                error.to_string().starts_with("the variable CALC_COMMAND must be a JSON array"),
                "{error}"
            );
            assert_eq!(error.source().is_some(), has_cause, "{error}");
        }
        assert!(
            read(&[(HASH_ONLY, "TRUE"), (NUM_WORKERS, "8")])
                .is_ok_and(|read| read.hash_only && read.workers == 8)
        );
    }
}
