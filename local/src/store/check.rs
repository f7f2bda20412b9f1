//! Checks whether the rows of a store are whole, and whether they fit together. Reads only, in one transaction, so that
//! it sees one state of the store while others write.

use concord_protocol::ports::Clock;
use rusqlite::Connection;

use self::file::TABLES_OF_JOBS;
use self::running::{Notice, RunningCheck};
use super::damage::DamagedRow;

mod digested;
mod file;
mod job;
mod running;

pub use self::running::{Damage, StoreCheck};

/// Checks everything.
pub(super) fn whole(connection: &Connection, clock: &dyn Clock, notice: Notice<'_>) -> StoreCheck {
    let mut check = RunningCheck::new(connection, clock, notice);
    check.noting(None, "", RunningCheck::all);
    check.found
}

/// Checks the jobs that are not finished: what a process that goes on with them will rely on. `bytes` is the size of the
/// file. Gives the first damage.
pub(super) fn unfinished(
    connection: &Connection,
    clock: &dyn Clock,
    bytes: u64,
) -> rusqlite::Result<Option<Damage>> {
    let mut notice = |_: &'static str, _| {};
    let mut check = RunningCheck::new(connection, clock, &mut notice);
    let read = connection.unchecked_transaction()?;
    let sql = "SELECT id FROM jobs WHERE ended_at IS NULL UNION SELECT job FROM feed";
    let keys = check.keys(sql)?;
    if !keys.is_empty() {
        check.structure(bytes)?;
        for table in TABLES_OF_JOBS {
            check.orphans(table)?;
        }
        for key in keys {
            check.noting(Some(key), "jobs", |check| check.job(key));
            if check.found.damages_total > 0 {
                break;
            }
        }
    }
    read.finish()?;
    Ok(check.found.damages.into_iter().next())
}

/// Checks one job.
///
/// # Errors
/// When it is damaged.
pub(super) fn one_job(connection: &Connection, clock: &dyn Clock, key: i64) -> rusqlite::Result<()> {
    let mut notice = |_: &'static str, _| {};
    let mut check = RunningCheck::new(connection, clock, &mut notice);
    check.job(key)?;
    check
        .found
        .damages
        .pop()
        .map_or(Ok(()), |damage| Err(DamagedRow::of(damage.table.unwrap_or("jobs"), Some(key), damage.what)))
}

impl RunningCheck<'_> {
    /// Checks everything.
    fn all(&mut self) -> rusqlite::Result<()> {
        let read = self.connection.unchecked_transaction()?;
        self.pragma("PRAGMA integrity_check(100)")?;
        self.noting(None, "owners", |check| check.rows("owners", "SELECT id, name, checksum FROM owners", 2));
        self.noting(None, "environments", Self::environments);
        self.noting(None, "payloads", Self::payloads);
        self.noting(None, "goldens", |check| {
            let sql = "SELECT calculation, payload, digest, job, accepted_at, output, checksum FROM goldens";
            check.rows("goldens", sql, 6)
        });
        self.noting(None, "announcements", |check| {
            let sql = "SELECT job, revision, verdict, decided_at, checksum FROM announcements";
            check.rows("announcements", sql, 4)
        });
        for table in TABLES_OF_JOBS {
            self.noting(None, table, |check| check.orphans(table));
        }
        for key in self.keys("SELECT id FROM jobs")? {
            self.noting(Some(key), "jobs", |check| check.job(key));
            self.noting(Some(key), "outputs", |check| check.outputs(key));
        }
        read.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use concord_protocol::ports::{CreateJobs, EnqueueCopies, RecordOutcome};
    use concord_testkit::{SUBMITTED_AT, TestClock, id, new_job, outcome};
    use futures::executor::block_on;
    use rusqlite::Connection;

    use crate::store::Store;
    use crate::{OpenError, Opening, catch_up};

    /// What is wrong with a store with an unfinished job after a statement has changed it.
    fn wrong(statement: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.db");
        let open = || Store::open(&path, Opening::new(Arc::new(TestClock::at(SUBMITTED_AT))));
        let store = open().unwrap();
        block_on(async {
            store.create_jobs(vec![new_job("job", 4)]).await.unwrap();
            store.enqueue_copies(&id("job"), 0, 0..4).await.unwrap();
            store.record_outcome(outcome(&id("job"), 0, 0, Ok("a"))).await.unwrap();
            store.record_outcome(outcome(&id("job"), 1, 0, Err("exit code 1"))).await.unwrap();
            catch_up(&store).await.unwrap();
            store.record_outcome(outcome(&id("job"), 2, 0, Ok("a"))).await.unwrap();
        });
        drop(store);
        Connection::open(&path).unwrap().execute_batch(statement).unwrap();
        match open() {
            Ok(_) => None,
            Err(OpenError::Damaged { what, .. }) => Some(what),
            Err(error) => panic!("{error:?}"),
        }
    }

    /// A row that is gone has no checksum that could show it. The other rows of its job do.
    #[test]
    fn a_lost_row_is_missed_when_the_store_is_opened() {
        let check = |statement, expect: Option<&str>| {
            assert_eq!(wrong(statement).as_deref(), expect, "{statement}");
        };
        check("SELECT 1", None);
        check(
            "DELETE FROM queue WHERE copy = 3",
            Some("job job, table queue: the message of copy 3 is missing"),
        );
        check(
            "DELETE FROM outcomes WHERE copy = 0",
            Some("job job, table outcomes: the tally has a result of copy 0 that no outcome has"),
        );
        check(
            "DELETE FROM tally_digests",
            Some("job job, table outcomes: the outcome of copy 0 is not in the tally"),
        );
        check(
            "DELETE FROM tally_failures",
            Some("job job, table outcomes: the outcome of copy 1 is not in the tally"),
        );
        check("DELETE FROM feed", Some("job job, table outcomes: the outcome of copy 2 is not in the tally"));
        check("UPDATE jobs SET enqueued = 3", Some("job job, table jobs: a row does not fit its checksum"));
        check("DELETE FROM jobs", Some("job with the key 1, table queue: the store has no such job"));
    }
}
