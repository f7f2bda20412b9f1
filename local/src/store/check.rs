//! Checks whether the rows of a store are whole, and whether they fit together. Reads only, in one transaction, so that
//! it sees one state of the store while others write.

use std::collections::{BTreeMap, HashMap};

use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::Clock;
use concord_protocol::{
    Change, ChunkOutcomes, CopySet, Digest, Environment, Job, JobId, JobTally, chunk_of, chunks,
    copies_in_chunk,
};
use rusqlite::{Connection, Row};

use super::checksum;
use super::damage::{self, DamagedRow, damage};
use super::message::{MESSAGE, check_message};
use super::rows::{self, DigestColumn, JOB};
use super::{changes, outcome_rows, tally_rows};

/// The largest number of damages that are listed.
const LISTED_MAX: usize = 1_000;

/// The tables whose rows have the key of a job.
const TABLES_OF_JOBS: [&str; 9] = [
    "queue",
    "dead_letters",
    "outcomes",
    "outputs",
    "feed",
    "tally_digests",
    "tally_failures",
    "tally_sandboxes",
    "rollups",
];

/// What a check of a store has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreCheck {
    /// How many rows of each table were read.
    pub rows: BTreeMap<&'static str, u64>,
    /// What is damaged, at most 1,000 of them.
    pub damages: Vec<Damage>,
    /// How many damages there are.
    pub damages_total: u64,
}

/// Something that is damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The job, if the row belongs to one.
    pub job: Option<String>,
    /// The table; absent if the structure of the file is damaged.
    pub table: Option<&'static str>,
    /// What is wrong, in words.
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.job, self.table) {
            (Some(job), Some(table)) => write!(formatter, "job {job}, table {table}: {}", self.what),
            (Some(job), None) => write!(formatter, "job {job}: {}", self.what),
            (None, Some(table)) => write!(formatter, "table {table}: {}", self.what),
            (None, None) => formatter.write_str(&self.what),
        }
    }
}

/// Called with a table and the number of its rows that were read so far.
pub(super) type Notice<'a> = &'a mut dyn FnMut(&'static str, u64);

/// A check that is being made.
struct RunningCheck<'a> {
    connection: &'a Connection,
    clock: &'a dyn Clock,
    found: StoreCheck,
    notice: Notice<'a>,
}

/// Checks everything.
pub(super) fn whole(connection: &Connection, clock: &dyn Clock, notice: Notice<'_>) -> StoreCheck {
    let mut check = RunningCheck { connection, clock, found: StoreCheck::default(), notice };
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
    let mut check = RunningCheck { connection, clock, found: StoreCheck::default(), notice: &mut |_, _| {} };
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
    let mut check = RunningCheck { connection, clock, found: StoreCheck::default(), notice: &mut |_, _| {} };
    check.job(key)?;
    check
        .found
        .damages
        .pop()
        .map_or(Ok(()), |damage| Err(DamagedRow::of(damage.table.unwrap_or("jobs"), Some(key), damage.what)))
}

/// Files up to this size are checked as a whole before work goes on. Of larger files only the tables that decide are.
const WHOLE_BYTES_MAX: u64 = 256 * 1024 * 1024;

