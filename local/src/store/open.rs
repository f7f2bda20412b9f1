use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use tempfile::TempDir;

use super::damage::damage_of_file;
use super::lock_wait::{LockPatience, MayBeBusy, StillLocked, TRY_TIMEOUT, is_busy};
use super::owners::FILE_MODE;
use super::{checksum, log};

/// "CNCD": distinguishes a store from any other SQLite file.
const APPLICATION_ID: i32 = 0x434e_4344;

/// The version of the tables in `schema.sql`. A store with another version is refused.
const SCHEMA_VERSION: i32 = 4;

/// The largest number of tries to switch to the write-ahead log while other processes do the same.
const SWITCH_TRIES_MAX: u32 = 1_000;

const SCHEMA: &str = include_str!("schema.sql");

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file is not a database.
    #[error("{} is not a database", .path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database of another program.
    #[error("{} is a database, but not a store of this program", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{} is damaged: {what}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is damaged, in words.
        what: String,
    },
    /// The store was written by a newer version.
    #[error("{} was written by a newer version: its schema is {found}, this version knows {SCHEMA_VERSION}", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: i32,
    },
    /// The store was written by an older version, before the first release.
    #[error("{} was written by an older version: its schema is {found}, this version knows {SCHEMA_VERSION}", .path.display())]
    Older {
        /// The file.
        path: PathBuf,
        /// The version of its schema.
        found: i32,
    },
    /// The file is there, and no store was made in it yet.
    #[error("{} is empty", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds a lock of the store.
    #[error(transparent)]
    Locked(StillLocked),
    /// The file or its folder cannot be opened, read or written.
    #[error("cannot open the store {}", .path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// The error of the system or of SQLite.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl MayBeBusy for OpenError {
    fn of_sqlite(&self) -> Option<&rusqlite::Error> {
        match self {
            Self::Failed { source, .. } => source.downcast_ref(),
            _ => None,
        }
    }
}

/// Opens with `open`, and waits while another process holds a lock.
fn patiently(
    patience: &LockPatience,
    open: impl FnMut() -> Result<Connection, OpenError>,
) -> Result<Connection, OpenError> {
    patience.run(open).map_err(|error| match error {
        OpenError::Failed { path, source } => match source.downcast::<rusqlite::Error>() {
            Ok(busy) if is_busy(&busy) => OpenError::Locked(patience.still_locked(Arc::new(*busy))),
            Ok(other) => OpenError::Failed { path, source: other },
            Err(source) => OpenError::Failed { path, source },
        },
        error => error,
    })
}

/// Opens the store at `path` for writing, and creates it if there is none.
pub(super) fn writer(path: &Path, patience: &LockPatience) -> Result<Connection, OpenError> {
    patiently(patience, || new_writer(path))
}

fn new_writer(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error| open_error(path, error);
    check_log(path)?;
    make_private(path)
        .map_err(|error| OpenError::Failed { path: path.to_owned(), source: Box::new(error) })?;
    // Without the flag for URIs: a store may be called `file:x`.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(TRY_TIMEOUT).map_err(failed)?;
    prepare(path, &mut connection)?;
    // Every group of writes is flushed to the disk before it is reported as done.
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4_000).map_err(failed)?;
    checksum::register(&connection).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens the store at `path` for reading.
pub(super) fn reader(path: &Path, patience: &LockPatience) -> Result<Connection, OpenError> {
    patiently(patience, || new_reader(path))
}

fn new_reader(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error| open_error(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(TRY_TIMEOUT).map_err(failed)?;
    connection.pragma_update(None, "query_only", true).map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Opens the store at `path` without ever writing to it. If the folder of the store cannot be written, SQLite cannot read its
/// log: then a file without a log is read as it is, and of a file with a log a private copy is read, which the second value
/// keeps.
pub(super) fn only_reader(
    path: &Path,
    patience: &LockPatience,
) -> Result<(Connection, Option<TempDir>), OpenError> {
    check_log(path)?;
    match patiently(patience, || checked(path, new_reader(path))) {
        Err(OpenError::Failed { .. }) if path.is_file() => {}
        opened => return opened.map(|connection| (connection, None)),
    }
    let failed = |error: io::Error| OpenError::Failed { path: path.to_owned(), source: Box::new(error) };
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        let folder = tempfile::Builder::new().prefix("concord-store-").tempdir().map_err(failed)?;
        let copy = folder.path().join("copy.db");
        std::fs::copy(path, &copy).map_err(failed)?;
        std::fs::copy(log, folder.path().join("copy.db-wal")).map_err(failed)?;
        return Ok((checked(path, new_reader(&copy))?, Some(folder)));
    }
    let escaped: String = path
        .to_string_lossy()
        .chars()
        .map(|letter| match letter {
            '%' => "%25".to_owned(),
            '?' => "%3f".to_owned(),
            '#' => "%23".to_owned(),
            letter => letter.to_string(),
        })
        .collect();
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags);
    let connection = connection.map_err(|error| open_error(path, error));
    Ok((checked(path, connection)?, None))
}

