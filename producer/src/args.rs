mod conditions;
mod evidence;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use concord_json::Pointer;
use concord_protocol::limits::{ATTEMPTS_MAX, COPIES_MAX, TIMEOUT_MS_MAX};
use concord_protocol::{FunctionName, JobId, Verdict, parse_qualifier};

pub(crate) use conditions::ConditionArgs;
use evidence::{ACCEPT_NOTES, COMPARE_NOTES, EXPLAIN_NOTES, REPORT_EXAMPLES};
pub(crate) use evidence::{CompareArgs, CompareOutputsArgs, ExplainArgs, ReadAs, ReportArgs, ReportForm};

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

const EXIT_CODES: &str = "\
Exit codes of submit, wait and retry (several jobs: the worst, in the order 4, 1, 3, 0):
    0  reproducible            1  divergent
    2  wrong usage or input    3  inconclusive or cancelled
    4  the store or the system failed
  130  interrupted; what was recorded is kept
The other verbs exit with 0, 2 or 4.";

const SUBMIT_EXAMPLES: &str = "\
Examples:
  producer submit examples/matmul.json
  producer submit examples/payloads.json --each --copies 50
  producer submit input.json --copies 180 -- python3 model.py --fast
  producer submit input.json --copies 180 --function clmath --region eu-west-1
  producer submit payloads.json --each --stack concord
  producer submit input.json --detect 1% --sandboxes 20 --extend 2000 --stack concord
  echo '{\"probe\":\"libm\"}' | producer submit - --format json | jq .verdict

Payload and output are bytes: nothing reads or rewrites them unless --each or --select asks.
A payload for a probe is a JSON object such as {\"probe\":\"matmul\",\"n\":256,\"seed\":42}.
The probes are echo, fft, libm, logistic, matmul, solve and sum.
A command gets the payload on standard input and gives its output on standard output;
exit code 0 is success. It runs without a shell, in the current folder, and with a
process group of its own, which is killed when the copy is over.
A function is an AWS Lambda function that exists; it gets the payload, and its reply is the
output. Whoever calls it needs the permission lambda:InvokeFunction, and pays for each call.
With --sandboxes a job is reproducible only when enough different sandboxes gave a digest: on
one machine a producer is one sandbox, in a stack each Lambda sandbox is one. --hold has copies
share fewer of them, and --extend asks for more copies by itself.
A stack runs the calculation that it was deployed with, on its own machines; this program
puts the copies on its queue and waits. Waiting for an hour costs about 500 reads of its
table, less than a hundredth of a cent.";

const DOCTOR_EXITS: &str = "\
Exit codes: 0 nothing is wrong; 4 something is, or could not be checked.
It reads, and asks each function for its version; it changes nothing.";

/// Where jobs are kept.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct StoreArgs {
    /// The store's file [default: $CONCORD_STORE, or concord/concord.db in the XDG state folder]
    #[arg(long, global = true, value_name = "PATH", display_order = 100)]
    pub(crate) store: Option<PathBuf>,
}

/// Which stack on AWS keeps the jobs and works on them, if one does.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct StackArgs {
    /// The stack that keeps the jobs and runs the copies [default: $CONCORD_STACK, or none]
    #[arg(long, global = true, value_name = "NAME", conflicts_with_all = ["store", "queue_url", "table", "bucket"], display_order = 200, help_heading = "AWS")]
    pub(crate) stack: Option<String>,
    /// The queue of a fleet that no stack describes; with --table
    #[arg(
        long,
        global = true,
        value_name = "URL",
        requires = "table",
        conflicts_with = "store",
        display_order = 201
    )]
    pub(crate) queue_url: Option<String>,
    /// The table of such a fleet
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        requires = "queue_url",
        display_order = 202,
        help_heading = "AWS"
    )]
    pub(crate) table: Option<String>,
    /// The bucket of such a fleet; payloads over 256 KiB need it
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        requires = "table",
        display_order = 203,
        help_heading = "AWS"
    )]
    pub(crate) bucket: Option<String>,
}

impl StackArgs {
    /// The same flags again, for the command of a hint; empty when none was given.
    pub(crate) fn flags(&self, aws: &AwsArgs) -> String {
        let named = [
            ("stack", &self.stack),
            ("queue-url", &self.queue_url),
            ("table", &self.table),
            ("bucket", &self.bucket),
        ];
        let place = flags(&named);
        if place.is_empty() { place } else { place + &aws.flags() }
    }
}

