//! Finds outcomes that are in the table but not in its tallies, because their records of the stream were lost.

use std::collections::BTreeSet;

use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{PortResult, ReadOutcomes, ReadTally};
use concord_protocol::{Job, JobId, Outcome, Tally, chunk_of, copy_ranges};
use futures::{StreamExt, TryStreamExt, stream};

use crate::aws_error;
use crate::item::{beside_item, copy_item, expression};
use crate::ledger::DynamoLedger;

/// The most outcomes that are updated at the same time.
const AT_ONCE_MAX: usize = 16;

impl DynamoLedger {
    /// Updates each outcome of a job that its tallies lack, so that the stream delivers it again. Returns the number of
    /// these outcomes. One of them may still be on its way to the aggregator; then it is folded twice, with the same
    /// result.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn refold(&self, job: &Job) -> PortResult<usize> {
        let (id, copies) = (&job.spec.job, job.state.copies());
        let tally = self.read_tally(id).await?;
        let mut folded = 0;
        for chunk in copy_ranges(0..copies, CHUNK_COPIES) {
            let known = tally.chunks.get(&chunk_of(chunk.start)).cloned().unwrap_or_default();
            let outcomes = self.read_outcomes(id, chunk).await?;
            let lacking = lacking(&known, outcomes);
            folded += lacking.len();
            let touched = stream::iter(lacking.into_iter().map(|item| self.touch(id, item)));
            touched.buffer_unordered(AT_ONCE_MAX).try_collect::<()>().await?;
        }
        Ok(folded)
    }

    async fn touch(&self, job: &JobId, item: String) -> PortResult<()> {
        let update = self.update(job, item, expression::refold(self.now()));
        // An outcome that has expired in the meantime needs no update.
        aws_error::condition_held("UpdateItem", update.send().await).map(|_| ())
    }
}

/// The sort keys of the `outcomes` of one chunk that `known`, the tally of this chunk, lacks.
fn lacking(known: &Tally, outcomes: Vec<Outcome>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut lacking = Vec::new();
    for outcome in outcomes {
        let index = outcome.copy.index;
        let place = index % CHUNK_COPIES;
        let is_first = seen.insert(index);
        let (copies, item) = match &outcome.result {
            Ok(produced) if is_first => (known.digests.get(&produced.digest), copy_item(index)),
            Ok(produced) => (known.digests.get(&produced.digest), beside_item(index, produced.digest)),
            Err(failure) => {
                (known.failures.get(&(outcome.round, failure.reason().to_owned())), copy_item(index))
            }
        };
        if !copies.is_some_and(|copies| copies.contains(place)) {
            lacking.push(item);
        }
    }
    lacking
}
