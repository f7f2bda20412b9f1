//! Every process that takes copies holds a lock on a file beside the store. The kernel releases the lock when the
//! process ends, however it ends. So an abandoned claim is recognised at once, without heartbeats. The file holds the zero
//! of the process's clock, so that other processes can count from the same moment.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::checksum;
use super::message::{MESSAGE, check_message};
use super::steady::ClockZero;

/// A process that runs makes its lock file anew within this time, if somebody deletes the file.
const RENEWED_WITHIN: Duration = Duration::from_secs(5);

/// Others need not read the files of a store.
pub(super) const FILE_MODE: u32 = 0o600;

/// A lock that ends with its process.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    // Held for its lock.
    file: File,
}

impl Lock {
    /// Takes the lock `name` beside the store, unless another process has it.
    pub(super) fn take(store: &Path, name: &str) -> io::Result<Option<Self>> {
        Self::at(lock_path(store, name))
    }

    fn at(path: PathBuf) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(FILE_MODE).open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { path, file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Writes the zero of this process's clock into the file.
    fn say(&self, zero: ClockZero) -> io::Result<()> {
        (&self.file).write_all(zero.text().as_bytes())
    }

    /// Whether the file of the lock is still where other processes look for it.
    fn is_in_place(&self) -> bool {
        let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
        let held = self.file.metadata().map(identity);
        let there = self.path.metadata().map(identity);
        matches!((held, there), (Ok(held), Ok(there)) if held == there)
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
    zero: ClockZero,
}

impl Owner {
    /// # Errors
    /// When the file of the lock cannot be written.
    pub(super) fn new(id: i64, lock: Lock, zero: ClockZero) -> io::Result<Self> {
        lock.say(zero)?;
        Ok(Self { id, lock: Some(lock), zero })
    }

    /// Makes the file of the lock anew if it was deleted or replaced.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub(super) fn renew_lock(&mut self) -> io::Result<()> {
        let Some(lock) = self.lock.as_ref().filter(|lock| !lock.is_in_place()) else { return Ok(()) };
        if let Some(renewed) = Lock::at(lock.path.clone())? {
            renewed.say(self.zero)?;
            self.lock = Some(renewed);
        }
        Ok(())
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

fn lock_path(store: &Path, name: &str) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(format!("-{name}"));
    PathBuf::from(path)
}

/// Adds an owner, and gives its id.
pub(super) fn register(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    let id = connection.prepare_cached("INSERT INTO owners (name) VALUES (?1)")?.insert([name])?;
    let seal = "UPDATE owners SET checksum = checksum('owners', id, name) WHERE id = ?1";
    connection.prepare_cached(seal)?.execute([id])?;
    Ok(id)
}

/// The processes that take copies from a store, as a process sees them that opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peers {
    /// There is none.
    None,
    /// Somebody deleted the file of a lock: perhaps its owner runs, and makes it anew.
    Perhaps,
    /// There are some, and their clocks have this zero, if one of them says so.
    Run(Option<ClockZero>),
}

/// The processes that take copies from the store. The first of them decides about the time.
pub(super) fn peers(connection: &Connection, store: &Path) -> rusqlite::Result<Peers> {
    let mut select = connection.prepare("SELECT name FROM owners ORDER BY id")?;
    let mut peers = Peers::None;
    for name in select.query_map([], |row| row.get::<_, String>(0))? {
        match (holder(&lock_path(store, &lock_name(&name?))), peers) {
            (Peers::Run(Some(zero)), _) => return Ok(Peers::Run(Some(zero))),
            (Peers::Run(None), _) => peers = Peers::Run(None),
            (Peers::Perhaps, Peers::None) => peers = Peers::Perhaps,
            _ => {}
        }
    }
    Ok(peers)
}

/// Whether a process holds a lock, and what it says of its clock.
fn holder(lock: &Path) -> Peers {
    let Ok(file) = File::open(lock) else { return Peers::Perhaps };
    // A shared lock ends with the file, and does not disturb other processes that look.
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => {
            Peers::Run(io::read_to_string(file).ok().and_then(|text| ClockZero::parse(&text)))
        }
        Ok(()) => Peers::None,
        Err(TryLockError::Error(_)) => Peers::Perhaps,
    }
}

/// The owners whose lock file was missing when this process looked last, and since when.
pub(super) type Missing = HashMap<i64, Instant>;

