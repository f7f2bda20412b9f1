//! What a verdict rests on: looked up once a verdict, and never in the way of one.

use std::panic::AssertUnwindSafe;

use concord_difference::{Options, Tolerances};
use concord_explain::{Explanation, Pair, output_format};
use concord_protocol::ports::{PortResult, ReadOutcomes, ReadOutput};
use concord_protocol::{Evidence, Job, JobId};
use concord_statistics::Level;
use futures::FutureExt;

/// Copies whose outcomes are read, at most: the first ones of a larger job.
const COPIES_READ_MAX: u32 = 20_000;

/// Copies whose outcomes are read in one step.
const COPIES_AT_ONCE: u32 = 1_000;

/// Bytes of an output that is compared, at most: a function has little memory, and others wait.
const COMPARED_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Why an output is not compared.
const ELSEWHERE: &str = "too large to be compared with the verdict: producer explain does it";

/// What the outcomes and outputs of a job say, as far as they can be read in a short time; `None` when they cannot.
pub(crate) async fn examine<L: ReadOutcomes + ReadOutput + Sync>(ledger: &L, job: &Job) -> Option<Evidence> {
    // A fault in what explains a verdict is no reason to hold the verdict back.
    AssertUnwindSafe(evidence(ledger, job)).catch_unwind().await.ok().flatten()
}

async fn evidence<L: ReadOutcomes + ReadOutput + Sync>(ledger: &L, job: &Job) -> Option<Evidence> {
    let mut explanation = read(ledger, job).await.ok()?;
    // A rule that cannot be read was refused when the job was submitted.
    let tolerances = Some(&job.spec.policy.equivalent).filter(|rules| !rules.is_empty());
    let tolerances = tolerances.and_then(|rules| Tolerances::parse(rules).ok());
    let format = output_format(&job.spec);
    let options = Options { format, tolerances, ..Options::default() };
    for pair in explanation.pairs(options.tolerances.is_some()) {
        let outputs = outputs(ledger, &job.spec.job, &explanation, &pair).await;
        let outputs = outputs.as_ref().map(|[left, right]| [&left[..], &right[..]]);
        explanation.compare(&pair, outputs.map_err(Clone::clone), &options);
    }
    Some(explanation.evidence())
}

async fn read<L: ReadOutcomes>(ledger: &L, job: &Job) -> PortResult<Explanation> {
    let copies = job.state.copies.min(COPIES_READ_MAX);
    let mut outcomes = Vec::new();
    for from in (0..copies).step_by(COPIES_AT_ONCE as usize) {
        outcomes.extend(ledger.read_outcomes(&job.spec.job, from..copies.min(from + COPIES_AT_ONCE)).await?);
    }
    // Before its end a job may have another output still.
    let is_partial = copies < job.state.copies || job.state.ended_at.is_none();
    Ok(Explanation::of(job, &outcomes, Level::default()).partial(is_partial))
}

async fn outputs<L: ReadOutput>(
    ledger: &L,
    job: &JobId,
    explanation: &Explanation,
    pair: &Pair,
) -> Result<[Vec<u8>; 2], String> {
    let sizes = [&pair.reference, &pair.class].map(|label| explanation.bytes(label));
    if sizes.into_iter().flatten().any(|bytes| bytes > COMPARED_BYTES_MAX) {
        return Err(ELSEWHERE.to_owned());
    }
    let mut outputs = Vec::with_capacity(2);
    for digest in [pair.reference_digest, pair.class_digest] {
        // One that stands where this process may not read is one that is not there.
        let output = ledger.read_output(job, digest).await.ok().flatten();
        outputs.push(output.ok_or("an output was not kept, or cannot be read here")?);
    }
    outputs.try_into().map_err(|_| ELSEWHERE.to_owned())
}
