//! The work of every tick: puts copies on the queue, meets deadlines, records dead letters, and releases the claims of
//! processes that have ended.

use std::ops::Range;
use std::time::{Duration, Instant};

use concord_aggregator::GIVEN_UP;
use concord_protocol::Job;
use concord_protocol::ports::{EnqueueCopies, PortResult, ReadJob, ReceiveDeadLetters};
use futures::executor::block_on;
use futures::future::try_join_all;

use super::fold_feed::meet_deadlines;
use super::shared::SharedFleet;
use super::stopped::TICK;
use crate::store::QueueSelection;

/// This process adds messages of a selection to the queue until there are this many. The remaining copies of a job
/// follow when there is room, so that neither memory nor the queue grows with the copies.
const QUEUED_MAX: u64 = 16_384;

/// The largest number of copies that one write puts on the queue.
const COPIES_PER_WRITE_MAX: u32 = 4_096;

/// The largest number of jobs whose copies are put on the queue concurrently.
const JOBS_ENQUEUED_AT_ONCE_MAX: usize = 256;

/// The largest number of dead letters that are taken at once.
const DEAD_LETTERS_MAX: usize = 1_000;

/// How often the claims of other processes are checked.
const ABANDONED_INTERVAL: Duration = Duration::from_secs(1);

/// Does the maintenance once a tick until the fleet stops.
pub(super) fn keep_up<C>(fleet: &SharedFleet<C>) {
    let mut released_at: Option<Instant> = None;
    while !fleet.stopped.is_set() {
        if released_at.is_none_or(|at| at.elapsed() >= ABANDONED_INTERVAL) {
            fleet.check(block_on(fleet.store.release_abandoned()));
            released_at = Some(Instant::now());
        }
        fleet.check(block_on(fleet.delete_done()));
        fleet.check(block_on(enqueue(fleet, fleet.store.local_selection())));
        if let Some(remote) = &fleet.remote {
            fleet.check(block_on(enqueue(fleet, &remote.selection)));
        }
        fleet.check(block_on(meet_deadlines(&fleet.store, &fleet.aggregator)));
        fleet.check(block_on(give_up_dead_letters(fleet)));
        fleet.check(block_on(stop_ended(fleet)));
        fleet.first_divergence.ticked();
        fleet.stopped.wait(TICK);
    }
}

/// Puts copies of a selection on the queue while there is room. The store holds how far each job has come, so a killed
/// run continues there.
async fn enqueue<C>(fleet: &SharedFleet<C>, selection: &QueueSelection) -> PortResult<()> {
    let mut room = QUEUED_MAX.saturating_sub(fleet.store.queued(selection)?);
    while room > 0 {
        let mut parts = Vec::new();
        for (job, from) in fleet.store.next_to_enqueue(selection, JOBS_ENQUEUED_AT_ONCE_MAX)? {
            let count = u32::try_from(room).unwrap_or(u32::MAX).min(COPIES_PER_WRITE_MAX);
            let to = job.state.copies().min(from.saturating_add(count));
            room -= u64::from(to - from);
            parts.push((job, from..to));
        }
        if parts.is_empty() {
            break;
        }
        try_join_all(parts.into_iter().map(|(job, copies)| enqueue_part(fleet, job, copies))).await?;
    }
    Ok(())
}

async fn enqueue_part<C>(fleet: &SharedFleet<C>, job: Job, copies: Range<u32>) -> PortResult<()> {
    if job.state.round() > 0 && copies.start == 0 {
        // After a retry every copy may have a digest already. Then no later change would end the job.
        fleet.aggregator.meet_deadline(&job.spec.job).await?;
    }
    if copies.is_empty() {
        return Ok(());
    }
    fleet.store.enqueue_copies(&job.spec.job, job.state.round(), copies).await
}

async fn give_up_dead_letters<C>(fleet: &SharedFleet<C>) -> PortResult<()> {
    for delivery in fleet.store.receive_dead_letters(DEAD_LETTERS_MAX).await? {
        fleet.aggregator.give_up(&delivery, GIVEN_UP).await?;
        fleet.store.delete_dead_letter(&delivery).await?;
    }
    Ok(())
}

/// Ends the commands and calls of jobs that another process has ended: by cancelling them, or because their deadline
/// has passed.
async fn stop_ended<C>(fleet: &SharedFleet<C>) -> PortResult<()> {
    for id in fleet.runs.jobs() {
        let Some(job) = fleet.store.read_job(&id).await? else { continue };
        let ended = job.state.ended_at().is_some();
        fleet.store.remember_job(job);
        if ended {
            fleet.runs.stop(&id);
            fleet.runs.forget(&id);
        }
    }
    Ok(())
}
