//! What the handlers of a fleet do around the worker and the aggregator. Each is a future that may be killed at any
//! pause.

use std::ops::Range;
use std::sync::Arc;

use concord_aggregator::Aggregator;
use concord_protocol::ports::{
    Clock, DelayMessage, DeleteMessage, EnqueueCopies, PortError, PortResult, ReadJob, ReceiveCopies,
    ReceiveDeadLetters, ReplaceState,
};
use concord_protocol::{Change, IllegalTransition, Job, JobId, JobState};
use concord_worker::{Disposition, Worker};

use super::calculation::SimulatedCalculation;
use super::counts::Count;
use super::handled::Handled;
use super::ports::SimulatedPorts;
use super::sabotage::Sabotage;
use super::store::SimulatedStore;
use crate::conformance::{FedChange, Transport};

pub(super) type SimulatedWorker<S> = Worker<SimulatedPorts<S>, SimulatedCalculation, Arc<dyn Clock>>;
pub(super) type SimulatedAggregator<S> = Aggregator<SimulatedPorts<S>, SimulatedPorts<S>, Arc<dyn Clock>>;

/// Checks the result of an actor. A transient error is expected, because a later call tries again. Any other error is
/// a broken promise.
fn note<S: SimulatedStore>(ports: &SimulatedPorts<S>, result: PortResult<()>) {
    let broken = match result {
        Ok(()) | Err(PortError::Transient(_)) => return,
        Err(error) => format!("a port refused a request of the fleet: {error}"),
    };
    ports.world.lock().check(Err(broken));
}

/// Receives deliveries for a worker process. They then reach its threads in any order.
pub(super) async fn receive<S: SimulatedStore>(ports: SimulatedPorts<S>, process: usize, count_max: usize) {
    let received = ports.receive_copies(count_max).await;
    let arrived = received.map(|deliveries| deliveries.into_iter().map(|delivery| (process, delivery)));
    note(&ports, arrived.map(|deliveries| ports.world.lock().arrivals.extend(deliveries)));
}

/// Puts back what killed processes have claimed.
pub(super) async fn release_abandoned<S: SimulatedStore>(ports: SimulatedPorts<S>) {
    let released = ports.release_abandoned().await;
    note(&ports, released);
}

/// Gives a delivery to a worker, and follows the worker's disposition of the message. A delivery that the worker has
/// to refuse is given up.
pub(super) async fn run<S: SimulatedStore>(
    worker: Arc<SimulatedWorker<S>>,
    aggregator: Arc<SimulatedAggregator<S>>,
    ports: SimulatedPorts<S>,
    Handled { delivery, ends_at, .. }: Handled,
) {
    let handled = async {
        match worker.handle(&delivery, ends_at).await {
            Ok(Disposition::Ack) => {
                ports.world.lock().note_ack(&delivery);
                ports.delete_message(&delivery).await
            }
            Ok(Disposition::RetryAfter { delay_ms }) => {
                ports.watch_retry(&delivery);
                ports.delay_message(&delivery, delay_ms).await
            }
            Ok(Disposition::Release) => Ok(()),
            Err(PortError::Invalid(reason)) if is_refused(&ports) => {
                aggregator.give_up(&delivery, reason).await?;
                ports.delete_message(&delivery).await
            }
            Err(error) => Err(error),
        }
    };
    let done = handled.await;
    note(&ports, done);
}

/// Whether a worker has to refuse the delivery of the running task.
fn is_refused<S: SimulatedStore>(ports: &SimulatedPorts<S>) -> bool {
    let mut world = ports.world.lock();
    let refused = world.handled().is_some_and(|handled| handled.is_refused);
    if refused {
        world.counts.add(Count::Refused);
    }
    refused
}

/// Reads changes from the feed. They then reach the aggregators in any order.
pub(super) async fn read_feed<S: SimulatedStore>(ports: SimulatedPorts<S>, count_max: usize) {
    let read = ports.read_changes(count_max).await;
    note(
        &ports,
        read.map(|changes| {
            let mut world = ports.world.lock();
            world.ever_fed.extend(changes.iter().map(|fed| (fed.sequence, fed.clone())));
            world.fed.extend(changes);
        }),
    );
}

