//! The command line as it was typed: parsed, and nothing more.

mod conditions;
mod evidence;
mod expected;
mod files;
mod jobs;
mod parse;
mod pin;
mod place;
mod submit;
mod vary;
mod work;

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::{Args as ClapArgs, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use concord_protocol::{is_hidden, readable};

use evidence::{ACCEPT_NOTES, COMPARE_NOTES, EXPLAIN_NOTES, REPORT_EXAMPLES};
use pin::PIN_NOTES;
use submit::SUBMIT_EXAMPLES;

pub(crate) use evidence::{CompareArgs, CompareOutputsArgs, ExplainArgs, ReadAs, ReportArgs, ReportForm};
pub(crate) use expected::Expected;
pub(crate) use jobs::{CopiesArgs, JobsArgs, ListArgs, RetryArgs, WaitArgs};
pub(crate) use pin::{Budget, PinArgs, PinForm};
pub(crate) use place::{AwsArgs, StackArgs, StoreArgs};
pub(crate) use submit::SubmitArgs;
pub(crate) use vary::VaryPlan;
pub(crate) use work::WorkArgs;

/// Does this computation give the same answer every time?
///
/// Runs N copies of one payload, digests each output, and says whether the job is reproducible (every copy gave a
/// digest, and all are equal), divergent (two differ) or inconclusive (some copy gave none).
#[derive(Debug, Parser)]
#[command(name = "producer", version, propagate_version = true, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
    #[command(flatten)]
    pub(crate) stack: StackArgs,
    #[command(flatten)]
    pub(crate) aws: AwsArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl Args {
    /// The command line, with the rules between its options.
    pub(crate) fn command() -> Command {
        <Self as CommandFactory>::command().mut_subcommand("submit", |submit| {
            submit.mut_arg("accept", |accept| accept.requires("equivalence"))
        })
    }

    /// Parses the arguments of this process. Ends the process if they are wrong or ask for help.
    pub(crate) fn parse() -> Self {
        let parsed = Self::command().try_get_matches();
        parsed.and_then(|matches| Self::from_arg_matches(&matches)).unwrap_or_else(|error| refuse(&error))
    }
}

/// Says what is wrong with the arguments, or the help that they ask for, and ends the process.
fn refuse(error: &clap::Error) -> ! {
    let is_odd = |argument: OsString| argument.to_string_lossy().chars().any(is_hidden);
    if error.use_stderr() && std::env::args_os().any(is_odd) {
        // The message may repeat an argument that would hide or turn a part of it.
        let _ = io::stderr().lock().write_all(readable(&error.render().to_string()).as_bytes());
        std::process::exit(error.exit_code());
    }
    error.exit()
}

const EXIT_CODES: &str = "\
Exit codes of submit, wait and retry (several jobs: the worst, in the order 4, 1, 3, 0):
    0  reproducible            1  divergent
    2  wrong usage or input    3  inconclusive or cancelled
    4  the store or the system failed
  130  interrupted             134  no memory (what was recorded is kept)
compare exits with 1 if the results differ, and with 3 if a job has no single result.
pin exits with 1 if no settings hold, and with 3 if its budget is spent.
The other verbs exit with 0, 2 or 4.";

const DOCTOR_EXITS: &str = "\
Exit codes: 0 nothing is wrong; 4 something is, or could not be checked.
It reads, and asks each function for its version; it changes nothing.";

const CHECK_STORE_NOTES: &str = "\
Reads the whole store: the structure of the file, the checksum of each row, outputs and payloads
against their digests, and whether outcomes, tallies, rollups and queue fit together. It changes
nothing and waits for no lock, so it also runs while others work on the store.
Exit codes: 0 nothing is damaged; 2 there is no store; 4 something is damaged, or cannot be read.";

/// How results are printed.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct OutputArgs {
    /// Text for people, or JSON with one object per line
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, display_order = 101)]
    pub(crate) format: Format,
    /// Whether text is coloured; auto colours it on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, display_order = 102)]
    pub(crate) color: Color,
}

/// The form of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

/// When text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run copies of a payload and say whether all gave the same output
    #[command(after_help = SUBMIT_EXAMPLES)]
    Submit(Box<SubmitArgs>),
    /// Work on jobs until they have ended, and print their verdicts
    Wait(WaitArgs),
    /// Print the state of jobs without working on them
    Status(JobsArgs),
    /// List jobs, newest first
    List(ListArgs),
    /// Print the outcome of each copy of a job
    Copies(CopiesArgs),
    /// Explain jobs: what separates the outputs, how far they differ, and how sure the verdict is
    #[command(after_help = EXPLAIN_NOTES)]
    Explain(ExplainArgs),
    /// Find the settings under which a job is reproducible that --vary found to diverge
    #[command(after_help = PIN_NOTES)]
    Pin(PinArgs),
    /// Write the explanation of jobs to a file: HTML, Markdown, JUnit, JSON or text
    #[command(after_help = REPORT_EXAMPLES)]
    Report(ReportArgs),
    /// Compare two jobs: whether they gave the same result, how far the results differ, and which facts differ
    #[command(after_help = COMPARE_NOTES)]
    Compare(CompareArgs),
    /// Make the results of jobs golden: `submit --golden` then expects them of the same calculation and payload
    #[command(after_help = ACCEPT_NOTES)]
    Accept(JobsArgs),
    /// Rerun the copies of ended jobs that gave no digest
    Retry(RetryArgs),
    /// End jobs for good: no more copies start, and the copies that run on this machine are killed
    Cancel(JobsArgs),
    /// Check every row of the store, and say what is damaged
    #[command(after_help = CHECK_STORE_NOTES)]
    CheckStore,
    /// Check every part of a stack, and say how to repair what is wrong
    #[command(after_help = DOCTOR_EXITS)]
    Doctor,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page of the program, or of one of its verbs
    Man {
        /// The verb
        verb: Option<String>,
    },
}

impl Verb {
    /// How the verb works on jobs; `None` when it does not.
    pub(crate) fn work(&self) -> Option<&WorkArgs> {
        match self {
            Self::Submit(args) => Some(&args.work),
            Self::Pin(args) => Some(&args.work),
            Self::Wait(args) => Some(&args.work),
            Self::Retry(args) => Some(&args.work),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_help_of_every_verb_teaches() {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path("../tests/help");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let _bound = settings.bind_to_scope();
        let program = Args::command().term_width(100);
        let verbs = program.get_subcommands().map(|verb| vec!["producer", verb.get_name()]);
        for words in [vec!["producer"]].into_iter().chain(verbs) {
            let asked = program.clone().try_get_matches_from(words.iter().chain([&"--help"]));
            let help = asked.unwrap_err().to_string();
            assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
            insta::assert_snapshot!(words.join("_"), help);
        }
    }
}
