//! A row of the change feed as it is read.

use concord_protocol::{Announcement, Change, CopyId, JobId, SandboxHash, Timestamp};
use rusqlite::Row;

use super::checksum;
use super::rows::{self, DigestColumn};

/// The columns of `feed` that [`change`] reads. The last one is the sequence number.
pub(super) const CHANGE: &str =
    "job, copy, round, digest, sandbox, reason, verdict, decided_at, revision, checksum, sequence";

/// Checks a row with the columns [`CHANGE`], and gives its change.
pub(super) fn change(row: &Row<'_>, job: JobId) -> rusqlite::Result<Change> {
    checksum::check(row, "feed", 9, Some(0))?;
    let Some(index) = row.get(1)? else {
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
    Ok(match row.get::<_, Option<DigestColumn>>(3)? {
        Some(DigestColumn(digest)) => {
            let bits = row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned);
            Change::Produced { copy, digest, sandbox: bits.map(SandboxHash::from_bits) }
        }
        None => Change::Failed { copy, round: row.get(2)?, reason: row.get(5)? },
    })
}
