use std::path::PathBuf;

use clap::Args as ClapArgs;
use concord_protocol::limits::{ATTEMPTS_MAX, COPIES_MAX};
use concord_protocol::{FunctionName, JobId, parse_qualifier};
use concord_statistics::Level;

use super::conditions::ConditionArgs;
use super::files::FileArgs;
use super::parse::{confidence, milliseconds, share};
use super::vary::VaryArgs;
use super::work::WorkArgs;
use crate::selection::Selection;

pub(super) const SUBMIT_EXAMPLES: &str = "\
Examples:
  producer submit examples/matmul.json
  producer submit examples/payloads.json --each --copies 50
  producer submit input.json --copies 180 -- python3 model.py --fast
  producer submit input.json --artifact 'results/**/*.npy' -- python3 model.py
  producer submit input.json --vary OMP_NUM_THREADS=1,2,4,8 -- python3 model.py
  producer submit input.json --copies 180 --function clmath --region eu-west-1
  producer submit payloads.json --each --stack concord
  producer submit input.json --detect 1% --sandboxes 20 --extend 2000 --stack concord
  echo '{\"probe\":\"libm\"}' | producer submit - --format json | jq .verdict

Payload and output are bytes: nothing parses or rewrites them, unless --each or --select asks for it.
A payload for a probe is a JSON object such as {\"probe\":\"matmul\",\"n\":256,\"seed\":42}.
The probes are echo, fft, libm, logistic, matmul, solve and sum.
A command gets the payload on standard input and gives its output on standard output;
exit code 0 is success. It runs without a shell, in the current folder, and with a
process group of its own, which is killed when the copy is over. With --artifact or --scratch
each copy runs in a folder of its own. This shows the entries of the current folder as links,
but not the artifacts that are there, and its files are deleted when the copy is over.
With --vary the copies of a command have different settings, and the report says which of them
change the result. Each copy finds its job in CONCORD_JOB, its index in CONCORD_COPY (six digits),
and a folder of its own, if it has one, in CONCORD_SCRATCH.
A function is an existing AWS Lambda function: it gets the payload, and its reply is the output.
The caller needs the permission lambda:InvokeFunction, and pays for each call.
With --sandboxes a job is reproducible only if enough different sandboxes gave a digest. On one
machine each producer is one sandbox; in a stack each sandbox of Lambda is one. With --hold fewer
copies share a sandbox, and --extend adds copies when they are needed.
A stack runs the calculation that it was deployed with, on its own machines. This program puts
the copies on the queue of the stack and waits. An hour of waiting costs about 500 reads of the
table, less than a hundredth of a cent.";

/// Options of `submit`.
#[derive(Debug, ClapArgs)]
pub(crate) struct SubmitArgs {
    /// Files with one payload each; - means standard input
    #[arg(required = true, value_name = "PAYLOAD")]
    pub(crate) payloads: Vec<PathBuf>,
    /// Make one job of each element of a JSON array, or of each line of JSON Lines, with exactly its bytes
    #[arg(long)]
    pub(crate) each: bool,
    /// Copies of each payload [default: 20, or as many as --detect takes]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(COPIES_MAX)))]
    pub(crate) copies: Option<u32>,
    /// As many copies as are needed to find a divergence in this share of runs, such as 1% or 0.01
    #[arg(long, value_name = "RATE", conflicts_with = "copies", value_parser = share)]
    pub(crate) detect: Option<f64>,
    /// How sure the bounds in the report are, and the probability with which --detect finds the divergence [default: 95%]
    #[arg(long, value_name = "LEVEL", value_parser = confidence)]
    pub(crate) confidence: Option<Level>,
    /// Name of the job; a second submit with the same name, payload and options continues or reports the job
    #[arg(long, value_name = "ID")]
    pub(crate) job: Option<JobId>,
    /// Runs that a failing copy gets before its failure is recorded [default: 2, or the value of the stack]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(ATTEMPTS_MAX)))]
    pub(crate) attempts: Option<u32>,
    /// Time until the verdict is due, from now
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = milliseconds)]
    pub(crate) timeout: u64,
    /// Time that one run of a copy may take; after that, a command is killed, and the wait for a function ends [default:
    /// 15m, or the value of the stack]
    #[arg(long, value_name = "TIME", value_parser = milliseconds)]
    pub(crate) copy_timeout: Option<u64>,
    /// Start no more copies once two outputs differ
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Digest only the part of a JSON output at this JSON pointer (RFC 6901), such as /result/hash, or of an artifact, such as
    /// `results.json:/energy`; may be repeated for different artifacts
    #[arg(long, value_name = "[NAME:]POINTER", value_parser = str::parse::<Selection>)]
    pub(crate) select: Vec<Selection>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
    #[command(flatten)]
    pub(crate) vary: VaryArgs,
    #[command(flatten)]
    pub(crate) conditions: ConditionArgs,
    /// Do not wait. The next `producer wait` does the work; unless functions are called, so does any submit on the store
    #[arg(long, conflicts_with_all = ["accept", "comparator"])]
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
