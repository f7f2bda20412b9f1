//! Which files count as the output, and in which folder copies run.

use clap::Args as ClapArgs;

/// Options of `submit` about files.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct FileArgs {
    /// Files that the command writes and that count as its output, such as 'results/**/*.npy'; may be repeated. Each copy
    /// then runs in a folder of its own. Standard output counts only with --artifact stdout
    #[arg(long, value_name = "PATTERN", conflicts_with = "function")]
    pub(crate) artifact: Vec<String>,
    /// Run each copy in a folder of its own, which shows the files of the current folder
    #[arg(long, conflicts_with = "function")]
    pub(crate) scratch: bool,
    /// Accept empty outputs as a result. Otherwise a job whose outputs are all empty is inconclusive, with the cause empty
    #[arg(long)]
    pub(crate) allow_empty: bool,
}
