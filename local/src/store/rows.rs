//! Converts between the columns of the tables and the types of the protocol.

use std::sync::Arc;

use concord_protocol::{CopySet, Digest, IdError, Job, JobId, SandboxHash};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::checksum;
use super::damage::DamagedRow;

/// A digest as a column.
pub(super) struct DigestColumn(pub(crate) Digest);

impl FromSql for DigestColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        match bytes.split_first_chunk() {
            Some((digest, [])) => Ok(Self(Digest::from_bytes(*digest))),
            _ => Err(FromSqlError::InvalidBlobSize { expected_size: 32, blob_size: bytes.len() }),
        }
    }
}

/// Hashes of sandboxes as a column: 8 bytes of each, big-endian.
pub(super) struct HashesColumn(pub(crate) Vec<SandboxHash>);

impl FromSql for HashesColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        let (hashes, rest) = bytes.as_chunks::<8>();
        if rest.is_empty() {
            let hashes = hashes.iter().map(|hash| SandboxHash::from_bits(u64::from_be_bytes(*hash)));
            return Ok(Self(hashes.collect()));
        }
        Err(FromSqlError::InvalidBlobSize { expected_size: hashes.len() * 8, blob_size: bytes.len() })
    }
}

impl ToSql for HashesColumn {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|hash| hash.bits().to_be_bytes()).collect();
        Ok(ToSqlOutput::from(bytes))
    }
}

/// A bit set as a column.
pub(super) struct SetColumn(pub(crate) CopySet);

impl FromSql for SetColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = value.as_blob()?;
        CopySet::from_bytes(bytes)
            .map(Self)
            .ok_or(FromSqlError::InvalidBlobSize { expected_size: CopySet::BYTES, blob_size: bytes.len() })
    }
}

impl ToSql for SetColumn {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.to_bytes().to_vec()))
    }
}

/// An unsigned number as a column. SQLite has only signed numbers. Times and counts stay far below their limit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column that holds an unsigned number.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).or(Err(rusqlite::Error::IntegralValueOutOfRange(column, number)))
}

/// A column that holds the id of a job.
pub(super) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<JobId> {
    let text = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    text.parse().map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::<IdError>::new(error))
    })
}

/// A column that holds JSON.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// JSON for a column.
pub(super) fn to_json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// What a job's checksum covers.
macro_rules! job_values {
    () => {
        "id, job, submission, submitted_at, payload, spec, state, copies, copy_timeout_ms, receives_max, \
         verdict, round, deadline_at, ended_at, revision, enqueued"
    };
}

/// The columns of `jobs` that [`job`] and [`check_job`] read. The other constants are places in this list.
pub(super) const JOB: &str = concat!(job_values!(), ", checksum");

/// The place of `id` in [`JOB`].
pub(super) const JOB_KEY: usize = 0;

/// The place of `job` in [`JOB`].
pub(super) const JOB_ID: usize = 1;

/// The place of `receives_max` in [`JOB`].
pub(super) const JOB_RECEIVES_MAX: usize = 9;

/// The place of `verdict` in [`JOB`].
pub(super) const JOB_VERDICT: usize = 10;

/// The place of `round` in [`JOB`].
pub(super) const JOB_ROUND: usize = 11;

/// The place of `revision` in [`JOB`].
pub(super) const JOB_REVISION: usize = 14;

/// The place of `enqueued` in [`JOB`].
pub(super) const JOB_ENQUEUED: usize = 15;

const JOB_CHECKSUM: usize = 16;

/// Checks a row with the columns [`JOB`] against its checksum.
pub(super) fn check_job(row: &Row<'_>) -> rusqlite::Result<()> {
    checksum::check(row, "jobs", JOB_CHECKSUM, Some(JOB_KEY))
}

/// A job from the columns [`JOB`].
pub(super) fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    check_job(row)?;
    Ok(Job { spec: Arc::new(json(row, 5)?), state: json(row, 6)? })
}

/// The id of the job with this key. The whole row of the job is checked.
pub(super) fn id_of_key(connection: &Connection, key: i64) -> rusqlite::Result<JobId> {
    let sql = format!("SELECT {JOB} FROM jobs WHERE id = ?1");
    let mut select = connection.prepare_cached(&sql)?;
    let found = select.query_row([key], |row| check_job(row).and_then(|()| id(row, JOB_ID))).optional()?;
    found.ok_or_else(|| DamagedRow::of("jobs", Some(key), "a row is missing"))
}

/// Writes the checksum of a job's row after a change. The row has to be checked before the change: this would hide a
/// damage.
pub(super) fn seal_job(connection: &Connection, key: i64) -> rusqlite::Result<()> {
    let sql = concat!("UPDATE jobs SET checksum = checksum('jobs', ", job_values!(), ") WHERE id = ?1");
    connection.prepare_cached(sql)?.execute([key]).map(|_| ())
}
