//! Which files count as the output, and in which folder copies run.

use clap::{ArgGroup, Args as ClapArgs};

/// Options of `submit` about files.
#[derive(Clone, Debug, Default, ClapArgs)]
#[command(group = ArgGroup::new("own_folder").args(["artifact", "scratch"]).multiple(true))]
pub(crate) struct FileArgs {
    /// Files that the command writes and that count as its output, such as 'results/**/*.npy'; may be repeated. Each copy
    /// then runs in a folder of its own. Standard output counts only with --artifact stdout
    #[arg(long, value_name = "PATTERN", conflicts_with = "function")]
    pub(crate) artifact: Vec<String>,
    /// Run each copy in a folder of its own, which shows the files of the current folder
    #[arg(long, conflicts_with = "function")]
    pub(crate) scratch: bool,
    /// Keep the folders of copies that failed, and of copies outside the most frequent class (or the expected one): up to 2 for
    /// each class and each reason of failure, 100 in all. They are in concord-kept-JOB in the folder for temporary files
    /// (TMPDIR), and the report names it. Until the job ends, the most frequent class has 2 there too. Only on one machine
    #[arg(long, requires = "own_folder", conflicts_with_all = ["function", "stack", "queue_url"])]
    pub(crate) keep_folders: bool,
    /// Accept empty outputs as a result. Otherwise a job whose outputs are all empty is inconclusive, with the cause empty
    #[arg(long)]
    pub(crate) allow_empty: bool,
}
