//! The structure of the file, and the rows that belong to no job.

use concord_protocol::Environment;

use super::digested::digested;
use super::running::RunningCheck;
use crate::store::{checksum, rows};

/// The tables whose rows have the key of a job.
pub(super) const TABLES_OF_JOBS: [&str; 9] = [
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

/// Files up to this size are checked as a whole before work goes on. Of larger files only the tables that decide are.
const WHOLE_BYTES_MAX: u64 = 256 * 1024 * 1024;

impl RunningCheck<'_> {
    /// The structure of the file: its pages, and the order of keys in them.
    pub(super) fn structure(&mut self, bytes: u64) -> rusqlite::Result<()> {
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

    /// Rows of jobs that the store does not have.
    pub(super) fn orphans(&mut self, table: &'static str) -> rusqlite::Result<()> {
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
    pub(super) fn rows(&mut self, table: &'static str, sql: &str, checksum: usize) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.count(table);
            self.noting(None, table, |_| checksum::check(row, table, checksum, None));
        }
        Ok(())
    }

    pub(super) fn environments(&mut self) -> rusqlite::Result<()> {
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

    pub(super) fn payloads(&mut self) -> rusqlite::Result<()> {
        let mut select = self.connection.prepare_cached("SELECT digest, bytes FROM payloads")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            self.count("payloads");
            self.noting(None, "payloads", |_| digested(row, 0, "payloads", None));
        }
        Ok(())
    }
}
