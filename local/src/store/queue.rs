//! Takes copies from the queue: visibility timeout, receive count and dead letters, as tables.

use concord_protocol::ports::{Delivery, PortError, PortResult, ReceiveCopies, ReceiveDeadLetters};
use concord_protocol::{CopyId, Job, Timestamp};
use rusqlite::{Connection, params};

use super::checksum;
use super::message::{MESSAGE, check_message};
use super::rows::{self, JOB, signed};
use super::selection::QueueSelection;
use super::store::Store;

/// Deliveries of a message that may end with the death of their process before the copy is given up.
const INTERRUPTIONS_MAX: u32 = 100;

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

impl ReceiveCopies for Store {
    /// Receives copies that need a thread of this machine. The copies of functions are received with a selection of
    /// their jobs.
    async fn receive_copies(&self, count_max: usize) -> PortResult<Vec<Delivery>> {
        self.receive_from(self.local_selection(), count_max).await
    }
}

impl Store {
    /// At most `count_max` messages of a selection.
    pub(crate) async fn receive_from(
        &self,
        selection: &QueueSelection,
        count_max: usize,
    ) -> PortResult<Vec<Delivery>> {
        let owner = self.owner_id();
        let owner = owner.ok_or(PortError::Invalid("only a registered owner may receive copies"))?;
        let claim = Claim { owner, now: self.clock().now() };
        let (jobs, served) = (selection.jobs().clone(), selection.served());
        let received = self.write(move |connection| {
            let keys = jobs.queued(connection, served, claim.now, count_max)?;
            receive(connection, &keys, claim, count_max)
        });
        let (jobs, deliveries) = received.await?;
        if let Some((last, _)) = jobs.last() {
            selection.set_served(*last);
        }
        for (_, job) in jobs {
            self.remember_job(job);
        }
        Ok(deliveries)
    }

    /// Removes a dead letter whose copy is accounted for.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn delete_dead_letter(&self, delivery: &Delivery) -> PortResult<()> {
        let (key, copy, round) = (self.key(&delivery.copy.job)?, delivery.copy.index, delivery.round);
        let deleted = self.write(move |connection| {
            let sql = "DELETE FROM dead_letters WHERE job = ?1 AND copy = ?2 AND round = ?3";
            connection.prepare_cached(sql)?.execute(params![key, copy, round])
        });
        deleted.await.map(|_| ())
    }
}

type Received = (Vec<(i64, Job)>, Vec<Delivery>);

