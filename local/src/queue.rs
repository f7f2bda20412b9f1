//! The queue: visibility timeout, receive count, delay and dead letters, as a table.

use std::ops::Range;

use concord_protocol::ports::{
    DelayMessage, DeleteDeadLetter, DeleteMessage, Delivery, EnqueueCopies, PortError, PortResult,
    ReceiveCopies, ReceiveDeadLetters,
};
use concord_protocol::{CopyId, Job, JobId, Timestamp};
use rusqlite::{Connection, params};

use crate::lane::Lane;
use crate::rows::{self, signed};
use crate::store::{Store, locked};

/// Milliseconds by which a message stays hidden beyond the time that its copy may take.
const VISIBILITY_MARGIN_MS: u64 = 60_000;

/// Deliveries of a message that may end with the death of their process before the copy is given up.
const INTERRUPTIONS_MAX: u32 = 100;

/// Deliveries beyond the attempts of a job before a copy is given up, as for a dead-letter queue.
pub(crate) const RECEIVES_SPARE: u32 = 3;

/// A message that may be delivered.
struct Waiting {
    copy: u32,
    round: u32,
    receive_count: u32,
    interruptions: u32,
}

/// What a receiver asks, the same for each job that is served.
#[derive(Clone, Copy)]
struct Claim {
    owner: i64,
    now: Timestamp,
}

impl EnqueueCopies for Store {
    async fn enqueue_copies(&self, job: &JobId, round: u32, copies: Range<u32>) -> PortResult<()> {
        let key = self.key(job)?;
        self.shared.write(move |connection| enqueue(connection, key, round, &copies)).await?;
        self.shared.signals.queued.notify(usize::MAX);
        Ok(())
    }
}

fn enqueue(connection: &Connection, key: i64, round: u32, copies: &Range<u32>) -> rusqlite::Result<()> {
    let open = "UPDATE jobs SET enqueued = max(enqueued, ?3)
                WHERE id = ?1 AND round = ?2 AND ended_at IS NULL";
    if connection.prepare_cached(open)?.execute(params![key, round, copies.end])? == 0 {
        return Ok(());
    }
    let insert = "WITH RECURSIVE range (copy) AS
            (SELECT ?2 WHERE ?2 < ?3 UNION ALL SELECT copy + 1 FROM range WHERE copy + 1 < ?3)
         INSERT INTO queue (job, copy, round, visible_at, receive_count, interruptions)
         SELECT ?1, copy, ?4, 0, 0, 0 FROM range WHERE NOT EXISTS
            (SELECT 1 FROM outcomes WHERE job = ?1 AND outcomes.copy = range.copy AND digest IS NOT NULL)
         ON CONFLICT (job, copy) DO UPDATE
         SET round = excluded.round, visible_at = 0, receive_count = 0, interruptions = 0, owner = NULL
         WHERE excluded.round > queue.round";
    connection.prepare_cached(insert)?.execute(params![key, copies.start, copies.end, round])?;
    Ok(())
}

impl ReceiveCopies for Store {
    /// Copies that need a thread of this machine. Those of functions are received by whoever names their jobs.
    async fn receive_copies(&self, count_max: usize) -> PortResult<Vec<Delivery>> {
        self.receive_from(&self.shared.here, count_max).await
    }
}

impl Store {
    /// At most `count_max` messages of a lane.
    pub(crate) async fn receive_from(&self, lane: &Lane, count_max: usize) -> PortResult<Vec<Delivery>> {
        let owner = locked(&self.shared.owner).as_ref().map(|owner| owner.id);
        let owner = owner.ok_or(PortError::Invalid("only a registered owner may receive copies"))?;
        let claim = Claim { owner, now: self.shared.clock.now() };
        let (jobs, served) = (lane.jobs.clone(), lane.served());
        let received = self.shared.write(move |connection| {
            let keys = jobs.queued(connection, served, claim.now, count_max)?;
            receive(connection, &keys, claim, count_max)
        });
        let (jobs, deliveries) = received.await?;
        if let Some((last, _)) = jobs.last() {
            lane.serve(*last);
        }
        for (_, job) in jobs {
            self.remember_job(job);
        }
        Ok(deliveries)
    }
}

type Received = (Vec<(i64, Job)>, Vec<Delivery>);

