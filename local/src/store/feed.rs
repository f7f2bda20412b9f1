//! The change feed: an outbox. A row is written in the same transaction as its change.

use concord_protocol::ports::{Announce, PortResult};
use concord_protocol::{Announcement, Change, CopyId, JobId, SandboxHash, Timestamp};
use rusqlite::{Row, params};

use super::rows::{self, DigestColumn, signed};
use super::store::Store;

impl Store {
    /// At most `count_max` changes that were not acknowledged yet, the oldest first, each with its sequence number.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn read_changes(&self, count_max: usize) -> PortResult<Vec<(u64, Change)>> {
        let sql = "SELECT sequence, jobs.job, copy, feed.round, digest, reason, feed.verdict, decided_at,
                   feed.revision, sandbox FROM feed JOIN jobs ON jobs.id = feed.job ORDER BY sequence LIMIT ?1";
        self.read(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let mut rows = select.query([signed(count_max as u64)])?;
            let mut changes: Vec<(u64, Change)> = Vec::new();
            while let Some(row) = rows.next()? {
                let job = job_id(row, changes.last().map(|(_, last)| last.job()))?;
                changes.push((rows::unsigned(row, 0)?, change(row, job)?));
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

/// The job of a row. Most rows are of the same job as the row before, and share the text of its id.
fn job_id(row: &Row<'_>, last: Option<&JobId>) -> rusqlite::Result<JobId> {
    let text = row.get_ref(1)?.as_str()?;
    if let Some(last) = last.filter(|last| last.as_str() == text) {
        return Ok(last.clone());
    }
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn change(row: &Row<'_>, job: JobId) -> rusqlite::Result<Change> {
    let Some(index) = row.get(2)? else {
        let verdict: String = row.get(6)?;
        let wrong = |error| {
            rusqlite::Error::FromSqlConversionFailure(6, rusqlite::types::Type::Text, Box::new(error))
        };
        return Ok(Change::Decided(Announcement {
            job,
            verdict: verdict.parse().map_err(wrong)?,
            decided_at: Timestamp::from_unix_ms(rows::unsigned(row, 7)?),
            revision: rows::unsigned(row, 8)?,
        }));
    };
    let copy = CopyId { job, index };
    Ok(match row.get::<_, Option<DigestColumn>>(4)? {
        Some(DigestColumn(digest)) => {
            let bits = row.get::<_, Option<i64>>(9)?.map(i64::cast_unsigned);
            Change::Produced { copy, digest, sandbox: bits.map(SandboxHash::from_bits) }
        }
        None => Change::Failed { copy, round: row.get(3)?, reason: row.get(5)? },
    })
}

/// On one machine a verdict is announced by a row. The rows of a job show the history of its verdict.
impl Announce for Store {
    async fn announce(&self, announcement: &Announcement) -> PortResult<()> {
        let key = self.key(&announcement.job)?;
        let Announcement { verdict, decided_at, revision, .. } = *announcement;
        let written = self.write(move |connection| {
            let sql = "INSERT OR IGNORE INTO announcements (job, revision, verdict, decided_at)
                       VALUES (?1, ?2, ?3, ?4)";
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
