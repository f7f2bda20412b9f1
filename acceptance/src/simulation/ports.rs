//! All ports, as the fleet sees them: they take time, they fail, and their calls are checked.

use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use concord_protocol::ports::{
    Announce, Clock, DelayMessage, DeleteMessage, Delivery, EnqueueCopies, MergeRollup, MergeTally,
    PortError, PortResult, ReadJob, ReadOutcomes, ReadOutput, ReadPayload, ReadTally, ReceiveCopies,
    ReceiveDeadLetters, RecordOutcome, ReplaceState, WriteOutput,
};
use concord_protocol::{
    Announcement, Cause, Change, Digest, Job, JobId, JobState, JobTally, Outcome, Rollup, Settlement, Tally,
    Timestamp, Verdict,
};

use super::counts::{CallPoint, Count};
use super::handled::JobRead;
use super::sabotage::Sabotage;
use super::store::SimulatedStore;
use super::tasks::pause;
use super::world::World;
use crate::Memory;
use crate::conformance::{FedChange, Transport};

/// The store of a process, behind calls that take time and may fail.
#[derive(Clone)]
pub(super) struct SimulatedPorts<S> {
    pub(super) store: S,
    pub(super) world: Arc<World>,
    /// The clock of the process.
    pub(super) clock: Arc<dyn Clock>,
    pub(super) sabotage: Option<Sabotage>,
    /// Whether `read_job` may return a job as it was when one of its messages was received. Workers read jobs like
    /// this.
    pub(super) remembers: bool,
    /// Whether the user makes the calls.
    pub(super) by_user: bool,
}

impl<S: SimulatedStore> SimulatedPorts<S> {
    /// A deliberate mistake, and the store in memory in which it is made.
    fn sabotaged(&self) -> Option<(Sabotage, &Memory)> {
        self.sabotage.zip(self.store.memory())
    }

    /// The changes that a deliberate mistake folds instead of these: only those that come after every earlier one of their
    /// job.
    pub(super) fn news(&self, sequences: &[u64], changes: &[Change]) -> Option<Vec<Change>> {
        if self.sabotage != Some(Sabotage::ChangesAreTakenToBeInOrder) {
            return None;
        }
        let mut world = self.world.lock();
        let mut is_news = |sequence: u64, job: &JobId| {
            let newest = world.newest.entry(job.clone()).or_default();
            let is_news = sequence > *newest;
            *newest = sequence.max(*newest);
            is_news
        };
        let changes = sequences.iter().zip(changes).filter(|(at, change)| is_news(**at, change.job()));
        Some(changes.map(|(_, change)| change.clone()).collect())
    }

    /// Writes the state that a deliberate mistake calls for now.
    pub(super) async fn rewrite(
        &self,
        job: &JobId,
        state: impl Fn(Sabotage, &Job, Timestamp) -> Option<JobState>,
    ) {
        let Some(sabotage) = self.sabotage else { return };
        if let Ok(Some(stored)) = self.store.ports().read_job(job).await
            && let Some(state) = state(sabotage, &stored, self.clock.now())
        {
            // It may fail, as every call may.
            let _ = self.replace_state(job, state).await;
        }
    }

    /// Pauses, may fail, acts, pauses, and may fail again.
    async fn call<T>(&self, name: &'static str, act: impl Future<Output = PortResult<T>>) -> PortResult<T> {
        self.world.lock().reach(CallPoint::Before(name));
        pause().await;
        self.world.lock().fault(Count::FaultBefore, name)?;
        let is_locked = S::HAS_LOCK && self.world.lock().is_locked();
        let given = self.store.run(act, is_locked);
        self.world.lock().reach(CallPoint::After(name));
        pause().await;
        self.world.lock().fault(Count::FaultAfter, name)?;
        given
    }

    /// Puts back what killed processes have claimed.
    pub(super) async fn release_abandoned(&self) -> PortResult<()> {
        self.call("release_abandoned", self.store.release_abandoned()).await
    }
}

impl<S: SimulatedStore> ReadJob for SimulatedPorts<S> {
    async fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
        let remembered = self.remembers.then(|| {
            let mut world = self.world.lock();
            let stale = world.faults.job_read_stale;
            world.remembered.get(job).cloned().filter(|_| world.chance.per_mille(stale))
        });
        let read = async {
            let read = match remembered.flatten() {
                Some(job) => Some(job),
                None => self.store.ports().read_job(job).await?,
            };
            let mut world = self.world.lock();
            let clock_steps = world.clock_steps;
            if let (Some(handled), Some(job)) = (world.handled(), &read) {
                handled.read = Some(JobRead { job: job.clone(), at: self.clock.now(), clock_steps });
            }
            Ok(read)
        };
        self.call("read_job", read).await
    }
}

impl<S: SimulatedStore> ReadPayload for SimulatedPorts<S> {
    async fn read_payload(&self, job: &JobId) -> PortResult<Option<Arc<[u8]>>> {
        let read = async {
            let mut payload = self.store.ports().read_payload(job).await?;
            let mut world = self.world.lock();
            let per_mille = world.faults.payload_damaged;
            if world.chance.per_mille(per_mille)
                && let Some(handled) = world.handled()
            {
                handled.is_refused = true;
                payload = payload.map(|bytes| bytes.iter().map(|byte| byte ^ 1).collect());
                world.counts.add(Count::PayloadDamaged);
            }
            Ok(payload)
        };
        self.call("read_payload", read).await
    }
}

