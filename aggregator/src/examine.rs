//! The evidence of a verdict. It is read once for each verdict. If it cannot be read, the verdict is not delayed.

use std::panic::AssertUnwindSafe;

use concord_difference::{Options, Tolerances};
use concord_explain::{GatherLimits, SampleLimits, gather, output_format};
use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{ReadOutcomes, ReadOutput, ReadTally};
use concord_protocol::{Evidence, Job};
use futures::FutureExt;

/// How many copies have their outcomes read for one question about a job. Each read costs, so most of a sample are
/// blocks of neighbours, and few are single copies.
pub(crate) const SAMPLE: SampleLimits =
    SampleLimits { copies_max: 10 * CHUNK_COPIES, singles_max: 100, block_copies: CHUNK_COPIES };

/// The bounds of the evidence of a verdict. A function has little memory, and others wait for the verdict. An output
/// that this process may not read is skipped.
const LIMITS: GatherLimits = GatherLimits {
    sample: SAMPLE,
    copies_per_read_max: CHUNK_COPIES,
    output_bytes_max: 4 * 1024 * 1024,
    skips_unreadable_outputs: true,
};

/// Explains a job from its outcomes and outputs, within [`LIMITS`]. Gives `None` if they cannot be read.
pub(crate) async fn examine<L: ReadTally + ReadOutcomes + ReadOutput + Sync>(
    ledger: &L,
    job: &Job,
) -> Option<Evidence> {
    // A panic in the explanation must not hold the verdict back.
    AssertUnwindSafe(evidence(ledger, job)).catch_unwind().await.ok().flatten()
}

async fn evidence<L: ReadTally + ReadOutcomes + ReadOutput + Sync>(
    ledger: &L,
    job: &Job,
) -> Option<Evidence> {
    // `submit` refuses a rule that cannot be parsed.
    let tolerances = Some(&job.spec.policy.equivalent).filter(|rules| !rules.is_empty());
    let tolerances = tolerances.and_then(|rules| Tolerances::parse(rules).ok());
    let options = Options { format: output_format(&job.spec), tolerances, ..Options::default() };
    let gathered = gather(ledger, job, &LIMITS, &options, None).await.ok()?;
    Some(gathered.explanation.evidence())
}