impl RunningCheck<'_> {
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

    /// Runs a step, and notes an error as a damage.
    fn noting(
        &mut self,
        job: Option<i64>,
        table: &'static str,
        step: impl FnOnce(&mut Self) -> rusqlite::Result<()>,
    ) {
        if let Err(error) = step(self) {
            let row = match &error {
                rusqlite::Error::UserFunctionError(source) => source.downcast_ref::<DamagedRow>(),
                _ => None,
            };
            if let Some(DamagedRow { table, job: of_row, what }) = row {
                return self.add(of_row.or(job), Some(table), what.to_string());
            }
            let what = damage(self.connection, &error).unwrap_or_else(|| error.to_string());
            self.add(job, Some(table).filter(|table| !table.is_empty()), what);
        }
    }

    fn add(&mut self, job: Option<i64>, table: Option<&'static str>, what: String) {
        let job = job.map(|key| damage::name(self.connection, key));
        self.found.damages_total += 1;
        if self.found.damages.len() < LISTED_MAX {
            self.found.damages.push(Damage { job, table, what });
        }
    }

    fn count(&mut self, table: &'static str) {
        let rows = self.found.rows.entry(table).or_default();
        *rows += 1;
        (self.notice)(table, *rows);
    }

    /// The structure of the file: its pages, and the order of keys in them.
    fn structure(&mut self, bytes: u64) -> rusqlite::Result<()> {
        self.pragma("PRAGMA integrity_check(jobs)")?;
        if bytes <= WHOLE_BYTES_MAX {
            return self.pragma("PRAGMA quick_check");
        }
        for table in
            ["queue", "dead_letters", "feed", "tally_digests", "tally_failures", "tally_sandboxes", "rollups"]
        {
            self.pragma(&format!("PRAGMA quick_check({table})"))?;
        }
        Ok(())
    }

    fn pragma(&mut self, pragma: &str) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare(pragma)?;
        let mut lines = select.query([])?;
        while let Some(line) = lines.next()? {
            let line: String = line.get(0)?;
            if line != "ok" {
                self.add(None, None, format!("SQLite says: {line}"));
            }
        }
        Ok(())
    }

    fn keys(&self, sql: &str) -> rusqlite::Result<Vec<i64>> {
        self.connection.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
    }

    /// Rows of jobs that the store does not have.
    fn orphans(&mut self, table: &'static str) -> rusqlite::Result<()> {
        // One step for each job, not for each row, where the key begins with the job.
        let next = if table == "feed" {
            "SELECT DISTINCT job FROM feed".to_owned()
        } else {
            format!(
                "WITH RECURSIVE keys (job) AS (SELECT min(job) FROM {table} UNION ALL
                 SELECT (SELECT min(job) FROM {table} WHERE job > keys.job) FROM keys WHERE job IS NOT NULL)
                 SELECT job FROM keys WHERE job IS NOT NULL"
            )
        };
        let sql = format!("SELECT job FROM ({next}) WHERE job NOT IN (SELECT id FROM jobs)");
        for key in self.keys(&sql)? {
            self.add(Some(key), Some(table), "the store has no such job".to_owned());
        }
        Ok(())
    }

    /// Checks the rows of a table that belong to no job.
    fn rows(&mut self, table: &'static str, sql: &str, checksum: usize) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.count(table);
            self.noting(None, table, |_| checksum::check(row, table, checksum, None));
        }
        Ok(())
    }

    fn environments(&mut self) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare_cached("SELECT id, facts, checksum FROM environments")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.count("environments");
            self.noting(None, "environments", |_| {
                checksum::check(row, "environments", 2, None)?;
                rows::json::<Environment>(row, 1).map(|_| ())
            });
        }
        Ok(())
    }

    fn payloads(&mut self) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare_cached("SELECT digest, bytes FROM payloads")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.count("payloads");
            self.noting(None, "payloads", |_| digested(row, 0, "payloads", None));
        }
        Ok(())
    }

    fn outputs(&mut self, key: i64) -> rusqlite::Result<()> {
        let sql = "SELECT digest, bytes FROM outputs WHERE job = ?1";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query([key])?;
        while let Some(row) = rows.next()? {
            self.count("outputs");
            self.noting(Some(key), "outputs", |_| digested(row, 0, "outputs", Some(key)));
        }
        Ok(())
    }

    /// Checks the rows of a job, and whether they fit together. `outputs` are not among them.
    fn job(&mut self, key: i64) -> rusqlite::Result<()> {
        self.count("jobs");
        let sql = format!("SELECT {JOB} FROM jobs WHERE id = ?1");
        let mut select = self.connection.prepare_cached(&sql)?;
        let read = |row: &Row<'_>| Ok((rows::job(row)?, row.get(rows::JOB_ENQUEUED)?));
        let (job, enqueued) = select.query_row([key], read)?;
        let unfolded = self.unfolded(key, &job.spec.job)?;
        let tallies = tally_rows::read_job(self.connection, key)?;
        let rollup = tally_rows::read_rollup(self.connection, key)?;
        for (table, count) in [
            ("tally_digests", tallies.chunks.values().map(|tally| tally.digests.len()).sum::<usize>()),
            ("tally_failures", tallies.chunks.values().map(|tally| tally.failures.len()).sum()),
            ("rollups", usize::from(rollup.is_some())),
        ] {
            *self.found.rows.entry(table).or_default() += count as u64;
        }
        let accounted = self.outcomes(key, &job, &unfolded, &tallies)?;
        let contradiction = rollup.unwrap_or_default().contradiction(&tallies, unfolded.is_empty());
        if let Some(contradiction) = contradiction {
            self.add(Some(key), Some("rollups"), contradiction.to_string());
        }
        self.messages(key, &job, enqueued, &accounted)
    }

    /// The outcomes of a job that are still in the feed, by chunk.
    fn unfolded(&mut self, key: i64, job: &JobId) -> rusqlite::Result<HashMap<u32, Vec<Change>>> {
        let sql = format!("SELECT {} FROM feed WHERE job = ?1", changes::CHANGE);
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut rows = select.query([key])?;
        let mut unfolded = HashMap::<_, Vec<_>>::new();
        while let Some(row) = rows.next()? {
            self.count("feed");
            let change = changes::change(row, job.clone())?;
            if let Change::Produced { copy, .. } | Change::Failed { copy, .. } = &change {
                unfolded.entry(chunk_of(copy.index)).or_default().push(change);
            }
        }
        Ok(unfolded)
    }

    /// Checks the outcomes of a job against its tallies. Gives the copies that need no message: in each chunk those with a
    /// digest, or with a failure of this round.
    fn outcomes(
        &mut self,
        key: i64,
        job: &Job,
        unfolded: &HashMap<u32, Vec<Change>>,
        tallies: &JobTally,
    ) -> rusqlite::Result<BTreeMap<u32, CopySet>> {
        let mut accounted = BTreeMap::<u32, CopySet>::new();
        let with_tally = tallies.chunks.keys().chain(unfolded.keys()).max().map_or(0, |last| last + 1);
        for chunk in 0..chunks(job.spec.copies_most()).max(with_tally) {
            let mut seen = ChunkOutcomes::new(chunk, job.spec.policy.sandboxes_min);
            let copies = chunk * CHUNK_COPIES..(chunk + 1) * CHUNK_COPIES;
            for outcome in outcome_rows::read(self.connection, &job.spec.job, key, copies)? {
                self.count("outcomes");
                if outcome.result.is_ok() || outcome.round >= job.state.round() {
                    accounted.entry(chunk).or_default().insert(outcome.copy.index % CHUNK_COPIES);
                }
                seen.add(&outcome);
            }
            for change in unfolded.get(&chunk).into_iter().flatten() {
                seen.add_unfolded(change);
            }
            let stored = tallies.chunks.get(&chunk).cloned().unwrap_or_default();
            for contradiction in seen.contradictions(&stored) {
                self.add(Some(key), Some("outcomes"), contradiction.to_string());
            }
        }
        Ok(accounted)
    }

    /// Checks the messages of a job, and that every copy that was put on the queue is still there or accounted for. When
    /// the deadline has passed, messages are deleted that nobody answered.
    fn messages(
        &mut self,
        key: i64,
        job: &Job,
        enqueued: u32,
        accounted: &BTreeMap<u32, CopySet>,
    ) -> rusqlite::Result<()> {
        let mut known = accounted.clone();
        let mut note = |copy: u32| known.entry(chunk_of(copy)).or_default().insert(copy % CHUNK_COPIES);
        let sql = format!("SELECT {MESSAGE} FROM queue WHERE job = ?1");
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut rows = select.query([key])?;
        while let Some(row) = rows.next()? {
            self.count("queue");
            check_message(row)?;
            note(row.get(1)?);
        }
        let sql = "SELECT job, copy, round, receive_count, checksum FROM dead_letters WHERE job = ?1";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query([key])?;
        while let Some(row) = rows.next()? {
            self.count("dead_letters");
            checksum::check(row, "dead_letters", 4, Some(0))?;
            note(row.get(1)?);
        }
        if job.state.ended_at().is_some() || self.clock.now() >= job.state.deadline_at() {
            return Ok(());
        }
        for chunk in 0..chunks(enqueued) {
            let wanted = CopySet::first(copies_in_chunk(enqueued, chunk));
            let lost = wanted.minus(known.get(&chunk).copied().unwrap_or_default());
            if let Some(place) = lost.lowest() {
                let copy = chunk * CHUNK_COPIES + place;
                self.add(Some(key), Some("queue"), format!("the message of copy {copy} is missing"));
            }
        }
        Ok(())
    }
}

/// Checks the bytes in the column after `digest` against it.
fn digested(row: &Row<'_>, digest: usize, table: &'static str, job: Option<i64>) -> rusqlite::Result<()> {
    let expected = row.get::<_, DigestColumn>(digest)?.0;
    let bytes = row.get_ref(digest + 1)?.as_blob()?;
    if Digest::of(bytes) == expected {
        return Ok(());
    }
    Err(DamagedRow::of(table, job, "a row does not fit its digest"))
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
