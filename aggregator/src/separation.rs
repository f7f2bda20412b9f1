//! Whether a divergent job that may be extended has enough copies.

use std::panic::catch_unwind;

use concord_explain::sampled_outcomes;
use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{PortResult, ReadOutcomes, ReadTally};
use concord_protocol::{Job, Outcome, Separation};

use crate::examine::SAMPLE;

/// Says whether something that was recorded with the outcomes of a job separates its digests.
pub type IsSeparated = fn(&Job, &[Outcome]) -> bool;

/// Whether the outcomes of a job show what separates its digests. Reads the outcomes of the copies in a
/// [`SAMPLE`]. If the statistics panic, the job gets no more copies.
pub(crate) async fn separation<L: ReadTally + ReadOutcomes + Sync>(
    ledger: &L,
    job: &Job,
    is_separated: IsSeparated,
) -> PortResult<Separation> {
    let outcomes = sampled_outcomes(ledger, job, &SAMPLE, CHUNK_COPIES).await?.outcomes;
    let separated = catch_unwind(|| is_separated(job, &outcomes)).unwrap_or(true);
    Ok(if separated { Separation::Found } else { Separation::Open })
}
