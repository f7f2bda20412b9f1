//! What a job is asked beyond equal digests.

use clap::Args as ClapArgs;
use concord_protocol::limits::{COPIES_MAX, HOLD_MS_MAX, SANDBOXES_MIN_MAX};

use super::{ReadAs, milliseconds};

use crate::expected::Expected;

/// Conditions of `submit`.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct ConditionArgs {
    /// The digest that every copy is to give (sha256:…), or a file that holds the output; with --select, of that part.
    /// Another one makes the job divergent at once, for drift
    #[arg(long, value_name = "DIGEST|FILE")]
    pub(crate) expect: Option<Expected>,
    /// Expect the golden result, which `producer accept` keeps for a calculation and payload; it has to be there
    #[arg(long, conflicts_with = "expect")]
    pub(crate) golden: bool,
    /// Differences that are tolerated, as a second opinion beside the verdict: ulp=4, abs=1e-9, rel=1e-12, several
    /// joined by commas (one that holds is enough), at a path alone as in "/energy: rel=1e-12", or
    /// "/timestamp: ignore"; may be repeated
    #[arg(long, value_name = "RULE")]
    pub(crate) equivalent: Vec<String>,
    /// What outputs are read as when they are compared [default: what they look like; of probes, f64]
    #[arg(long, value_name = "FORM", value_enum)]
    pub(crate) read_as: Option<ReadAs>,
    /// Different sandboxes (Lambda's, or producers) that have to give a digest; else the job is inconclusive, for
    /// coverage
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=i64::from(SANDBOXES_MIN_MAX)))]
    pub(crate) sandboxes: Option<u32>,
    /// Time from the start of a run for which its sandbox takes no other copy, up to 1m, so that others get sandboxes of
    /// their own; it is paid for. Only in a stack
    #[arg(long, value_name = "TIME", value_parser = hold_milliseconds)]
    pub(crate) hold: Option<u64>,
    /// Twice as many copies, and again, up to MAX in all: while there are too few sandboxes, or while a divergence has
    /// nothing that separates its digests
    #[arg(long, value_name = "MAX", conflicts_with = "fail_fast", value_parser = clap::value_parser!(u32).range(1..=i64::from(COPIES_MAX)))]
    pub(crate) extend: Option<u32>,
}

fn hold_milliseconds(text: &str) -> Result<u64, String> {
    let ms = milliseconds(text)?;
    if ms <= HOLD_MS_MAX { Ok(ms) } else { Err("a sandbox is held for 1m at most".to_owned()) }
}
