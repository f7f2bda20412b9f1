//! Options of the verbs about jobs that exist.

use clap::Args as ClapArgs;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use concord_protocol::Verdict;

use super::work::WorkArgs;

/// Options of `retry`.
#[derive(Debug, ClapArgs)]
pub(crate) struct RetryArgs {
    /// Ids of jobs or submissions, or the first letters of a job's id
    #[arg(required = true, value_name = "JOB")]
    pub(crate) names: Vec<String>,
    /// Do not wait. The next `producer wait` does the work; unless functions are called, so does any submit on the store
    #[arg(long)]
    pub(crate) detach: bool,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// Options of `wait`.
#[derive(Debug, ClapArgs)]
pub(crate) struct WaitArgs {
    /// Ids of jobs or submissions, or the first letters of a job's id [default: every unfinished job]
    #[arg(value_name = "JOB")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// Options of verbs about jobs.
#[derive(Debug, ClapArgs)]
pub(crate) struct JobsArgs {
    /// Ids of jobs or submissions, or the first letters of a job's id
    #[arg(required = true, value_name = "JOB")]
    pub(crate) names: Vec<String>,
}

/// Options of `list`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ListArgs {
    /// Only jobs with this verdict
    #[arg(long, value_name = "VERDICT", value_parser = verdicts())]
    pub(crate) verdict: Option<Verdict>,
    /// At most this many jobs
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
}

/// Options of `copies`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CopiesArgs {
    /// Id of a job, or its first letters
    #[arg(value_name = "JOB")]
    pub(crate) name: String,
}

fn verdicts() -> impl TypedValueParser<Value = Verdict> {
    PossibleValuesParser::from(Verdict::ALL.map(Verdict::as_str)).try_map(|name| name.parse())
}
