use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use concord_protocol::ports::{
    Announce, Clock, Delivery, MergeRollup, MergeTally, PortError, PortResult, ReadJob, ReadOutcomes,
    ReadOutput, ReadTally, RecordOutcome, ReplaceState,
};
use concord_protocol::{
    Announcement, Change, Job, JobId, Outcome, Rollup, Separation, Tally, Verdict, asks_for_separation,
    chunk_of, decide,
};
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use crate::examine::examine;
use crate::separation::{IsSeparated, separation};
use crate::witnesses::confirm;

/// The reason of a copy that was delivered too often without an outcome.
pub const GIVEN_UP: &str = "given up: its deliveries ended without an outcome too often";

/// Jobs that are folded at the same time, at most.
const JOBS_FOLDED_AT_ONCE_MAX: usize = 256;

/// The ports of the ledger that the aggregator needs.
pub trait AggregatorLedger:
    ReadJob
    + MergeTally
    + MergeRollup
    + ReplaceState
    + RecordOutcome
    + ReadTally
    + ReadOutcomes
    + ReadOutput
    + Sync
{
}

impl<L> AggregatorLedger for L where
    L: ReadJob
        + MergeTally
        + MergeRollup
        + ReplaceState
        + RecordOutcome
        + ReadTally
        + ReadOutcomes
        + ReadOutput
        + Sync
{
}

/// Folds the change feed into verdicts.
pub struct Aggregator<L, A, K> {
    ledger: L,
    announcer: A,
    clock: K,
    is_separated: IsSeparated,
}

/// The changes of one job in a batch.
#[derive(Default)]
struct Batch<'a> {
    outcomes: Vec<&'a Change>,
    announcements: Vec<Announcement>,
}

impl<L: AggregatorLedger, A: Announce + Sync, K: Clock> Aggregator<L, A, K> {
    /// An aggregator which keeps its tallies and verdicts in `ledger`.
    pub fn new(ledger: L, announcer: A, clock: K) -> Self {
        Self { ledger, announcer, clock, is_separated: concord_explain::is_separated }
    }

    /// The same aggregator with another function that decides whether a divergent job that may be extended has enough
    /// copies.
    #[must_use]
    pub fn asking(self, is_separated: IsSeparated) -> Self {
        Self { is_separated, ..self }
    }

    /// Folds a batch of changes. They may be in any order, and some or all may have been folded before. Returns the jobs that
    /// could not be folded, each with its error: their changes must be delivered again. An error of one job never delays
    /// another.
    pub async fn fold(&self, changes: &[Change]) -> BTreeMap<JobId, PortError> {
        let mut batches = BTreeMap::<&JobId, Batch<'_>>::new();
        for change in changes {
            let batch = batches.entry(change.job()).or_default();
            match change {
                Change::Produced { .. } | Change::Failed { .. } => batch.outcomes.push(change),
                Change::Decided(announcement) => batch.announcements.push(announcement.clone()),
            }
        }
        // At the same time, so that a ledger can group the writes of several jobs.
        let mut failed = BTreeMap::new();
        let mut waiting = batches.into_iter();
        let mut folding = FuturesUnordered::new();
        loop {
            while folding.len() < JOBS_FOLDED_AT_ONCE_MAX
                && let Some((job, batch)) = waiting.next()
            {
                folding.push(self.fold_named(job, batch));
            }
            match folding.next().await {
                Some((_, Ok(()))) => {}
                Some((job, Err(error))) => {
                    failed.insert(job.clone(), error);
                }
                None => return failed,
            }
        }
    }

