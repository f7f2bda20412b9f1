//! Options of the verbs that explain a verdict.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

pub(super) const EXPLAIN_NOTES: &str = "\
Copies that gave the same output are a class: A is the most frequent, then B, C and so on.
A fact separates the classes perfectly when each of its values occurs in one class only. Also tested
are thresholds, changes at a copy or with time, blocks of copies, and pairs of facts. The p-value
says how likely chance alone would do the same, corrected for everything that was tested; up to 5 %
it counts as significant. Copies of one sandbox share its facts, so the test is made a second time,
with one vote a sandbox, or within the sandboxes.
A ulp is the distance between two neighbouring floating-point numbers of the compared type.
All facts: producer explain JOB --format json; a page for a browser: producer report JOB -o report.html
Exit codes: 0 explained, whatever the verdict; 2 wrong usage or input; 4 could not be done.";

pub(super) const REPORT_EXAMPLES: &str = "\
Examples:
  producer report JOB -o report.html     one file to open, mail or keep: no network, no server
  producer report JOB -o report.md       for a pull request or an issue
  producer report SUBMISSION -o junit.xml   one test case per job, for a build server
  producer report JOB --as markdown -o -    to standard output
The ending of the name chooses the format (.html .md .xml .json .txt), unless --as does.";

pub(super) const COMPARE_NOTES: &str = "\
Compares the results of two jobs, for example of two versions or memory sizes of
a function, or of two machines: the most frequent digest of each job, the facts
in which the jobs differ, and the outputs number by number.
Exit codes: 0 the same digest, or outputs within --equivalent; 1 different; 2 wrong usage or input;
3 not every copy of a job gave the same digest; 4 could not be done.";

pub(super) const ACCEPT_NOTES: &str = "\
A golden result belongs to a calculation (probe, command line, name of a function, or calculation of
a stack; with --select also the pointer) and to the bytes of a payload. The store or stack of the job
keeps it, with its output, until another result is accepted in its place.
Every copy of the job must have given the same digest. The version or memory size of a function and
the machine do not belong to a golden result: it exists to catch a change of these.";

/// How outputs are parsed and compared.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct CompareOutputsArgs {
    /// How the outputs are parsed [default: guessed from the output]
    #[arg(long, value_name = "FORM", value_enum)]
    pub(crate) read_as: Option<ReadAs>,
    /// Tolerated differences, judged beside the verdict: ulp=4, abs=1e-9, rel=1e-12, order=any (of keys), or several
    /// joined by commas; for one path only: "/energy: rel=1e-12" or "/timestamp: ignore"; may be repeated
    #[arg(long, value_name = "RULE")]
    pub(crate) equivalent: Vec<String>,
    /// A program that says whether two outputs are equivalent, instead of tolerances: called with two files, once for
    /// each distinct output; exit code 0 means equivalent, 1 means not
    #[arg(long, value_name = "PROGRAM", conflicts_with = "equivalent")]
    pub(crate) comparator: Option<PathBuf>,
}

/// The formats of outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadAs {
    /// JSON, with NaN and infinities as Python writes them
    Json,
    /// Columns of numbers, separated by commas, semicolons, tabs or spaces
    Csv,
    /// Numbers among words
    Text,
    /// JSON, columns or words, whose numbers were printed from 32-bit floating-point numbers
    #[value(name = "f32text")]
    F32Text,
    /// An array as numpy.save writes it
    Npy,
    /// Arrays as numpy.savez writes them
    Npz,
    /// Raw 32-bit floating-point numbers, little-endian
    F32,
    /// Raw 64-bit floating-point numbers, little-endian
    F64,
    /// Bytes that are not parsed
    Bytes,
}

/// Options of `explain`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainArgs {
    /// Ids of jobs or submissions, or the first letters of a job's id
    #[arg(required = true, value_name = "JOB")]
    pub(crate) names: Vec<String>,
    #[command(flatten)]
    pub(crate) outputs: CompareOutputsArgs,
}

/// Options of `report`.
#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// Ids of jobs or submissions, or the first letters of a job's id
    #[arg(required = true, value_name = "JOB")]
    pub(crate) names: Vec<String>,
    /// The file to write; - means standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The format of the report [default: chosen by the ending of the file's name]
    #[arg(long = "as", value_name = "FORM", value_enum)]
    pub(crate) form: Option<ReportForm>,
    #[command(flatten)]
    pub(crate) outputs: CompareOutputsArgs,
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportForm {
    /// One page for one job, which needs no other file
    Html,
    Markdown,
    /// One test case per job, for build servers
    Junit,
    /// One object per line, one for each job
    Json,
    Text,
}

/// Options of `compare`.
#[derive(Debug, ClapArgs)]
pub(crate) struct CompareArgs {
    /// Id of the job to compare with, or its first letters
    #[arg(value_name = "JOB")]
    pub(crate) reference: String,
    /// Id of the job to compare, or its first letters
    #[arg(value_name = "JOB")]
    pub(crate) other: String,
    #[command(flatten)]
    pub(crate) outputs: CompareOutputsArgs,
}
