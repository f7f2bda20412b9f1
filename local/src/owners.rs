//! Who is there: every process that takes copies holds a lock on a file beside the store, which the kernel lets go of
//! when the process ends, however it ends. So a claim is known to be abandoned at once, without heartbeats.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// A lock that ends with its process.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    // Held for its lock.
    _file: File,
}

impl Lock {
    /// Takes the lock beside the store if nobody has it.
    pub(crate) fn take(store: &Path, name: &str) -> io::Result<Option<Self>> {
        let mut path = store.as_os_str().to_owned();
        path.push(format!("-{name}"));
        let path = PathBuf::from(path);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { path, _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Removes the file of a lock that nobody will ask for again.
    fn remove(self) {
        // A file that stays is taken for an abandoned lock, which it is.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// This process, as the one whose claims those are.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(crate) id: i64,
    lock: Option<Lock>,
}

impl Owner {
    pub(crate) fn new(id: i64, lock: Lock) -> Self {
        Self { id, lock: Some(lock) }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        if let Some(lock) = self.lock.take() {
            lock.remove();
        }
    }
}

/// The name of an owner's lock.
pub(crate) fn lock_name(owner: &str) -> String {
    format!("owner-{owner}")
}

/// The owners other than `this` whose process has ended: their ids.
pub(crate) fn abandoned(connection: &Connection, store: &Path, this: i64) -> rusqlite::Result<Vec<i64>> {
    let mut others = connection.prepare_cached("SELECT id, name FROM owners WHERE id <> ?1")?;
    let rows = others.query_map([this], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let mut gone = Vec::new();
    for row in rows {
        let (id, name) = row?;
        // An error means that nothing is known of the owner, and then its claims are left alone.
        if let Ok(Some(lock)) = Lock::take(store, &lock_name(&name)) {
            lock.remove();
            gone.push(id);
        }
    }
    Ok(gone)
}

/// How an owner came to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It says so itself.
    Orderly,
    /// Its process has ended without a word.
    Abandoned,
}

/// Puts back what an owner had claimed and not brought to an outcome, and forgets the owner. An interrupted delivery is not an attempt; so that a
/// calculation which ends its worker cannot do so for ever, such ends are counted by themselves.
pub(crate) fn release(connection: &Connection, owner: i64, leave: Leave) -> rusqlite::Result<()> {
    let accounted = "DELETE FROM queue WHERE owner = ?1 AND EXISTS (SELECT 1 FROM outcomes
                     WHERE outcomes.job = queue.job AND outcomes.copy = queue.copy
                     AND (digest IS NOT NULL OR outcomes.round >= queue.round))";
    connection.prepare_cached(accounted)?.execute([owner])?;
    let sql = "UPDATE queue SET owner = NULL, visible_at = 0, receive_count = receive_count - 1,
               interruptions = interruptions + ?2 WHERE owner = ?1";
    let interruptions = i64::from(leave == Leave::Abandoned);
    connection.prepare_cached(sql)?.execute([owner, interruptions])?;
    connection.prepare_cached("DELETE FROM owners WHERE id = ?1")?.execute([owner])?;
    Ok(())
}