    async fn fold_named<'a>(&self, job: &'a JobId, batch: Batch<'_>) -> (&'a JobId, PortResult<()>) {
        (job, self.fold_job(job, batch).await)
    }

    async fn fold_job(&self, job: &JobId, batch: Batch<'_>) -> PortResult<()> {
        if !batch.outcomes.is_empty() {
            let Job { spec, state } = self.read(job).await?;
            let mut merged = Vec::new();
            for (chunk, tally) in tallies(&batch.outcomes, spec.policy.sandboxes_min) {
                merged.push((chunk, self.ledger.merge_tally(job, chunk, tally).await?));
            }
            self.rollup_and_settle(job, &merged, state.copies()).await?;
        }
        let mut told = BTreeSet::new();
        for announcement in batch.announcements {
            if told.insert(announcement.revision) {
                self.announcer.announce(&announcement).await?;
            }
        }
        Ok(())
    }

    /// Merges these chunks of a job into its rollup, and settles the job. `copies` is the number that the job wanted when it was
    /// read; if it wants more now, the chunks are merged again for the new number.
    async fn rollup_and_settle(
        &self,
        job: &JobId,
        merged: &[(u32, Tally)],
        mut copies: u32,
    ) -> PortResult<()> {
        loop {
            let mut delta = Rollup::default();
            for (chunk, tally) in merged {
                delta.merge(&Rollup::of_chunk(copies, *chunk, tally));
            }
            let rollup = self.ledger.merge_rollup(job, delta).await?;
            let wanted = self.settle(job, &rollup).await?;
            if wanted <= copies {
                return Ok(());
            }
            copies = wanted;
        }
    }

    /// Ends a job whose deadline has passed; before that, changes nothing.
    ///
    /// # Errors
    /// When a port fails; the call can be repeated.
    pub async fn meet_deadline(&self, job: &JobId) -> PortResult<()> {
        let rollup = self.ledger.merge_rollup(job, Rollup::default()).await?;
        self.settle(job, &rollup).await.map(|_| ())
    }

    /// Records a failed outcome for a copy that cannot be run: one that the queue has given up ([`GIVEN_UP`]), or whose
    /// message was rejected.
    ///
    /// # Errors
    /// When a port fails; the call can be repeated.
    pub async fn give_up(&self, delivery: &Delivery, reason: &str) -> PortResult<()> {
        let outcome = Outcome::not_run(delivery, reason, self.clock.now());
        self.ledger.record_outcome(outcome).await.map(|_| ())
    }

    /// Writes the state that follows from the rollup, unless it is stored already. Returns how many copies the job then wants.
    async fn settle(&self, job: &JobId, rollup: &Rollup) -> PortResult<u32> {
        loop {
            let stored = self.read(job).await?;
            let now = self.clock.now();
            let separation = if asks_for_separation(&stored, rollup, now) {
                separation(&self.ledger, &stored, self.is_separated).await?
            } else {
                Separation::Found
            };
            let Some(state) = decide(&stored, rollup, now, separation) else {
                return Ok(stored.state.copies());
            };
            if state.verdict() == Verdict::Divergent && stored.state.verdict() != Verdict::Divergent {
                confirm(&self.ledger, job, rollup).await?;
            }
            let mut decided = Job { spec: Arc::clone(&stored.spec), state };
            if decided.state.verdict() != Verdict::Running {
                let evidence = examine(&self.ledger, &decided).await;
                decided.state = decided.state.with_evidence(evidence);
            }
            let copies = decided.state.copies();
            if self.ledger.replace_state(job, decided.state).await? {
                return Ok(copies);
            }
            // Another process wrote a state in between: start again from the new one.
        }
    }

    async fn read(&self, job: &JobId) -> PortResult<Job> {
        let stored = self.ledger.read_job(job).await?;
        stored.ok_or(PortError::Invalid("a change names a job that is not in the ledger"))
    }
}

/// The tally of each chunk in `changes`, for a job that needs `sandboxes_min` different sandboxes.
fn tallies(changes: &[&Change], sandboxes_min: u32) -> BTreeMap<u32, Tally> {
    let mut tallies = BTreeMap::new();
    for change in changes {
        if let Change::Produced { copy, .. } | Change::Failed { copy, .. } = change {
            let tally = tallies.entry(chunk_of(copy.index)).or_insert_with(|| Tally::keeping(sandboxes_min));
            tally.absorb(change);
        }
    }
    tallies
}