/// Flags as they were given, each with a space before it.
fn flags(named: &[(&str, &Option<String>)]) -> String {
    let flag =
        |(name, value): &(&str, &Option<String>)| value.as_ref().map(|value| format!(" --{name} {value}"));
    named.iter().filter_map(flag).collect()
}

/// How results are printed.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct OutputArgs {
    /// Text for people, or JSON: one object a job, one a line
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, display_order = 101)]
    pub(crate) format: Format,
    /// Whether text is coloured; auto: on a terminal, unless NO_COLOR is set
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
    /// Print how jobs stand, without working on them
    Status(JobsArgs),
    /// List jobs, newest first
    List(ListArgs),
    /// Print the outcome of each copy of a job
    Copies(CopiesArgs),
    /// Explain jobs: what separates the outputs, how far they differ, and how sure the verdict is
    #[command(after_help = EXPLAIN_NOTES)]
    Explain(ExplainArgs),
    /// Write the explanation of jobs as a file: HTML, Markdown, JUnit, JSON or text
    #[command(after_help = REPORT_EXAMPLES)]
    Report(ReportArgs),
    /// Compare two jobs: whether they gave the same result, what differs between their machines, and by how much
    #[command(after_help = COMPARE_NOTES)]
    Compare(CompareArgs),
    /// Make the result of jobs golden: what `submit --golden` expects of the same calculation and payload from now on
    #[command(after_help = ACCEPT_NOTES)]
    Accept(JobsArgs),
    /// Run the copies of ended jobs that gave no digest again
    Retry(RetryArgs),
    /// End jobs for good: nothing more of them is started, and what runs of them on this machine is killed
    Cancel(JobsArgs),
    /// Check a stack: credentials, queues, table, functions, alarms; and say what to do about each finding
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

/// Options of `submit`.
#[derive(Debug, ClapArgs)]
pub(crate) struct SubmitArgs {
    /// Files with a payload each; - reads standard input
    #[arg(required = true, value_name = "PAYLOAD")]
    pub(crate) payloads: Vec<PathBuf>,
    /// Make one job of each element of a JSON array, or of each line of JSON Lines, byte for byte
    #[arg(long)]
    pub(crate) each: bool,
    /// Copies of each payload [default: 20, or as many as --detect takes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(COPIES_MAX)))]
    pub(crate) copies: Option<u32>,
    /// As many copies as find a divergence in this share of runs, such as 1% or 0.01, with --confidence
    #[arg(long, value_name = "RATE", conflicts_with = "copies", value_parser = share)]
    pub(crate) detect: Option<f64>,
    /// How sure that is
    #[arg(long, value_name = "LEVEL", requires = "detect", default_value = "95%", value_parser = share)]
    pub(crate) confidence: f64,
    /// Name of the job; repeating a submit with the same name, payload and options goes on with the job or reports it
    #[arg(long, value_name = "ID")]
    pub(crate) job: Option<JobId>,
    /// Runs that a failing copy gets before its failure is recorded [default: 2, or what the stack has]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(ATTEMPTS_MAX)))]
    pub(crate) attempts: Option<u32>,
    /// Time until the verdict is due, from now
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = milliseconds)]
    pub(crate) timeout: u64,
    /// Time that one run of a copy may take; a command that takes longer is killed, a function no longer waited for
    /// [default: 15m, or what the stack has]
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    pub(crate) copy_timeout: Option<u64>,
    /// Start no more copies once two outputs differ
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Digest only the part of a JSON output at this JSON pointer (RFC 6901), such as /result/hash
    #[arg(long, value_name = "POINTER")]
    pub(crate) select: Option<Pointer>,
    #[command(flatten)]
    pub(crate) conditions: ConditionArgs,
    /// Do not wait: the next `producer wait` does the work, or, but for functions, any submit on the same store
    #[arg(long)]
    pub(crate) detach: bool,
    /// The AWS Lambda function to call instead of a probe: name or ARN, with :QUALIFIER or without
    #[arg(long, value_name = "NAME", conflicts_with = "command", value_parser = str::parse::<FunctionName>)]
    pub(crate) function: Option<FunctionName>,
    /// The version or alias of the function [default: the latest]
    #[arg(long, value_name = "NAME", requires = "function", conflicts_with = "command", value_parser = parse_qualifier)]
    pub(crate) qualifier: Option<String>,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
    /// The command to run instead of a probe, with its arguments, after --
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// How this process works on jobs.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct WorkArgs {
    /// Copies that run at once [default: the number of cores; of functions, 1000]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub(crate) jobs: Option<u16>,
    /// Exit with 0 also for a divergent job whose outputs are all within the tolerances of its --equivalent
    #[arg(long, value_name = "VERDICT")]
    pub(crate) accept: Option<Accept>,
    /// A program that says whether two outputs are equivalent: called here with two files, once for each distinct
    /// output; exit code 0 says equivalent, 1 not
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) comparator: Option<PathBuf>,
}

