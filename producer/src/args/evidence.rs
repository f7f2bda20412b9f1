//! Options of the verbs that explain a verdict.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

pub(super) const EXPLAIN_NOTES: &str = "\
Copies that gave the same output are a class: A is the most frequent, then B, C and so on.
A fact separates the classes perfectly when each of its values stands in one class only. How easily
chance would do the same is the p-value (Fisher's exact test, corrected after Holm for the number of
facts that were tested); below 5 % it counts as significant. Copies of one sandbox share its facts,
so the same test is also made with one vote a sandbox.
A ulp is the distance between two neighbouring floating-point numbers of the type compared.
All facts: producer explain JOB --format json; a page to look at: producer report JOB -o report.html
Exit codes: 0 explained, whatever the verdict; 2 wrong usage or input; 4 could not be done.";

pub(super) const REPORT_EXAMPLES: &str = "\
Examples:
  producer report JOB -o report.html     one file to look at, mail or keep: no network, no server
  producer report JOB -o report.md       for a pull request or an issue
  producer report SUBMISSION -o junit.xml   a test case a job, for a build server
  producer report JOB --as markdown -o -    to standard output
The name's ending says the form (.html .md .xml .json .txt), unless --as does.";

pub(super) const COMPARE_NOTES: &str = "\
The results of two jobs are compared, such as those of two versions or memory
sizes of a function, or of two machines: the most frequent digest of each, the
facts in which they differ, and the outputs number by number.
Exit codes: 0 the same digest, or within --equivalent where that is given; 1 not; 2 wrong usage or
input; 3 not every copy of a job gave the same digest; 4 could not be done.";

pub(super) const ACCEPT_NOTES: &str = "\
A golden result belongs to a calculation (probe, command line, function name, or what a stack was
deployed with; with --select the pointer too) and to the bytes of a payload. It is kept in the store
or stack that has the job, with its output, until another is accepted in its place.
Every copy of the job has to have given the same digest. The version or memory size of a function and
the machine do not belong to it: a change of those is what a golden result is there to catch.";

/// How outputs are read when they are compared.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct CompareOutputsArgs {
    /// What the outputs are read as [default: what they look like]
    #[arg(long, value_name = "FORM", value_enum)]
    pub(crate) read_as: Option<ReadAs>,
    /// Differences that are tolerated, as a second opinion: ulp=4, abs=1e-9, rel=1e-12, several joined by commas, for
    /// numbers at a path alone as in "/energy: rel=1e-12", or "/timestamp: ignore"; may be repeated
    #[arg(long, value_name = "RULE")]
    pub(crate) equivalent: Vec<String>,
    /// A program that says whether two outputs are equivalent, instead: called with two files, once for each distinct
    /// output; exit code 0 says equivalent, 1 not
    #[arg(long, value_name = "PROGRAM", conflicts_with = "equivalent")]
    pub(crate) comparator: Option<PathBuf>,
}

/// The forms of outputs that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadAs {
    /// JSON, with NaN and infinities as Python writes them
    Json,
    /// Columns of numbers, separated by commas, semicolons, tabs or spaces
    Csv,
    /// An array as numpy.save writes it
    Npy,
    /// Raw 32-bit floating-point numbers, little-endian
    F32,
    /// Raw 64-bit floating-point numbers, little-endian
    F64,
    /// Bytes without a meaning
    Bytes,
}

/// Options of `explain`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainArgs {
    /// Ids of jobs or submissions, or what a job's id begins with
    #[arg(required = true, value_name = "JOB")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) outputs: CompareOutputsArgs,
}

/// Options of `report`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// Ids of jobs or submissions, or what a job's id begins with
    #[arg(required = true, value_name = "JOB")]
    pub(crate) names: Vec<String>,
    /// The file to write; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The form of the report [default: by the ending of the file's name]
    #[arg(long = "as", value_name = "FORM", value_enum)]
    pub(crate) form: Option<ReportForm>,
    #[command(flatten)]
    pub(crate) outputs: CompareOutputsArgs,
}

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportForm {
    /// One page for one job, complete in itself
    Html,
    Markdown,
    /// A test case a job, as build servers read them
    Junit,
    /// One object a job, one a line
    Json,
    Text,
}

/// Options of `compare`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CompareArgs {
    /// Id of the job that is compared with, or what it begins with
    #[arg(value_name = "JOB")]
    pub(crate) reference: String,
    /// Id of the job that is compared, or what it begins with
    #[arg(value_name = "JOB")]
    pub(crate) other: String,
    #[command(flatten)]
    pub(crate) outputs: CompareOutputsArgs,
}