/// The ids of the owners other than `this` whose process has ended. A lock file that is missing was perhaps deleted while its
/// owner runs: such an owner has [`RENEWED_WITHIN`] to make it anew.
pub(super) fn abandoned(
    connection: &Connection,
    store: &Path,
    this: i64,
    missing: &mut Missing,
) -> rusqlite::Result<Vec<i64>> {
    let mut others = connection.prepare_cached("SELECT id, name, checksum FROM owners WHERE id <> ?1")?;
    let rows = others.query_map([this], |row| {
        checksum::check(row, "owners", 2, None)?;
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut gone = Vec::new();
    for row in rows {
        let (id, name) = row?;
        if lock_path(store, &lock_name(&name)).exists() {
            missing.remove(&id);
        } else if missing.entry(id).or_insert_with(Instant::now).elapsed() < RENEWED_WITHIN {
            continue;
        }
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
    let claimed = format!("SELECT {MESSAGE} FROM queue WHERE owner = ?1");
    for checked in connection.prepare_cached(&claimed)?.query_map([owner], check_message)? {
        checked?;
    }
    let sql = "UPDATE queue SET owner = NULL, visible_at = 0, receive_count = receive_count - 1,
               interruptions = interruptions + ?2, checksum = checksum('queue', job, copy, round, 0,
               receive_count - 1, interruptions + ?2, NULL) WHERE owner = ?1";
    let interruptions = i64::from(leave == Leave::Abandoned);
    connection.prepare_cached(sql)?.execute([owner, interruptions])?;
    connection.prepare_cached("DELETE FROM owners WHERE id = ?1")?.execute([owner])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use concord_protocol::ports::{
        CreateJobs, Delivery, EnqueueCopies, ReceiveCopies, ReceiveDeadLetters, RecordOutcome,
    };
    use concord_testkit::{SUBMITTED_AT, TestClock, id, new_job, outcome};
    use futures::executor::block_on;

    use super::super::opening::Opening;
    use super::super::store::Store;
    use super::{Leave, release};

    fn open(path: &std::path::Path) -> Store {
        Store::open(path, Opening::new(Arc::new(TestClock::at(SUBMITTED_AT)))).unwrap()
    }

    fn owners(store: &Store) -> u32 {
        store
            .read(|connection| connection.query_row("SELECT count(*) FROM owners", [], |row| row.get(0)))
            .unwrap()
    }

    #[test]
    fn an_owner_that_runs_is_not_taken_for_dead() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("s.db"), folder.path().join("link"));
        let first = open(&file);
        block_on(first.own("one".to_owned())).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let other = open(&link);
        block_on(other.own("two".to_owned())).unwrap();
        let both_run = || {
            block_on(other.release_abandoned()).unwrap();
            block_on(first.release_abandoned()).unwrap();
            assert_eq!(owners(&other), 2);
        };
        both_run();
        // Somebody deletes the lock file. Its owner makes it anew, and holds it.
        let lock = folder.path().join("s.db-owner-one");
        std::fs::remove_file(&lock).unwrap();
        both_run();
        assert!(lock.exists());
        both_run();
        block_on(first.disown()).unwrap();
        assert_eq!(owners(&other), 1);
    }

    /// A store with a job of `copies` copies on the queue.
    fn given_queue(folder: &std::path::Path, copies: u32) -> Store {
        let store = open(&folder.join("s.db"));
        block_on(store.create_jobs(vec![new_job("job", copies)])).unwrap();
        block_on(store.enqueue_copies(&id("job"), 0, 0..copies)).unwrap();
        store
    }

    /// A new owner claims every message that is not hidden.
    fn claim(store: &Store, name: String) -> Vec<Delivery> {
        block_on(store.own(name)).unwrap();
        block_on(store.receive_copies(10)).unwrap()
    }

    /// The owner leaves with what it has claimed.
    fn left(store: &Store, leave: Leave) {
        let owner = store.owner_id().unwrap();
        block_on(store.write(move |connection| release(connection, owner, leave))).unwrap();
    }

    #[test]
    fn a_copy_with_an_outcome_of_its_round_does_not_run_again_when_its_owner_dies() {
        let folder = tempfile::tempdir().unwrap();
        let store = given_queue(folder.path(), 4);
        assert_eq!(claim(&store, "first".to_owned()).len(), 4);
        for (index, gave) in [(0, Ok("a")), (1, Err("exit code 1")), (2, Err("exit code 1"))] {
            block_on(store.record_outcome(outcome(&id("job"), index, 0, gave))).unwrap();
        }
        // The failure of copy 2 is of an older round than its message.
        let newer = |connection: &rusqlite::Connection| {
            let sql = "UPDATE queue SET round = 1, checksum = checksum('queue', job, copy, 1, visible_at, receive_count,
                       interruptions, owner) WHERE copy = 2";
            connection.execute(sql, [])
        };
        block_on(store.write(newer)).unwrap();
        left(&store, Leave::Abandoned);
        let again: Vec<_> =
            claim(&store, "second".to_owned()).iter().map(|d| (d.copy.index, d.round)).collect();
        assert_eq!(again, [(2, 1), (3, 0)]);
    }

    #[test]
    fn a_copy_whose_owners_die_is_given_up_in_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = given_queue(folder.path(), 1);
        let leaves = [[Leave::Abandoned; 99].as_slice(), &[Leave::Orderly; 2], &[Leave::Abandoned]].concat();
        for (number, leave) in leaves.into_iter().enumerate() {
            let deliveries = claim(&store, format!("owner-{number}"));
            let counts: Vec<_> = deliveries.iter().map(|delivery| delivery.receive_count).collect();
            assert_eq!(counts, [1], "an interrupted delivery is no attempt: {number}");
            left(&store, leave);
        }
        assert_eq!(claim(&store, "last".to_owned()), []);
        let letters = block_on(store.receive_dead_letters(10)).unwrap();
        assert_eq!(letters.iter().map(|letter| letter.receive_count).collect::<Vec<_>>(), [100]);
    }

    #[test]
    fn a_copy_that_was_put_back_was_not_attempted() {
        let folder = tempfile::tempdir().unwrap();
        let store = given_queue(folder.path(), 1);
        let claimed = claim(&store, "owner".to_owned());
        for _ in 0..10 {
            block_on(store.put_back(claimed.clone())).unwrap();
            assert_eq!(block_on(store.receive_copies(10)).unwrap(), claimed);
        }
    }
}
