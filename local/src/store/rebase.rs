//! Moves times of the store that no process could have written by its present clock: the clock was set back when no process
//! used the store.

use concord_protocol::limits::RETRY_DELAY_MS_MAX;
use concord_protocol::ports::Clock;
use concord_protocol::{Job, Timestamp};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::message::check_message_of;
use super::rows::{self, JOB, JOB_KEY, signed};
use super::states;

/// Open jobs whose deadline lies ahead. SQLite does not read their JSON: it could read a damaged row before its checksum is
/// checked.
const DUE_JOBS: &str = "FROM jobs WHERE ended_at IS NULL AND deadline_at > ?1";

/// Delayed messages that wait longer than any delay.
const FAR_MESSAGES: &str = "FROM queue WHERE owner IS NULL AND visible_at > ?1";

/// The latest moment at which a message may become visible that is delayed now, as a column.
fn soonest(now: Timestamp) -> i64 {
    signed(now.plus_ms(RETRY_DELAY_MS_MAX).unix_ms)
}

/// Whether there is a time that [`rebase`] would move.
pub(super) fn is_needed(connection: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
    let far_messages = format!("SELECT 1 {FAR_MESSAGES}");
    Ok(connection.prepare(&far_messages)?.exists([soonest(now)])? || !far_jobs(connection, now)?.is_empty())
}

/// Gives every open job its whole time from now at most, and delivers a message at once that waits longer than any delay. Must
/// be called only when no other process uses the store.
pub(super) fn rebase(connection: &Connection, clock: &dyn Clock) -> rusqlite::Result<()> {
    let now = clock.now();
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    for (key, job) in far_jobs(&transaction, now)? {
        let deadline_at = now.plus_ms(job.spec.policy.timeout_ms);
        states::replace(&transaction, clock, key, &job.state.due_at(deadline_at))?;
    }
    for (key, copy) in far_messages(&transaction, now)? {
        check_message_of(&transaction, key, copy)?;
        let sql = "UPDATE queue SET visible_at = 0,
                   checksum = checksum('queue', job, copy, round, 0, receive_count, interruptions, owner)
                   WHERE job = ?1 AND copy = ?2";
        transaction.prepare_cached(sql)?.execute((key, copy))?;
    }
    transaction.commit()
}

