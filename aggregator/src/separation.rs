//! Whether a divergent job that may be extended has enough copies.

use std::panic::catch_unwind;

use concord_explain::first_outcomes;
use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{PortResult, ReadOutcomes};
use concord_protocol::{Job, Outcome, Separation};

use crate::examine::COPIES_READ_MAX;

/// Says whether something that was recorded with the outcomes of a job separates its digests.
pub type IsSeparated = fn(&Job, &[Outcome]) -> bool;

/// Whether the outcomes of a job show what separates its digests. Reads the outcomes of the first [`COPIES_READ_MAX`]
/// copies. If the statistics panic, the job gets no more copies.
pub(crate) async fn separation<L: ReadOutcomes>(
    ledger: &L,
    job: &Job,
    is_separated: IsSeparated,
) -> PortResult<Separation> {
    let (outcomes, _) = first_outcomes(ledger, job, COPIES_READ_MAX, CHUNK_COPIES).await?;
    let separated = catch_unwind(|| is_separated(job, &outcomes)).unwrap_or(true);
    Ok(if separated { Separation::Found } else { Separation::Open })
}
