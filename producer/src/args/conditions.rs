//! Conditions of a job in addition to equal digests.

use clap::Args as ClapArgs;
use concord_protocol::limits::{COPIES_MAX, HOLD_MS_MAX, SANDBOXES_MIN_MAX};

use super::evidence::ReadAs;
use super::expected::Expected;
use super::parse::milliseconds;

/// Conditions of `submit`.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct ConditionArgs {
    /// The digest that every copy should give (sha256:…), a file with the whole output, or a folder with the artifacts; with
    /// --select, the digest of the selected part. A copy with another digest makes the job divergent at once, with the cause
    /// drift
    #[arg(long, value_name = "DIGEST|FILE|DIR")]
    pub(crate) expect: Option<Expected>,
    /// Expect the golden result that `producer accept` stored for this calculation and payload; it must exist
    #[arg(long, conflicts_with = "expect")]
    pub(crate) golden: bool,
    /// Tolerated differences, judged beside the verdict: ulp=4, abs=1e-9, rel=1e-12, order=any (of keys), or several
    /// joined by commas (one bound that holds is enough); for one path only: "/energy: rel=1e-12" or "/timestamp:
    /// ignore"; may be repeated
    #[arg(long, value_name = "RULE", group = "equivalence", conflicts_with = "comparator")]
    pub(crate) equivalent: Vec<String>,
    /// How outputs are parsed when they are compared [default: guessed from the output; f64 for probes]
    #[arg(long, value_name = "FORM", value_enum)]
    pub(crate) read_as: Option<ReadAs>,
    /// How many different sandboxes (of Lambda, or producers) must give a digest; with fewer the job is inconclusive,
    /// with the cause coverage
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=i64::from(SANDBOXES_MIN_MAX)))]
    pub(crate) sandboxes: Option<u32>,
    /// How long a sandbox takes no other copy, from the start of a run, up to 1m, so that other copies get sandboxes of
    /// their own. You pay for this time. Only with a stack
    #[arg(long, value_name = "TIME", value_parser = hold_milliseconds)]
    pub(crate) hold: Option<u64>,
    /// Double the copies, again and again, up to MAX in all, while too few sandboxes gave a digest, or while nothing
    /// separates the digests of a divergent job
    #[arg(long, value_name = "MAX", conflicts_with = "fail_fast", value_parser = clap::value_parser!(u32).range(1..=i64::from(COPIES_MAX)))]
    pub(crate) extend: Option<u32>,
}

fn hold_milliseconds(text: &str) -> Result<u64, String> {
    let ms = milliseconds(text)?;
    if ms <= HOLD_MS_MAX { Ok(ms) } else { Err("a sandbox can be held for 1m at most".to_owned()) }
}
