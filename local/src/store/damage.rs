//! What an error of SQLite means for the caller of a port: that another process is busy, that the store cannot be
//! written, or that it is damaged.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use concord_protocol::ports::PortError;
use rusqlite::{Connection, Error, ErrorCode, OptionalExtension};

/// A store that an accident has changed.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", .path.display())]
pub struct DamagedStore {
    /// The file of the store.
    pub path: PathBuf,
    /// What is damaged, in words.
    pub what: String,
}

/// A row that an accident has changed, moved or removed.
#[derive(Debug, thiserror::Error)]
#[error("table {table}: {what}")]
pub(super) struct DamagedRow {
    pub(super) table: &'static str,
    /// The key of its job, if it has one.
    pub(super) job: Option<i64>,
    /// What is wrong, in words.
    pub(super) what: Cow<'static, str>,
}

impl DamagedRow {
    /// The error for a row of `table`, of the job with the key `job`. `what` says what is wrong.
    pub(super) fn of(table: &'static str, job: Option<i64>, what: impl Into<Cow<'static, str>>) -> Error {
        Error::UserFunctionError(Box::new(Self { table, job, what: what.into() }))
    }
}

/// What is damaged, in words, if `error` shows a damage. `connection` reads the name of the job.
pub(super) fn damage(connection: &Connection, error: &Error) -> Option<String> {
    if let Error::UserFunctionError(source) = error {
        let row = source.downcast_ref::<DamagedRow>()?;
        let of_job = row.job.map(|key| format!("job {}, ", name(connection, key)));
        return Some(format!("{}{row}", of_job.unwrap_or_default()));
    }
    damage_of_file(error)
}

/// What is damaged, in words, if an error that names no row shows a damage.
pub(super) fn damage_of_file(error: &Error) -> Option<String> {
    match error {
        Error::SqliteFailure(failure, _)
            if matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
        {
            Some(format!("SQLite says: {error}"))
        }
        // Of the index on the calculations of jobs, which SQLite computes from their rows.
        Error::SqliteFailure(_, Some(text)) if text == "malformed JSON" => {
            Some(format!("SQLite says: {text}"))
        }
        // The tables hold nothing that cannot be read, and every row that a statement must find.
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..)
        | Error::QueryReturnedNoRows => Some(format!("a row cannot be read: {error}")),
        _ => None,
    }
}

/// The id of the job with this key. It is not checked: the row of the job may be the damaged one.
pub(super) fn name(connection: &Connection, key: i64) -> String {
    let select = connection.prepare_cached("SELECT job FROM jobs WHERE id = ?1");
    let name = select.and_then(|mut select| select.query_row([key], |row| row.get(0)).optional());
    name.ok().flatten().unwrap_or_else(|| format!("with the key {key}"))
}

/// The error of a port for an error of SQLite, by what the caller does next. `place` is the file of the store, and
/// `connection` the one that gave the error.
pub(super) fn port_error(place: &Path, connection: &Connection, error: impl Into<Arc<Error>>) -> PortError {
    let error = error.into();
    if let Some(what) = damage(connection, &error) {
        return PortError::Damaged(Box::new(DamagedStore { path: place.to_owned(), what }));
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => PortError::Transient(Box::new(error)),
        _ => PortError::Permanent(Box::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: a flipped bit in the JSON of a job once gave an error that did not say that the store is damaged.
    #[test]
    fn an_index_that_cannot_be_computed_is_a_damage() {
        let connection = Connection::open_in_memory().unwrap();
        let error = connection.query_row("SELECT json_extract('{', '$.a')", [], |_| Ok(())).unwrap_err();
        let port_error = port_error(Path::new("s.db"), &connection, error);
        assert!(matches!(port_error, PortError::Damaged(_)), "{port_error:?}");
        let error = connection.query_row("SELECT a", [], |_| Ok(())).unwrap_err();
        assert_eq!(damage(&connection, &error), None);
    }
}
