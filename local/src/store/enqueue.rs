//! Puts copies on the queue, and counts what is there.

use std::ops::Range;

use concord_protocol::ports::{EnqueueCopies, PortResult};
use concord_protocol::{Job, JobId};
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{self, JOB};
use super::selection::QueueSelection;
use super::store::Store;

impl EnqueueCopies for Store {
    async fn enqueue_copies(&self, job: &JobId, round: u32, copies: Range<u32>) -> PortResult<()> {
        let key = self.key(job)?;
        self.write(move |connection| enqueue(connection, key, round, &copies)).await?;
        self.signals().queued.notify(usize::MAX);
        Ok(())
    }
}

fn enqueue(connection: &Connection, key: i64, round: u32, copies: &Range<u32>) -> rusqlite::Result<()> {
    let open = format!("SELECT {JOB} FROM jobs WHERE id = ?1 AND round = ?2 AND ended_at IS NULL");
    let job = connection.prepare_cached(&open)?.query_row([key, round.into()], rows::check_job).optional()?;
    if job.is_none() {
        return Ok(());
    }
    let reach = "UPDATE jobs SET enqueued = max(enqueued, ?2) WHERE id = ?1";
    connection.prepare_cached(reach)?.execute(params![key, copies.end])?;
    rows::seal_job(connection, key)?;
    let insert = "WITH RECURSIVE range (copy) AS
            (SELECT ?2 WHERE ?2 < ?3 UNION ALL SELECT copy + 1 FROM range WHERE copy + 1 < ?3)
         INSERT INTO queue (job, copy, round, visible_at, receive_count, interruptions, checksum)
         SELECT ?1, copy, ?4, 0, 0, 0, checksum('queue', ?1, copy, ?4, 0, 0, 0, NULL) FROM range WHERE NOT EXISTS
            (SELECT 1 FROM outcomes WHERE job = ?1 AND outcomes.copy = range.copy AND digest IS NOT NULL)
         ON CONFLICT (job, copy) DO UPDATE
         SET round = excluded.round, visible_at = 0, receive_count = 0, interruptions = 0, owner = NULL,
             checksum = excluded.checksum
         WHERE excluded.round > queue.round";
    connection.prepare_cached(insert)?.execute(params![key, copies.start, copies.end, round])?;
    Ok(())
}

impl Store {
    /// The copies of certain jobs, whatever they calculate.
    pub(crate) fn select(&self, jobs: &[JobId]) -> PortResult<QueueSelection> {
        let keys = jobs.iter().map(|job| self.key(job)).collect::<Result<_, _>>()?;
        Ok(QueueSelection::of_keys(keys))
    }

    /// How many messages of a selection are on the queue.
    pub(crate) fn queued(&self, selection: &QueueSelection) -> PortResult<u64> {
        self.read(|connection| selection.jobs().messages(connection))
    }

    /// Open jobs of a selection with copies that were not put on the queue yet, oldest first, each with the first
    /// such copy.
    pub(crate) fn next_to_enqueue(
        &self,
        selection: &QueueSelection,
        count_max: usize,
    ) -> PortResult<Vec<(Job, u32)>> {
        self.read(|connection| selection.jobs().next_to_enqueue(connection, count_max))
    }
}
