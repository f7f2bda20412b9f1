//! What differs between the copies by plan.

use clap::{Args as ClapArgs, ValueEnum};

/// Options of `submit` about settings.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct VaryArgs {
    /// Run the copies under different settings; may be repeated. Presets: `cpu`, `threads`, `hash`, `memory`, `blas`, `load`,
    /// `locale`, all of them but one (`all,-locale`), and by name only `emulate`. Or values of a variable
    /// (`OMP_NUM_THREADS=1,2,4`), of an argument (`arg:--tol=1e-6,1e-8`), or several programs (`command=./a,./b`). The command
    /// as it is, the baseline, comes first. Copies: at least 2 for each setting [default: the larger of 20 and twice the
    /// settings]
    #[arg(long, value_name = "WHAT")]
    pub(crate) vary: Vec<String>,
    /// Change one setting at a time, or run all combinations of the values
    #[arg(long, value_name = "PLAN", value_enum, default_value = "one")]
    pub(crate) vary_plan: VaryPlan,
    /// If the job diverges, find the settings under which it is reproducible, as `producer pin` does; its exit code counts
    #[arg(long, requires = "vary", conflicts_with_all = ["detach", "dry_run"])]
    pub(crate) pin: bool,
    /// Print the settings and how many copies each has, and run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How settings are spread over copies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum VaryPlan {
    /// Each copy differs from the baseline in one setting
    #[default]
    One,
    /// Each copy has one value of everything that is varied, except the copies of the baseline
    All,
}
