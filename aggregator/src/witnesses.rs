//! The proof of a divergence. A divergent job stays divergent, so its proof is looked at where it comes from: for each
//! digest of the rollup there must be a copy whose stored outcome has it. An outcome is stored before its change is folded,
//! so it is there however late, early or often the change comes.

use concord_protocol::ports::{PortError, PortResult, ReadOutcomes, ReadTally};
use concord_protocol::{JobId, Outcome, Rollup, UnprovenDigest};

/// Reads the tally of the job, and one outcome for each digest that proves the divergence.
///
/// # Errors
/// When no outcome has one of the digests, or a port fails.
pub(crate) async fn confirm<L: ReadTally + ReadOutcomes>(
    ledger: &L,
    job: &JobId,
    rollup: &Rollup,
) -> PortResult<()> {
    let tally = ledger.read_tally(job).await?;
    for digest in &rollup.witnesses {
        let copy = tally.first_copy(digest);
        let outcomes = match copy {
            Some(copy) => ledger.read_outcomes(job, copy..copy.saturating_add(1)).await?,
            None => Vec::new(),
        };
        let proves =
            |outcome: &Outcome| outcome.result.as_ref().is_ok_and(|produced| produced.digest == *digest);
        if !outcomes.iter().any(proves) {
            let unproven = UnprovenDigest { job: job.clone(), digest: *digest, copy };
            return Err(PortError::Damaged(Box::new(unproven)));
        }
    }
    Ok(())
}
