use std::collections::{BTreeMap, BTreeSet};

use concord_protocol::ports::{
    Announce, Clock, Delivery, MergeRoll, MergeTally, PortError, PortResult, ReadJob, RecordOutcome,
    ReplaceState,
};
use concord_protocol::{Announcement, Change, Job, JobId, Outcome, Roll, Tally, chunk_of, decide};
use futures::StreamExt;
use futures::stream::FuturesUnordered;

/// The reason of a copy that was delivered again and again and never came to an outcome.
pub const GIVEN_UP: &str = "given up: its deliveries ended without an outcome too often";

/// Jobs that are folded side by side, at most.
const JOBS_AT_ONCE_MAX: usize = 256;

/// What the aggregator asks of the ledger.
pub trait Ledger: ReadJob + MergeTally + MergeRoll + ReplaceState + RecordOutcome + Sync {}

impl<L: ReadJob + MergeTally + MergeRoll + ReplaceState + RecordOutcome + Sync> Ledger for L {}

/// Folds the change feed into verdicts.
pub struct Aggregator<L, A, K> {
    ledger: L,
    announcer: A,
    clock: K,
}

/// What a batch says of one job.
#[derive(Default)]
struct Batch {
    tallies: BTreeMap<u32, Tally>,
    announcements: Vec<Announcement>,
}

impl<L: Ledger, A: Announce + Sync, K: Clock> Aggregator<L, A, K> {
    /// An aggregator which keeps its tallies and verdicts in `ledger`.
    pub fn new(ledger: L, announcer: A, clock: K) -> Self {
        Self { ledger, announcer, clock }
    }

    /// Folds a batch of changes, in any order, whole or in part seen before. Gives the jobs that could not be folded,
    /// each with the reason: their changes have to come again. One job's trouble never holds up another.
    pub async fn fold(&self, changes: &[Change]) -> BTreeMap<JobId, PortError> {
        let mut batches = BTreeMap::<&JobId, Batch>::new();
        for change in changes {
            let batch = batches.entry(change.job()).or_default();
            match change {
                Change::Produced { copy, .. } | Change::Failed { copy, .. } => {
                    batch.tallies.entry(chunk_of(copy.index)).or_default().absorb(change);
                }
                Change::Decided(announcement) => batch.announcements.push(announcement.clone()),
            }
        }
        // Side by side, so that a ledger can write what several jobs need together.
        let mut failed = BTreeMap::new();
        let mut waiting = batches.into_iter();
        let mut folding = FuturesUnordered::new();
        loop {
            while folding.len() < JOBS_AT_ONCE_MAX
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

    async fn fold_named<'a>(&self, job: &'a JobId, batch: Batch) -> (&'a JobId, PortResult<()>) {
        (job, self.fold_job(job, batch).await)
    }

    async fn fold_job(&self, job: &JobId, batch: Batch) -> PortResult<()> {
        if !batch.tallies.is_empty() {
            let copies = self.read(job).await?.spec.copies;
            let mut delta = Roll::default();
            for (chunk, tally) in batch.tallies {
                let tally = self.ledger.merge_tally(job, chunk, tally).await?;
                delta.merge(&Roll::of_chunk(copies, chunk, &tally));
            }
            let roll = self.ledger.merge_roll(job, delta).await?;
            self.settle(job, &roll).await?;
        }
        let mut told = BTreeSet::new();
        for announcement in batch.announcements {
            if told.insert(announcement.revision) {
                self.announcer.announce(&announcement).await?;
            }
        }
        Ok(())
    }

    /// Brings a job to its end once its deadline has passed; before that, changes nothing.
    ///
    /// # Errors
    /// When a port fails; the call can be repeated.
    pub async fn meet_deadline(&self, job: &JobId) -> PortResult<()> {
        let roll = self.ledger.merge_roll(job, Roll::default()).await?;
        self.settle(job, &roll).await
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

    /// Writes the state that the roll calls for, unless the job stands so already.
    async fn settle(&self, job: &JobId, roll: &Roll) -> PortResult<()> {
        loop {
            let stored = self.read(job).await?;
            let Some(state) = decide(&stored, roll, self.clock.now()) else { return Ok(()) };
            if self.ledger.replace_state(job, state).await? {
                return Ok(());
            }
            // Somebody else wrote a state in between: look at the new one.
        }
    }

    async fn read(&self, job: &JobId) -> PortResult<Job> {
        let stored = self.ledger.read_job(job).await?;
        stored.ok_or(PortError::Rejected("a change names a job that is not in the ledger"))
    }
}