impl<S: SimulatedStore> WriteOutput for SimulatedPorts<S> {
    async fn write_output(&self, job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> PortResult<()> {
        self.call("write_output", self.store.ports().write_output(job, digest, bytes)).await
    }
}

impl<S: SimulatedStore> RecordOutcome for SimulatedPorts<S> {
    async fn record_outcome(&self, outcome: Outcome) -> PortResult<Settlement> {
        let record = async {
            if let Some((sabotage, memory)) = self.sabotaged() {
                sabotage.before_outcome(memory, &outcome);
            }
            let settlement = self.store.ports().record_outcome(outcome.clone()).await?;
            if let (Some((sabotage, memory)), Settlement::KeptBeside) = (self.sabotaged(), settlement) {
                sabotage.after_second_outcome(memory);
            }
            self.watch(&outcome, settlement);
            Ok(settlement)
        };
        match (self.call("record_outcome", record).await, self.sabotage) {
            (Err(PortError::Transient(_)), Some(Sabotage::ThrottledOutcomeIsDropped)) => {
                Ok(Settlement::Written)
            }
            (recorded, _) => recorded,
        }
    }
}

impl<S: SimulatedStore> SimulatedPorts<S> {
    fn watch(&self, outcome: &Outcome, settlement: Settlement) {
        let mut world = self.world.lock();
        world.say(|| {
            let (copy, round) = (&outcome.copy, outcome.round);
            let gave = outcome.result.as_ref().map(|produced| produced.digest.to_string());
            let gave = gave.unwrap_or_else(|failure| failure.reason().to_owned());
            let short = gave.get(..19).unwrap_or(&gave);
            format!("{}/{} in round {round}: {short} is {settlement:?}", copy.job, copy.index)
        });
        let copy = &outcome.copy;
        let failed_before = world.facts.job(&copy.job).failures.contains_key(&copy.index);
        match settlement {
            Settlement::KeptBeside => world.counts.add(Count::SecondOutcome),
            Settlement::Dropped => world.counts.add(Count::OutcomeDropped),
            Settlement::Written if failed_before && outcome.result.is_ok() => {
                world.counts.add(Count::FailureSuperseded);
            }
            Settlement::Written => {}
        }
        let kept = world.facts.recorded(outcome);
        world.check(kept);
    }
}

impl<S: SimulatedStore> SimulatedPorts<S> {
    /// A worker puts a delivery back for another attempt.
    pub(super) fn watch_retry(&self, delivery: &Delivery) {
        let mut world = self.world.lock();
        let kept = world.facts.retried(delivery);
        world.check(kept);
    }