/// A connection to a store with the tables that this code knows.
fn checked(path: &Path, opened: Result<Connection, OpenError>) -> Result<Connection, OpenError> {
    let connection = opened?;
    let failed = |error| open_error(path, error);
    let read = connection.unchecked_transaction().map_err(failed)?;
    let tables = known(path, &read)?;
    read.finish().map_err(failed)?;
    match tables {
        Tables::Present => Ok(connection),
        // A submit that was killed at its very beginning leaves such a file.
        Tables::Absent => Err(OpenError::Empty { path: path.to_owned() }),
    }
}

/// Checks that no commit was lost from the log of the store. SQLite must not see a damaged log: it deletes the log when the
/// last process closes the store.
fn check_log(path: &Path) -> Result<(), OpenError> {
    match log::is_damaged(path) {
        Ok(false) => Ok(()),
        Ok(true) => {
            let what = "commits are lost from its write-ahead log".to_owned();
            Err(OpenError::Damaged { path: path.to_owned(), what })
        }
        Err(error) => Err(OpenError::Failed { path: path.to_owned(), source: Box::new(error) }),
    }
}

/// Copies what `connection` sees now into a new file.
pub(super) fn copy(connection: &Connection, file: &Path) -> rusqlite::Result<()> {
    connection.pragma_update(None, "query_only", false)?;
    let copied = connection.execute("VACUUM INTO ?1", [file.to_string_lossy()]);
    connection.pragma_update(None, "query_only", true)?;
    copied.map(|_| ())
}

/// Makes an empty file, which only its user may read, unless there is one. SQLite gives its other files the same mode.
fn make_private(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(|_| ()),
    }
}

fn prepare(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let failed = |error| open_error(path, error);
    let read = connection.transaction().map_err(failed)?;
    let before = known(path, &read)?;
    read.finish().map_err(failed)?;
    if before != Tables::Present {
        // A second process waits here, and then sees the tables that the first one made.
        let write = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let batch = match known(path, &write)? {
            Tables::Present => None,
            Tables::Absent => Some(SCHEMA),
        };
        if let Some(batch) = batch {
            write.execute_batch(batch).map_err(failed)?;
            write.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
            write.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(failed)?;
        }
        write.commit().map_err(failed)?;
    }
    log_ahead(connection).map_err(failed)
}

/// Switches to the write-ahead log. SQLite does not wait for other processes when it switches, so an empty write that
/// does wait stands between two tries.
fn log_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let mut switched = connection.pragma_update(None, "journal_mode", "WAL");
    for _ in 0..SWITCH_TRIES_MAX {
        match &switched {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {}
            _ => break,
        }
        connection.execute_batch("BEGIN IMMEDIATE; COMMIT")?;
        switched = connection.pragma_update(None, "journal_mode", "WAL");
    }
    switched
}

/// Which tables are in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tables {
    /// None yet.
    Absent,
    /// The tables that this code knows.
    Present,
}

/// Which tables are in the file. Runs within a transaction, so that all its reads see the same state.
fn known(path: &Path, connection: &Connection) -> Result<Tables, OpenError> {
    let failed = |error| open_error(path, error);
    let pragma =
        |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0)).map_err(failed);
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    match (pragma("application_id")?, pragma("user_version")?) {
        (APPLICATION_ID, SCHEMA_VERSION) if is_schema(connection).map_err(failed)? => Ok(Tables::Present),
        (APPLICATION_ID, SCHEMA_VERSION) => {
            let what = "its tables are not those of this program".to_owned();
            Err(OpenError::Damaged { path: path.to_owned(), what })
        }
        (APPLICATION_ID, found) if found < SCHEMA_VERSION => {
            Err(OpenError::Older { path: path.to_owned(), found })
        }
        (APPLICATION_ID, found) if found > SCHEMA_VERSION => {
            Err(OpenError::Newer { path: path.to_owned(), found })
        }
        (0, 0) if tables == 0 => Ok(Tables::Absent),
        _ => Err(OpenError::Foreign { path: path.to_owned() }),
    }
}

/// Whether the tables and indexes are exactly those of `schema.sql`.
fn is_schema(connection: &Connection) -> rusqlite::Result<bool> {
    let expected = Connection::open_in_memory()?;
    expected.execute_batch(SCHEMA)?;
    let read = |connection: &Connection| -> rusqlite::Result<Vec<[Option<String>; 4]>> {
        let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
        let mut select = connection.prepare(sql)?;
        let rows = select.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
        rows.collect()
    };
    Ok(read(connection)? == read(&expected)?)
}

pub(super) fn open_error(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => OpenError::NotADatabase { path: path.to_owned() },
        _ => match damage_of_file(&error) {
            Some(what) => OpenError::Damaged { path: path.to_owned(), what },
            None => OpenError::Failed { path: path.to_owned(), source: Box::new(error) },
        },
    }
}

#[cfg(test)]
mod tests {
    use concord_testkit::{SUBMITTED_AT, TestClock};

    use super::super::opening::Opening;
    use super::*;

    #[test]
    fn several_processes_can_create_a_store_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let path = folder.path().join(format!("{round}.db"));
            let patience = Opening::new(Arc::new(TestClock::at(SUBMITTED_AT))).patience(&path);
            let opened = std::thread::scope(|scope| {
                let open = || writer(&path, &patience).and_then(|_| reader(&path, &patience)).map(|_| ());
                let threads: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
                threads.into_iter().try_for_each(|thread| thread.join().unwrap())
            });
            opened.unwrap();
        }
    }
}
