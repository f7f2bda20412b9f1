//! Converts between the columns of the tables and the types of the protocol.

use std::sync::Arc;

use concord_protocol::{CopySet, Digest, IdError, Job, JobId, SandboxHash};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Type, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

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

/// A job from the columns `spec, state`.
pub(super) fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job { spec: Arc::new(json(row, 0)?), state: json(row, 1)? })
}