/// Serves the jobs in turn, each with an equal share, so that a large one cannot starve a small one.
fn receive(
    connection: &Connection,
    keys: &[i64],
    claim: Claim,
    count_max: usize,
) -> rusqlite::Result<Received> {
    let mut jobs = Vec::new();
    let mut deliveries = Vec::new();
    for (place, key) in keys.iter().enumerate() {
        let share = (count_max - deliveries.len()).div_ceil(keys.len() - place);
        let before = deliveries.len();
        let job = claim_of_job(connection, *key, claim, share, &mut deliveries)?;
        if deliveries.len() > before {
            jobs.push((*key, job));
        }
    }
    Ok((jobs, deliveries))
}

fn claim_of_job(
    connection: &Connection,
    key: i64,
    claim: Claim,
    share: usize,
    deliveries: &mut Vec<Delivery>,
) -> rusqlite::Result<Job> {
    let sql = "SELECT spec, state, receives_max FROM jobs WHERE id = ?1";
    let (job, receives_max): (Job, u32) =
        connection.prepare_cached(sql)?.query_row([key], |row| Ok((rows::job(row)?, row.get(2)?)))?;
    let hidden_until = claim.now.plus_ms(job.spec.policy.copy_timeout_ms + VISIBILITY_MARGIN_MS);
    let (dead, alive): (Vec<_>, Vec<_>) =
        waiting(connection, key, claim.now, share)?.into_iter().partition(|waiting| {
            waiting.receive_count >= receives_max || waiting.interruptions >= INTERRUPTIONS_MAX
        });
    dead.iter().try_for_each(|waiting| bury(connection, key, waiting.copy))?;
    take(connection, key, claim, hidden_until, &alive)?;
    deliveries.extend(alive.into_iter().map(|waiting| Delivery {
        copy: CopyId { job: job.spec.job.clone(), index: waiting.copy },
        round: waiting.round,
        receive_count: waiting.receive_count + 1,
        sent_at: None,
        receipt: claim.owner.unsigned_abs(),
    }));
    Ok(job)
}

/// Hides messages from other receivers; those that lie side by side in one step.
fn take(
    connection: &Connection,
    key: i64,
    claim: Claim,
    hidden_until: Timestamp,
    messages: &[Waiting],
) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE queue SET receive_count = receive_count + 1, visible_at = ?4, owner = ?5
         WHERE job = ?1 AND copy BETWEEN ?2 AND ?3",
    )?;
    for run in messages.chunk_by(|one, next| one.copy + 1 == next.copy) {
        if let (Some(first), Some(last)) = (run.first(), run.last()) {
            let hidden_until = signed(hidden_until.unix_ms);
            update.execute(params![key, first.copy, last.copy, hidden_until, claim.owner])?;
        }
    }
    Ok(())
}

fn waiting(
    connection: &Connection,
    key: i64,
    now: Timestamp,
    share: usize,
) -> rusqlite::Result<Vec<Waiting>> {
    let mut select = connection.prepare_cached(
        "SELECT copy, round, receive_count, interruptions FROM queue WHERE job = ?1 AND visible_at <= ?2
         ORDER BY copy LIMIT ?3",
    )?;
    let rows = select.query_map(params![key, signed(now.unix_ms), signed(share as u64)], |row| {
        Ok(Waiting {
            copy: row.get(0)?,
            round: row.get(1)?,
            receive_count: row.get(2)?,
            interruptions: row.get(3)?,
        })
    })?;
    rows.collect()
}

fn bury(connection: &Connection, key: i64, copy: u32) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO dead_letters (job, copy, round, receive_count)
               SELECT job, copy, round, receive_count + interruptions FROM queue WHERE job = ?1 AND copy = ?2";
    connection.prepare_cached(sql)?.execute(params![key, copy])?;
    connection
        .prepare_cached("DELETE FROM queue WHERE job = ?1 AND copy = ?2")?
        .execute(params![key, copy])?;
    Ok(())
}

/// What names a delivery: once the message was delivered again or put back, it names nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Delivered {
    key: i64,
    copy: u32,
    round: u32,
    receipt: i64,
    receive_count: u32,
}

impl DeleteMessage for Store {
    async fn delete_message(&self, delivery: &Delivery) -> PortResult<()> {
        self.delete_messages(vec![delivery.clone()]).await
    }
}