    fn watch_announcement(&self, announcement: &Announcement) {
        let mut world = self.world.lock();
        world.counts.add(Count::Announcement);
        world.say(|| format!("{} is announced as {}", announcement.job, announcement.verdict));
        let kept = world.facts.announced(announcement);
        world.check(kept);
        let first = world.announces_once(&announcement.job, announcement.revision);
        let twice = || format!("{} was announced twice in one batch", announcement.job);
        world.check(first.then_some(()).ok_or_else(twice));
    }
}

impl<S: SimulatedStore> ReadOutcomes for SimulatedPorts<S> {
    async fn read_outcomes(&self, job: &JobId, copies: Range<u32>) -> PortResult<Vec<Outcome>> {
        self.call("read_outcomes", self.store.ports().read_outcomes(job, copies)).await
    }
}

impl<S: SimulatedStore> ReadTally for SimulatedPorts<S> {
    async fn read_tally(&self, job: &JobId) -> PortResult<JobTally> {
        self.call("read_tally", self.store.ports().read_tally(job)).await
    }
}

impl<S: SimulatedStore> ReadOutput for SimulatedPorts<S> {
    async fn read_output(&self, job: &JobId, digest: Digest) -> PortResult<Option<Vec<u8>>> {
        self.call("read_output", self.store.ports().read_output(job, digest)).await
    }
}

impl<S: SimulatedStore> MergeTally for SimulatedPorts<S> {
    async fn merge_tally(&self, job: &JobId, chunk: u32, delta: Tally) -> PortResult<Tally> {
        let merge = async {
            if let Some((sabotage, memory)) = self.sabotaged() {
                sabotage.before_merge(memory, job, Some(chunk));
            }
            self.store.ports().merge_tally(job, chunk, delta).await
        };
        self.call("merge_tally", merge).await
    }
}

impl<S: SimulatedStore> MergeRollup for SimulatedPorts<S> {
    async fn merge_rollup(&self, job: &JobId, delta: Rollup) -> PortResult<Rollup> {
        let merge = async {
            if let Some((sabotage, memory)) = self.sabotaged() {
                sabotage.before_merge(memory, job, None);
            }
            self.store.ports().merge_rollup(job, delta).await
        };
        self.call("merge_rollup", merge).await
    }
}

impl<S: SimulatedStore> ReplaceState for SimulatedPorts<S> {
    async fn replace_state(&self, job: &JobId, state: JobState) -> PortResult<bool> {
        let replace = async {
            let state = match self.sabotaged() {
                Some((sabotage, memory)) => sabotage.state(memory, job, state),
                None => state,
            };
            let replaced = self.store.ports().replace_state(job, state.clone()).await?;
            let mut world = self.world.lock();
            if !replaced {
                world.counts.add(Count::StateConflict);
                return Ok(false);
            }
            let now = world.now();
            world.say(|| format!("{job} is {state:?}"));
            let before = world.facts.job(job).state.clone();
            if (before.verdict(), state.verdict()) == (Verdict::Reproducible, Verdict::Divergent) {
                world.counts.add(Count::LateDivergence);
            }
            match state.verdict() {
                _ if state.copies() == before.copies() => {}
                Verdict::Divergent => world.counts.add(Count::ExtendedForReasons),
                _ => world.counts.add(Count::ExtendedForSandboxes),
            }
            match state.cause().filter(|_| before.cause() != state.cause()) {
                Some(Cause::Drift) => world.counts.add(Count::Drift),
                Some(Cause::Coverage) => world.counts.add(Count::Coverage),
                Some(Cause::Empty) => world.counts.add(Count::Empty),
                _ => {}
            }
            let ends = before.ended_at().is_none() && state.ended_at().is_some();
            if ends && now >= state.deadline_at() {
                world.counts.add(Count::DeadlineMet);
            } else if ends && !world.facts.job(job).all_accounted(state.round()) {
                world.counts.add(Count::FailedFast);
            }
            let by_user = (self.by_user, world.clock_steps > 0);
            let kept = world.facts.replaced(job, &state, now, by_user);
            world.check(kept);
            let needs_none = self.by_user || state.verdict() == Verdict::Running || !world.evidence_is_due;
            let has_evidence = needs_none || state.evidence().is_some();
            let without = || format!("{job} became {} without its evidence", state.verdict());
            world.check(has_evidence.then_some(()).ok_or_else(without));
            Ok(true)
        };
        self.call("replace_state", replace).await
    }
}

impl<S: SimulatedStore> Announce for SimulatedPorts<S> {
    async fn announce(&self, announcement: &Announcement) -> PortResult<()> {
        let announce = async {
            if self.sabotage == Some(Sabotage::AnnouncementIsDropped) {
                return Ok(());
            }
            self.watch_announcement(announcement);
            self.store.ports().announce(announcement).await
        };
        self.call("announce", announce).await
    }
}

impl<S: SimulatedStore> EnqueueCopies for SimulatedPorts<S> {
    async fn enqueue_copies(&self, job: &JobId, round: u32, copies: Range<u32>) -> PortResult<()> {
        self.call("enqueue_copies", self.store.ports().enqueue_copies(job, round, copies)).await
    }
}

impl<S: SimulatedStore> ReceiveCopies for SimulatedPorts<S> {
    async fn receive_copies(&self, count_max: usize) -> PortResult<Vec<Delivery>> {
        let receive = async {
            let deliveries = self.store.ports().receive_copies(count_max).await?;
            for delivery in &deliveries {
                if let Some(job) = self.store.ports().read_job(&delivery.copy.job).await? {
                    self.world.lock().remembered.insert(delivery.copy.job.clone(), job);
                }
                if self.sabotage == Some(Sabotage::MessageIsDeletedEarly) {
                    self.store.ports().delete_message(delivery).await?;
                }
            }
            Ok(deliveries)
        };
        self.call("receive_copies", receive).await
    }
}

impl<S: SimulatedStore> DeleteMessage for SimulatedPorts<S> {
    async fn delete_message(&self, delivery: &Delivery) -> PortResult<()> {
        self.call("delete_message", self.store.ports().delete_message(delivery)).await
    }
}

impl<S: SimulatedStore> DelayMessage for SimulatedPorts<S> {
    async fn delay_message(&self, delivery: &Delivery, delay_ms: u64) -> PortResult<()> {
        self.call("delay_message", self.store.ports().delay_message(delivery, delay_ms)).await
    }
}

impl<S: SimulatedStore> ReceiveDeadLetters for SimulatedPorts<S> {
    async fn receive_dead_letters(&self, count_max: usize) -> PortResult<Vec<Delivery>> {
        self.call("receive_dead_letters", self.store.ports().receive_dead_letters(count_max)).await
    }
}

impl<S: SimulatedStore> Transport for SimulatedPorts<S> {
    async fn read_changes(&self, count_max: usize) -> PortResult<Vec<FedChange>> {
        self.call("read_changes", self.store.read_changes(count_max)).await
    }

    async fn acknowledge_changes(&self, sequences: Vec<u64>) -> PortResult<()> {
        self.call("acknowledge_changes", self.store.acknowledge_changes(sequences)).await
    }

    async fn delete_dead_letter(&self, delivery: &Delivery) -> PortResult<()> {
        self.call("delete_dead_letter", self.store.delete_dead_letter(delivery)).await
    }
}
