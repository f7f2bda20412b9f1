//! Every process that takes copies holds a lock on a file beside the store. The kernel releases the lock when the
//! process ends, however it ends. So an abandoned claim is recognised at once, without heartbeats.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// A lock that ends with its process.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    // Held for its lock.
    _file: File,
}

impl Lock {
    /// Takes the lock `name` beside the store, unless another process has it.
    pub(super) fn take(store: &Path, name: &str) -> io::Result<Option<Self>> {
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

    /// Removes the file of the lock. No process will ask for this lock again.
    fn remove(self) {
        // A file that cannot be removed looks like an abandoned lock, and it is one.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// This process as the owner of its claims.
#[derive(Debug)]
pub(super) struct Owner {
    pub(super) id: i64,
    lock: Option<Lock>,
}

impl Owner {
    pub(super) fn new(id: i64, lock: Lock) -> Self {
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
pub(super) fn lock_name(owner: &str) -> String {
    format!("owner-{owner}")
}

/// The ids of the owners other than `this` whose process has ended.
pub(super) fn abandoned(connection: &Connection, store: &Path, this: i64) -> rusqlite::Result<Vec<i64>> {
    let mut others = connection.prepare_cached("SELECT id, name FROM owners WHERE id <> ?1")?;
    let rows = others.query_map([this], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let mut gone = Vec::new();
    for row in rows {
        let (id, name) = row?;
        // An error says nothing about the owner, so its claims stay as they are.
        if let Ok(Some(lock)) = Lock::take(store, &lock_name(&name)) {
            lock.remove();
            gone.push(id);
        }
    }
    Ok(gone)
}

/// How an owner left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// The owner said so itself.
    Orderly,
    /// The process of the owner ended without a word.
    Abandoned,
}

/// Puts back the messages that an owner had claimed and not brought to an outcome, and forgets the owner. An
/// interrupted delivery is not an attempt. It is counted as an interruption, so that a calculation which kills its
/// worker is not run again for ever.
pub(super) fn release(connection: &Connection, owner: i64, leave: Leave) -> rusqlite::Result<()> {
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