impl DelayMessage for Store {
    async fn delay_message(&self, delivery: &Delivery, delay_ms: u64) -> PortResult<()> {
        let Delivered { key, copy, round, receipt, receive_count } = self.delivered(delivery)?;
        let visible_at = signed(self.shared.clock.now().plus_ms(delay_ms).unix_ms);
        let delayed = self.shared.write(move |connection| {
            let sql = "UPDATE queue SET visible_at = ?6, owner = NULL
                       WHERE job = ?1 AND copy = ?2 AND round = ?3 AND owner = ?4 AND receive_count = ?5";
            connection.prepare_cached(sql)?.execute(params![
                key,
                copy,
                round,
                receipt,
                receive_count,
                visible_at
            ])
        });
        delayed.await.map(|_| ())
    }
}

impl Store {
    /// Removes delivered messages; those that lie side by side in one step.
    pub(crate) async fn delete_messages(&self, mut deliveries: Vec<Delivery>) -> PortResult<()> {
        deliveries.sort_unstable_by(|one, other| one.copy.cmp(&other.copy));
        let delivered: Vec<_> =
            deliveries.iter().map(|delivery| self.delivered(delivery)).collect::<Result<_, _>>()?;
        let deleted = self.shared.write_soon(move |connection| {
            let sql = "DELETE FROM queue WHERE job = ?1 AND copy BETWEEN ?2 AND ?3
                       AND round = ?4 AND owner = ?5 AND receive_count = ?6";
            let mut delete = connection.prepare_cached(sql)?;
            let beside =
                |one: &Delivered, next: &Delivered| *next == Delivered { copy: one.copy + 1, ..*one };
            for run in delivered.chunk_by(beside) {
                if let (Some(first), Some(last)) = (run.first(), run.last()) {
                    let Delivered { key, copy, round, receipt, receive_count } = first;
                    delete.execute(params![key, copy, last.copy, round, receipt, receive_count])?;
                }
            }
            Ok(())
        });
        deleted.await
    }

    fn delivered(&self, delivery: &Delivery) -> PortResult<Delivered> {
        Ok(Delivered {
            key: self.key(&delivery.copy.job)?,
            copy: delivery.copy.index,
            round: delivery.round,
            receipt: signed(delivery.receipt),
            receive_count: delivery.receive_count,
        })
    }

    /// Puts back messages that were claimed and never looked at, as if they had not been delivered.
    pub(crate) async fn put_back(&self, deliveries: Vec<Delivery>) -> PortResult<()> {
        let delivered: Vec<_> =
            deliveries.iter().map(|delivery| self.delivered(delivery)).collect::<Result<_, _>>()?;
        let put_back = self.shared.write(move |connection| {
            let sql = "UPDATE queue SET visible_at = 0, owner = NULL, receive_count = receive_count - 1
                       WHERE job = ?1 AND copy = ?2 AND round = ?3 AND owner = ?4 AND receive_count = ?5";
            let mut update = connection.prepare_cached(sql)?;
            for Delivered { key, copy, round, receipt, receive_count } in &delivered {
                update.execute(params![key, copy, round, receipt, receive_count])?;
            }
            Ok(())
        });
        put_back.await
    }
}

impl ReceiveDeadLetters for Store {
    async fn receive_dead_letters(&self, count_max: usize) -> PortResult<Vec<Delivery>> {
        let sql = "SELECT jobs.job, copy, dead_letters.round, receive_count FROM dead_letters
                   JOIN jobs ON jobs.id = dead_letters.job LIMIT ?1";
        let rows: Vec<(String, u32, u32, u32)> = self.read(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map([signed(count_max as u64)], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?;
            rows.collect()
        })?;
        let letter = |(job, index, round, receive_count): (String, u32, u32, u32)| {
            let job = job.parse().map_err(|error| PortError::Permanent(Box::new(error)))?;
            Ok(Delivery { copy: CopyId { job, index }, round, receive_count, sent_at: None, receipt: 0 })
        };
        rows.into_iter().map(letter).collect()
    }
}

impl DeleteDeadLetter for Store {
    async fn delete_dead_letter(&self, delivery: &Delivery) -> PortResult<()> {
        let (key, copy, round) = (self.key(&delivery.copy.job)?, delivery.copy.index, delivery.round);
        let deleted = self.shared.write(move |connection| {
            let sql = "DELETE FROM dead_letters WHERE job = ?1 AND copy = ?2 AND round = ?3";
            connection.prepare_cached(sql)?.execute(params![key, copy, round])
        });
        deleted.await.map(|_| ())
    }
}
