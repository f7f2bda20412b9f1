use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

/// How this process works on jobs.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct WorkArgs {
    /// Copies that run at the same time [default: the number of cores; 1000 for functions]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub(crate) jobs: Option<u16>,
    /// Exit with 0 also for a divergent job whose outputs are all equivalent
    #[arg(long, value_name = "VERDICT")]
    pub(crate) accept: Option<Accept>,
    /// A program that says whether two outputs are equivalent: called on this machine with two files, once for each
    /// distinct output; exit code 0 means equivalent, 1 means not
    #[arg(long, value_name = "PROGRAM", group = "equivalence")]
    pub(crate) comparator: Option<PathBuf>,
}

/// Verdicts that are accepted besides `reproducible`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Accept {
    /// A divergent job whose outputs are all equivalent
    Equivalent,
}