/// Serves the jobs in turn, each with an equal share, so that a large job cannot starve a small one.
fn receive(
    connection: &Connection,
    keys: &[i64],
    claim: Claim,
    count_max: usize,
) -> rusqlite::Result<Received> {
    let mut jobs = Vec::new();
    let mut deliveries = Vec::new();
    for (turn, key) in keys.iter().enumerate() {
        let share = (count_max - deliveries.len()).div_ceil(keys.len() - turn);
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
    let sql = format!("SELECT {JOB} FROM jobs WHERE id = ?1");
    let (job, receives_max): (Job, u32) = connection
        .prepare_cached(&sql)?
        .query_row([key], |row| Ok((rows::job(row)?, row.get(rows::JOB_RECEIVES_MAX)?)))?;
    let hidden_until = claim.now.plus_ms(job.spec.policy.hidden_ms());
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

/// Hides messages from other receivers. Neighbours are hidden by one statement.
fn take(
    connection: &Connection,
    key: i64,
    claim: Claim,
    hidden_until: Timestamp,
    messages: &[Waiting],
) -> rusqlite::Result<()> {
    let mut update = connection.prepare_cached(
        "UPDATE queue SET receive_count = receive_count + 1, visible_at = ?4, owner = ?5,
         checksum = checksum('queue', job, copy, round, ?4, receive_count + 1, interruptions, ?5)
         WHERE job = ?1 AND copy BETWEEN ?2 AND ?3",
    )?;
    for neighbours in messages.chunk_by(|one, next| one.copy + 1 == next.copy) {
        if let (Some(first), Some(last)) = (neighbours.first(), neighbours.last()) {
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
    let sql =
        format!("SELECT {MESSAGE} FROM queue WHERE job = ?1 AND visible_at <= ?2 ORDER BY copy LIMIT ?3");
    let mut select = connection.prepare_cached(&sql)?;
    let rows = select.query_map(params![key, signed(now.unix_ms), signed(share as u64)], |row| {
        check_message(row)?;
        Ok(Waiting {
            copy: row.get(1)?,
            round: row.get(2)?,
            receive_count: row.get(4)?,
            interruptions: row.get(5)?,
        })
    })?;
    rows.collect()
}

fn bury(connection: &Connection, key: i64, copy: u32) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO dead_letters (job, copy, round, receive_count, checksum)
               SELECT job, copy, round, receive_count + interruptions,
               checksum('dead_letters', job, copy, round, receive_count + interruptions)
               FROM queue WHERE job = ?1 AND copy = ?2";
    connection.prepare_cached(sql)?.execute(params![key, copy])?;
    connection
        .prepare_cached("DELETE FROM queue WHERE job = ?1 AND copy = ?2")?
        .execute(params![key, copy])?;
    Ok(())
}

impl ReceiveDeadLetters for Store {
    async fn receive_dead_letters(&self, count_max: usize) -> PortResult<Vec<Delivery>> {
        let sql = "SELECT job, copy, round, receive_count, checksum FROM dead_letters LIMIT ?1";
        self.read(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map([signed(count_max as u64)], |row| {
                checksum::check(row, "dead_letters", 4, Some(0))?;
                let copy = CopyId { job: rows::id_of_key(connection, row.get(0)?)?, index: row.get(1)? };
                let (round, receive_count) = (row.get(2)?, row.get(3)?);
                Ok(Delivery { copy, round, receive_count, sent_at: None, receipt: 0 })
            })?;
            rows.collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use concord_protocol::ports::{CreateJobs, EnqueueCopies, NewJob, ReceiveCopies};
    use concord_protocol::{Calculation, JobId, JobSpec};
    use concord_testkit::{PAYLOAD, SUBMITTED_AT, TestClock, id, spec};
    use futures::executor::block_on;

    use super::super::opening::Opening;
    use super::*;

    fn function(name: &str) -> NewJob {
        let calculation =
            Calculation::Function { name: name.to_owned(), qualifier: None, region: "r".to_owned() };
        assert!(calculation.runs_remotely());
        NewJob { spec: JobSpec { calculation, ..spec(name, 10) }, payload: PAYLOAD.into() }
    }

    /// The copies of functions that this process does not wait for take no room from others, and are not delivered.
    #[test]
    fn selections_do_not_overlap() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(TestClock::at(SUBMITTED_AT));
        let store = Store::open(&folder.path().join("s.db"), Opening::new(clock)).unwrap();
        let command = concord_testkit::new_job("command", 10);
        block_on(store.create_jobs(vec![function("mine"), function("theirs"), command])).unwrap();
        block_on(store.own("local-test".to_owned())).unwrap();
        let ids: [JobId; 3] = ["mine", "theirs", "command"].map(id);
        let (local, mine) = (store.local_selection(), store.select(&ids[..1]).unwrap());
        let to_enqueue = |selection| {
            let found = store.next_to_enqueue(selection, 10).unwrap();
            found.into_iter().map(|(job, _)| job.spec.job.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(to_enqueue(local), ["command"]);
        assert_eq!(to_enqueue(&mine), ["mine"]);
        for id in &ids {
            block_on(store.enqueue_copies(id, 0, 0..10)).unwrap();
        }
        assert_eq!((store.queued(local).unwrap(), store.queued(&mine).unwrap()), (10, 10));
        let received = block_on(store.receive_copies(100)).unwrap();
        assert!(received.len() == 10 && received.iter().all(|delivery| delivery.copy.job == ids[2]));
        let received = block_on(store.receive_from(&mine, 7)).unwrap();
        assert!(received.len() == 7 && received.iter().all(|delivery| delivery.copy.job == ids[0]));
        assert_eq!(block_on(store.receive_from(&mine, 7)).unwrap().len(), 3);
    }
}
