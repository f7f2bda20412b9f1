//! The change feed: an outbox. A row is written in the same transaction as its change.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use concord_protocol::ports::{Announce, PortResult};
use concord_protocol::{Announcement, Change, JobId};
use rusqlite::params;

use super::changes::{CHANGE, change};
use super::rows::{self, signed};
use super::store::Store;

impl Store {
    /// At most `count_max` changes that were not acknowledged yet, the oldest first, each with its sequence number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read_changes(&self, count_max: usize) -> PortResult<Vec<(u64, Change)>> {
        let sql = format!("SELECT {CHANGE} FROM feed ORDER BY sequence LIMIT ?1");
        self.read(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let mut rows = select.query([signed(count_max as u64)])?;
            let mut jobs = HashMap::new();
            let mut changes = Vec::new();
            while let Some(row) = rows.next()? {
                let job = match jobs.entry(row.get::<_, i64>(0)?) {
                    Entry::Occupied(known) => JobId::clone(known.get()),
                    Entry::Vacant(new) => {
                        let id = rows::id_of_key(connection, *new.key())?;
                        new.insert(id).clone()
                    }
                };
                changes.push((rows::unsigned(row, 10)?, change(row, job)?));
            }
            Ok(changes)
        })
    }

    /// Removes the changes with these sequence numbers from the feed. Neighbours are removed by one statement.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn acknowledge_changes(&self, sequences: Vec<u64>) -> PortResult<()> {
        let done = self.write(move |connection| {
            let sql = "DELETE FROM feed WHERE sequence BETWEEN ?1 AND ?2";
            let mut delete = connection.prepare_cached(sql)?;
            for neighbours in sequences.chunk_by(|one, next| one + 1 == *next) {
                if let (Some(first), Some(last)) = (neighbours.first(), neighbours.last()) {
                    delete.execute(params![signed(*first), signed(*last)])?;
                }
            }
            Ok(())
        });
        done.await
    }

    /// The sequence number of the oldest change in the feed.
    pub(crate) fn oldest_change(&self) -> PortResult<Option<u64>> {
        let sql = "SELECT min(sequence) FROM feed";
        let oldest: Option<i64> =
            self.read(|connection| connection.prepare_cached(sql)?.query_row([], |row| row.get(0)))?;
        Ok(oldest.map(i64::unsigned_abs))
    }

    /// The sequence number of the newest change in the feed.
    pub(crate) fn newest_change(&self) -> PortResult<Option<u64>> {
        let sql = "SELECT max(sequence) FROM feed";
        let newest: Option<i64> =
            self.read(|connection| connection.prepare_cached(sql)?.query_row([], |row| row.get(0)))?;
        Ok(newest.map(i64::unsigned_abs))
    }
}

/// On one machine a verdict is announced by a row. The rows of a job show the history of its verdict.
impl Announce for Store {
    async fn announce(&self, announcement: &Announcement) -> PortResult<()> {
        let key = self.key(&announcement.job)?;
        let Announcement { verdict, decided_at, revision, .. } = *announcement;
        let written = self.write(move |connection| {
            let sql = "INSERT OR IGNORE INTO announcements (job, revision, verdict, decided_at, checksum)
                       VALUES (?1, ?2, ?3, ?4, checksum('announcements', ?1, ?2, ?3, ?4))";
            let decided_at = signed(decided_at.unix_ms);
            connection.prepare_cached(sql)?.execute(params![
                key,
                signed(revision),
                verdict.as_str(),
                decided_at
            ])
        });
        written.await.map(|_| ())
    }
}