/// What counts as well as `reproducible`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Accept {
    /// A divergent job whose outputs are within its tolerances
    Equivalent,
}

impl Verb {
    /// How the verb works on jobs, if it does.
    pub(crate) fn work(&self) -> Option<&WorkArgs> {
        match self {
            Self::Submit(args) => Some(&args.work),
            Self::Wait(args) => Some(&args.work),
            Self::Retry(args) => Some(&args.work),
            _ => None,
        }
    }
}

/// How AWS is reached. What is not given is for the SDK to find, where the AWS command line finds it.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct AwsArgs {
    /// A profile of the AWS configuration files [default: $AWS_PROFILE]
    #[arg(long, global = true, value_name = "NAME", display_order = 204, help_heading = "AWS")]
    pub(crate) profile: Option<String>,
    /// A region [default: $AWS_REGION, or that of the profile]
    #[arg(long, global = true, value_name = "REGION", display_order = 205, help_heading = "AWS")]
    pub(crate) region: Option<String>,
    /// The address of another endpoint, such as an emulator's [default: $AWS_ENDPOINT_URL]
    #[arg(long, global = true, value_name = "URL", display_order = 206, help_heading = "AWS")]
    pub(crate) endpoint_url: Option<String>,
}

impl AwsArgs {
    /// The same flags again, for a command that goes on with the work.
    pub(crate) fn flags(&self) -> String {
        flags(&[("profile", &self.profile), ("region", &self.region), ("endpoint-url", &self.endpoint_url)])
    }
}

/// Options of `retry`.
#[derive(Debug, ClapArgs)]
pub(crate) struct RetryArgs {
    /// Ids of jobs or submissions, or what a job's id begins with
    #[arg(required = true, value_name = "JOB")]
    pub(crate) names: Vec<String>,
    /// Do not wait: the next `producer wait` does the work, or, but for functions, any submit on the same store
    #[arg(long)]
    pub(crate) detach: bool,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// Options of `wait`.
#[derive(Debug, ClapArgs)]
pub(crate) struct WaitArgs {
    /// Ids of jobs or submissions, or what a job's id begins with [default: every unfinished job]
    #[arg(value_name = "JOB")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// Options of verbs about jobs.
#[derive(Debug, ClapArgs)]
pub(crate) struct JobsArgs {
    /// Ids of jobs or submissions, or what a job's id begins with
    #[arg(required = true, value_name = "JOB")]
    pub(crate) names: Vec<String>,
}

/// Options of `list`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    /// Only jobs with this verdict
    #[arg(long, value_name = "VERDICT", value_parser = verdicts())]
    pub(crate) verdict: Option<String>,
    /// So many jobs, at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
}

/// Options of `copies`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CopiesArgs {
    /// Id of a job, or what it begins with
    #[arg(value_name = "JOB")]
    pub(crate) name: String,
}

fn verdicts() -> clap::builder::PossibleValuesParser {
    Verdict::ALL.map(Verdict::as_str).into()
}

/// Reads a share between 0 and 1, as a fraction or in percent.
fn share(text: &str) -> Result<f64, String> {
    // By its digits: a division would round once more.
    let number =
        text.strip_suffix('%').map_or_else(|| text.to_owned(), |digits| format!("{}e-2", digits.trim_end()));
    let share = number.parse().ok().filter(|share| *share > 0.0 && *share < 1.0);
    share.ok_or_else(|| "expected a share between 0 and 1, such as 1% or 0.01".to_owned())
}

/// Reads a length of time such as `90s`, `15m`, `1h30m` or `2d`, in milliseconds.
fn milliseconds(text: &str) -> Result<u64, String> {
    let span: jiff::Span = text
        .parse()
        .map_err(|_| "expected a time with its unit, such as 500ms, 90s, 15m, 1h30m or 2d".to_owned())?;
    let duration = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours());
    match duration.map(|duration| u64::try_from(duration.as_millis())) {
        Ok(Ok(ms)) if (1..=TIMEOUT_MS_MAX).contains(&ms) => Ok(ms),
        _ => Err("a time has to lie between 1ms and 14d".to_owned()),
    }
}