/// Gives a batch of changes to an aggregator, and acknowledges the changes that were folded.
pub(super) async fn fold<S: SimulatedStore>(
    aggregator: Arc<SimulatedAggregator<S>>,
    ports: SimulatedPorts<S>,
    batch: Vec<FedChange>,
) {
    let (sequences, changes): (Vec<_>, Vec<Change>) =
        batch.into_iter().map(|fed| (fed.sequence, fed.change)).unzip();
    let news = ports.news(&sequences, &changes);
    let failed = aggregator.fold(news.as_ref().unwrap_or(&changes)).await;
    for change in &changes {
        ports.rewrite(change.job(), Sabotage::replayed).await;
    }
    let takes_all = ports.sabotage == Some(Sabotage::WholeBatchIsAcknowledged);
    let done =
        sequences.iter().zip(&changes).filter(|(_, change)| takes_all || !failed.contains_key(change.job()));
    let acknowledged = ports.acknowledge_changes(done.map(|(sequence, _)| *sequence).collect()).await;
    note(&ports, acknowledged);
    for error in failed.into_values() {
        note(&ports, Err(error));
    }
}

/// Meets the deadline of a job, perhaps too early.
pub(super) async fn meet_deadline<S: SimulatedStore>(
    aggregator: Arc<SimulatedAggregator<S>>,
    ports: SimulatedPorts<S>,
    job: JobId,
) {
    ports.rewrite(&job, Sabotage::overdue).await;
    let met = aggregator.meet_deadline(&job).await;
    note(&ports, met);
}

/// Records the failure of each copy whose message was given up.
pub(super) async fn give_up<S: SimulatedStore>(
    aggregator: Arc<SimulatedAggregator<S>>,
    ports: SimulatedPorts<S>,
    count_max: usize,
) {
    let given_up = async {
        for delivery in ports.receive_dead_letters(count_max).await? {
            aggregator.give_up(&delivery, concord_aggregator::GIVEN_UP).await?;
            ports.world.lock().counts.add(Count::GivenUp);
            ports.delete_dead_letter(&delivery).await?;
        }
        Ok(())
    };
    let given_up = given_up.await;
    note(&ports, given_up);
}

/// Puts copies on the queue, and remembers how far it got.
///
/// A new round is settled first. A retry may find that every copy already has a digest. Then no later event would end
/// the job before its deadline.
pub(super) async fn enqueue<S: SimulatedStore>(
    aggregator: Arc<SimulatedAggregator<S>>,
    ports: SimulatedPorts<S>,
    job: JobId,
    round: u32,
    copies: Range<u32>,
) {
    let enqueued = async {
        if round > 0 && copies.start == 0 && ports.sabotage != Some(Sabotage::RetryIsNotSettled) {
            aggregator.meet_deadline(&job).await?;
        }
        ports.enqueue_copies(&job, round, copies.clone()).await?;
        let mut world = ports.world.lock();
        let reached = world.enqueued.entry(job).or_default();
        if *reached == (round, copies.start) || reached.0 < round {
            *reached = (round, copies.end);
        }
        Ok(())
    };
    let enqueued = enqueued.await;
    note(&ports, enqueued);
}

/// Changes the state of a job as the user asks, unless that is not legal.
async fn replace<S: SimulatedStore>(
    ports: &SimulatedPorts<S>,
    job: &JobId,
    asked: impl Fn(&Job) -> Result<JobState, IllegalTransition>,
) -> PortResult<bool> {
    loop {
        let Some(stored) = ports.read_job(job).await? else { return Ok(false) };
        let Ok(state) = asked(&stored) else { return Ok(false) };
        if ports.replace_state(job, state).await? {
            return Ok(true);
        }
    }
}

/// The user cancels a job.
pub(super) async fn cancel<S: SimulatedStore>(ports: SimulatedPorts<S>, job: JobId) {
    let replaced = replace(&ports, &job, |stored| stored.cancelled(ports.clock.now())).await;
    note(&ports, replaced.map(|done| count(&ports, Count::Cancel, done)));
}

/// The user retries a job.
pub(super) async fn retry<S: SimulatedStore>(ports: SimulatedPorts<S>, job: JobId) {
    let replaced = replace(&ports, &job, |stored| stored.retried(ports.clock.now())).await;
    note(&ports, replaced.map(|done| count(&ports, Count::Retry, done)));
}

fn count<S: SimulatedStore>(ports: &SimulatedPorts<S>, count: Count, done: bool) {
    if done {
        ports.world.lock().counts.add(count);
    }
}
