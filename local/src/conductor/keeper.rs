//! What time brings: copies to put on the queue, deadlines, dead letters, and processes that are gone.

use std::ops::Range;
use std::time::{Duration, Instant};

use concord_aggregator::GIVEN_UP;
use concord_protocol::Job;
use concord_protocol::ports::{DeleteDeadLetter, EnqueueCopies, PortResult, ReadJob, ReceiveDeadLetters};
use concord_worker::Calculate;
use futures::executor::block_on;
use futures::future::try_join_all;

use super::{Fleet, TICK, feed};
use crate::lane::Lane;

/// Messages of a lane on the queue, at most, as far as this process adds to them: the rest of a job is put there when there
/// is room, so that neither memory nor the queue grows with the copies.
const QUEUED_MAX: u64 = 16_384;

/// Copies that are put on the queue in one write, at most.
const ENQUEUED_AT_ONCE_MAX: u32 = 4_096;

/// Jobs whose copies are put on the queue side by side, at most.
const JOBS_AT_ONCE_MAX: usize = 256;

/// Dead letters taken at once, at most.
const DEAD_LETTERS_MAX: usize = 1_000;

/// How often other processes are looked for.
const ROLL_CALL: Duration = Duration::from_secs(1);

impl<C: Calculate> Fleet<C> {
    /// Looks at everything once a tick.
    pub(super) fn keep(&self) {
        let mut called_at: Option<Instant> = None;
        while !self.stopped.is_set() {
            if called_at.is_none_or(|at| at.elapsed() >= ROLL_CALL) {
                self.note(block_on(self.store.release_abandoned()));
                called_at = Some(Instant::now());
            }
            self.note(block_on(self.delete_done()));
            self.note(block_on(self.enqueue(&self.store.shared.here)));
            if let Some(elsewhere) = &self.elsewhere {
                self.note(block_on(self.enqueue(&elsewhere.lane)));
            }
            self.note(block_on(feed::meet_deadlines(&self.store, &self.aggregator)));
            self.note(block_on(self.give_up_dead_letters()));
            self.note(block_on(self.stop_ended()));
            self.stopped.wait(TICK);
        }
    }

    /// Puts copies of a lane on the queue while there is room. Where that stopped is stored, so a killed run goes on there.
    async fn enqueue(&self, lane: &Lane) -> PortResult<()> {
        let mut room = QUEUED_MAX.saturating_sub(self.store.queued(lane)?);
        while room > 0 {
            let mut parts = Vec::new();
            for (job, from) in self.store.next_to_enqueue(lane, JOBS_AT_ONCE_MAX)? {
                let count = u32::try_from(room).unwrap_or(u32::MAX).min(ENQUEUED_AT_ONCE_MAX);
                let to = job.state.copies.min(from.saturating_add(count));
                room -= u64::from(to - from);
                parts.push((job, from..to));
            }
            if parts.is_empty() {
                break;
            }
            try_join_all(parts.into_iter().map(|(job, copies)| self.enqueue_part(job, copies))).await?;
        }
        Ok(())
    }

    async fn enqueue_part(&self, job: Job, copies: Range<u32>) -> PortResult<()> {
        if job.state.round > 0 && copies.start == 0 {
            // A retry may find that nothing is left to run: then nothing would come in that ends the job.
            self.aggregator.meet_deadline(&job.spec.job).await?;
        }
        if copies.is_empty() {
            return Ok(());
        }
        self.store.enqueue_copies(&job.spec.job, job.state.round, copies).await
    }

    async fn give_up_dead_letters(&self) -> PortResult<()> {
        for delivery in self.store.receive_dead_letters(DEAD_LETTERS_MAX).await? {
            self.aggregator.give_up(&delivery, GIVEN_UP).await?;
            self.store.delete_dead_letter(&delivery).await?;
        }
        Ok(())
    }

    /// Ends the commands and calls of jobs that have ended elsewhere: cancelled, or past their deadline.
    async fn stop_ended(&self) -> PortResult<()> {
        for id in self.runs.jobs() {
            let Some(job) = self.store.read_job(&id).await? else { continue };
            let ended = job.state.ended_at.is_some();
            self.store.remember_job(job);
            if ended {
                self.runs.stop(&id);
                self.runs.forget(&id);
            }
        }
        Ok(())
    }
}