/// The open jobs with a deadline that is further ahead than their whole time.
fn far_jobs(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<(i64, Job)>> {
    let mut select = connection.prepare(&format!("SELECT {JOB} {DUE_JOBS}"))?;
    let rows = select.query_map([signed(now.unix_ms)], |row| Ok((row.get(JOB_KEY)?, rows::job(row)?)))?;
    let is_far = |job: &Job| job.state.deadline_at() > now.plus_ms(job.spec.policy.timeout_ms);
    rows.filter(|row| row.as_ref().map_or(true, |(_, job)| is_far(job))).collect()
}

fn far_messages(connection: &Connection, now: Timestamp) -> rusqlite::Result<Vec<(i64, u32)>> {
    let mut select = connection.prepare(&format!("SELECT job, copy {FAR_MESSAGES}"))?;
    select.query_map([soonest(now)], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use concord_protocol::ports::{
        Clock as _, CreateJobs, DelayMessage, EnqueueCopies, ReadJob, ReceiveCopies,
    };
    use concord_testkit::{SUBMITTED_AT, TestClock, id, new_job};
    use futures::executor::block_on;

    use super::*;
    use crate::store::{Opening, Store};

    const DAY_MS: i64 = 86_400_000;
    const HOUR_MS: i64 = 3_600_000;

    /// The store at `path`, with the clock that this process would start now.
    fn open(path: &Path, wall: &TestClock, owner: &str) -> Store {
        let store = Store::open(path, Opening::new(Arc::new(wall.clone()))).unwrap();
        block_on(store.own(owner.to_owned())).unwrap();
        store
    }

    /// A store with a job of two copies on its queue, due in an hour. One copy failed and waits for its next attempt, the
    /// other one runs.
    fn given(path: &Path, wall: &TestClock) -> Store {
        let store = open(path, wall, "one");
        block_on(store.create_jobs(vec![new_job("job", 2)])).unwrap();
        block_on(store.enqueue_copies(&id("job"), 0, 0..2)).unwrap();
        let received = block_on(store.receive_copies(2)).unwrap();
        assert_eq!(received.len(), 2);
        block_on(store.delay_message(&received[0], RETRY_DELAY_MS_MAX)).unwrap();
        store
    }

    fn received(store: &Store) -> Vec<u32> {
        let received = block_on(store.receive_copies(9)).unwrap();
        received.into_iter().map(|delivery| delivery.copy.index).collect()
    }

    fn due_in_ms(store: &Store) -> u64 {
        let job = block_on(store.read_job(&id("job"))).unwrap().unwrap();
        job.state.deadline_at().ms_since(store.clock().now())
    }

    #[test]
    fn a_process_that_starts_after_a_step_agrees_with_those_that_run() {
        for step_ms in [DAY_MS, -DAY_MS, HOUR_MS, -HOUR_MS] {
            let (folder, wall) = (tempfile::tempdir().unwrap(), TestClock::at(SUBMITTED_AT));
            let path = folder.path().join("s.db");
            let first = given(&path, &wall);
            wall.advance_ms(1_000);
            wall.step_ms(step_ms);
            let later = open(&path, &wall, "two");
            let reader = Store::open_to_read(&path, Opening::new(Arc::new(wall.clone()))).unwrap();
            for store in [&first, &later, &reader] {
                assert_eq!(store.clock().now(), SUBMITTED_AT.plus_ms(1_000), "{step_ms}");
                assert_eq!(due_in_ms(store), 3_599_000, "{step_ms}");
                assert!(store.overdue(store.clock().now().unix_ms).unwrap().is_empty());
            }
            // The copy that runs stays where it runs, and the delay takes its time.
            assert_eq!(received(&later), [0; 0]);
            wall.advance_ms(RETRY_DELAY_MS_MAX - 1_000);
            assert_eq!(received(&later), [0]);
            assert_eq!(received(&first), [0; 0]);
        }
    }

    #[test]
    fn no_time_waits_for_a_clock_that_was_set_back() {
        for step_ms in [-DAY_MS, -HOUR_MS] {
            let (folder, wall) = (tempfile::tempdir().unwrap(), TestClock::at(SUBMITTED_AT));
            let path = folder.path().join("s.db");
            block_on(given(&path, &wall).disown()).unwrap();
            wall.step_ms(step_ms);
            let store = open(&path, &wall, "two");
            assert_eq!(store.clock().now(), wall.now());
            assert_eq!(due_in_ms(&store), 3_600_000, "the whole time of the job");
            assert_eq!(received(&store), [0, 1], "{step_ms}");
            wall.advance_ms(3_600_000);
            assert_eq!(store.overdue(store.clock().now().unix_ms).unwrap(), [id("job")]);
        }
    }

    #[test]
    fn plausible_times_stay() {
        let (folder, wall) = (tempfile::tempdir().unwrap(), TestClock::at(SUBMITTED_AT));
        let path = folder.path().join("s.db");
        block_on(given(&path, &wall).disown()).unwrap();
        wall.advance_ms(1);
        let store = open(&path, &wall, "two");
        assert_eq!((due_in_ms(&store), received(&store)), (3_599_999, vec![1]));
        block_on(store.disown()).unwrap();
        // With nobody at work, a step forwards is like a machine that was off: a deadline may have passed meanwhile.
        wall.step_ms(DAY_MS);
        let store = open(&path, &wall, "three");
        assert_eq!(store.overdue(store.clock().now().unix_ms).unwrap(), [id("job")]);
    }
}
