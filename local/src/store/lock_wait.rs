//! Waiting for a lock of the store that another process holds, and which process that is. Linux lists the locks of files in
//! `/proc/locks` (`proc_locks(5)`), with the numbers of their files and processes.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use concord_protocol::ports::PortError;
use rusqlite::{Connection, ErrorCode};

use super::damage::port_error;
use super::transaction_gate::{Inside, TransactionGate};

/// How long a write waits until another process has finished its write.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(30);

/// How long SQLite itself waits for a lock. Between two such waits this process may stop.
pub(super) const TRY_TIMEOUT: Duration = Duration::from_millis(100);

/// The pause before the next try if SQLite itself did not wait.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a write waits before this is told, and how often the process that holds the lock is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A write of this process waits for a lock of the store, which another process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockWait {
    /// The file of the store.
    pub store: PathBuf,
    /// The process that holds the lock. `None` where it cannot be known: it is on another machine, in another container, or
    /// the system does not list locks.
    pub holder: Option<LockHolder>,
}

/// A process that holds a lock of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockHolder {
    /// Its process id.
    pub process: u32,
    /// Whether it was stopped (SIGSTOP, Ctrl-Z, a debugger) and goes on only when it is told to.
    pub is_stopped: bool,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.process, if self.is_stopped { "stopped" } else { "running" })
    }
}

impl fmt::Display for LockWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.holder {
            Some(holder) => holder.fmt(f),
            None => f.write_str("another process, which cannot be known,"),
        }
    }
}

/// Another process held a lock of the store for too long.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{wait} has held the write lock of the store for {} s", LOCK_WAIT_MAX.as_secs())]
pub struct StillLocked {
    /// For whom the write waited at last.
    pub wait: LockWait,
    #[source]
    source: Arc<rusqlite::Error>,
}

/// What is called when a write waits for another process, about once a second while the process or its state changes.
pub(super) type TellWait = Arc<dyn Fn(&LockWait) + Send + Sync>;

/// How this process waits for the locks of a store.
#[derive(Clone)]
pub(super) struct LockPatience {
    /// The file of the store, without symbolic links.
    pub(super) store: PathBuf,
    pub(super) gate: TransactionGate,
    pub(super) tell: TellWait,
}

/// A connection that is used and closed inside the gate, and whose uses wait while another process holds a lock.
pub(super) struct PatientConnection {
    // Closed before the gate is left.
    connection: Connection,
    patience: LockPatience,
    closing: Option<Inside>,
}

impl PatientConnection {
    pub(super) fn new(connection: Connection, patience: LockPatience) -> Self {
        Self { connection, patience, closing: None }
    }

    /// Runs `work`, again and again while another process holds a lock. The error is the last one of `work`.
    pub(super) fn run<T, E: MayBeBusy>(
        &self,
        mut work: impl FnMut(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.patience.run(|| work(&self.connection))
    }

    /// The connection itself, for what may take long and locks nothing for others.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The error of [`Self::run`], for all that wait for it.
    pub(super) fn failed(&self, error: rusqlite::Error) -> StoreFailure {
        let error = Arc::new(error);
        if is_busy(&error) {
            StoreFailure::Locked(self.patience.still_locked(error))
        } else {
            StoreFailure::Sqlite(error)
        }
    }
}

impl Drop for PatientConnection {
    fn drop(&mut self) {
        // The last process that closes a store writes its log into its file, under a lock.
        self.closing = Some(self.patience.gate.enter());
    }
}

/// Why the store could not be used.
#[derive(Clone, Debug)]
pub(super) enum StoreFailure {
    /// Another process held a lock for too long.
    Locked(StillLocked),
    /// Anything else.
    Sqlite(Arc<rusqlite::Error>),
}

impl StoreFailure {
    /// The error of a port, by what the caller does next. `place` is the file of the store, and `connection` the one that
    /// gave the error.
    pub(super) fn of_port(self, place: &Path, connection: &Connection) -> PortError {
        match self {
            Self::Locked(locked) => PortError::Transient(Box::new(locked)),
            Self::Sqlite(error) => port_error(place, connection, error),
        }
    }
}

/// An error that may mean that another process holds a lock.
pub(super) trait MayBeBusy {
    fn of_sqlite(&self) -> Option<&rusqlite::Error>;
}

impl MayBeBusy for rusqlite::Error {
    fn of_sqlite(&self) -> Option<&rusqlite::Error> {
        Some(self)
    }
}

impl LockPatience {
    /// Runs `work` inside the gate, again and again while another process holds a lock, for [`LOCK_WAIT_MAX`] at most.
    /// The error is the last one of `work`.
    pub(super) fn run<T, E: MayBeBusy>(&self, mut work: impl FnMut() -> Result<T, E>) -> Result<T, E> {
        let started = Instant::now();
        let mut look_at = started + LOOK_EVERY;
        let mut told = None;
        loop {
            let inside = self.gate.enter();
            let tried_at = Instant::now();
            let done = work();
            drop(inside);
            match &done {
                Err(error) if error.of_sqlite().is_some_and(is_busy) && started.elapsed() < LOCK_WAIT_MAX => {
                }
                _ => return done,
            }
            if tried_at.elapsed() < TRY_TIMEOUT {
                // SQLite does not wait where it fears a deadlock.
                std::thread::park_timeout(PAUSE);
            }
            if Instant::now() >= look_at {
                look_at = Instant::now() + LOOK_EVERY;
                let wait = self.wait();
                if told.as_ref() != Some(&wait) {
                    (self.tell)(&wait);
                    told = Some(wait);
                }
            }
        }
    }

    /// For whom a write waits now.
    fn wait(&self) -> LockWait {
        LockWait { store: self.store.clone(), holder: holder(&self.store) }
    }

    /// The error for a lock that another process held for too long.
    pub(super) fn still_locked(&self, error: Arc<rusqlite::Error>) -> StillLocked {
        StillLocked { wait: self.wait(), source: error }
    }
}

/// Whether another process holds a lock.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// The byte of the file `-shm` whose lock makes a process the one that writes
/// (<https://sqlite.org/walformat.html#wal_locks>).
const WRITE_LOCK_BYTE: &str = "120";

/// The process that holds a lock for which writes wait, other than this one.
fn holder(store: &Path) -> Option<LockHolder> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let mut shared = store.as_os_str().to_owned();
    shared.push("-shm");
    let files = [PathBuf::from(shared), store.to_owned()].map(|file| FileNumbers::of(&file));
    let mut holders = Vec::new();
    for line in locks.lines() {
        let Some((process, file, first)) = write_lock(line) else { continue };
        if process == std::process::id() || !files.iter().flatten().any(|wanted| wanted.fits(file, process)) {
            continue;
        }
        let holder = LockHolder { process, is_stopped: is_stopped(process) };
        holders.push((first == WRITE_LOCK_BYTE, holder));
    }
    holders.into_iter().max_by_key(|(writes, _)| *writes).map(|(_, holder)| holder)
}

/// The process, the file and the first byte of a line of `/proc/locks`, if it is an exclusive lock of the kind that SQLite
/// takes.
fn write_lock(line: &str) -> Option<(u32, &str, &str)> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (kind, _, access) = (words.next()?, words.next()?, words.next()?);
    let (process, file, first) = (words.next()?, words.next()?, words.next()?);
    (kind == "POSIX" && access == "WRITE").then_some((process.parse().ok()?, file, first))
}

/// What tells one file from another.
struct FileNumbers {
    device: u64,
    inode: u64,
}

impl FileNumbers {
    fn of(file: &Path) -> Option<Self> {
        file.metadata().ok().map(|metadata| Self { device: metadata.dev(), inode: metadata.ino() })
    }

    /// Whether a lock that `process` holds on `file`, written `major:minor:inode`, is on this file. Some file systems have
    /// another device there than in the metadata of their files; then the open files of the process decide.
    fn fits(&self, file: &str, process: u32) -> bool {
        let Some((device, inode)) = file.rsplit_once(':') else { return false };
        inode.parse() == Ok(self.inode) && (device == self.device_text() || self.is_open_in(process))
    }

    fn device_text(&self) -> String {
        let (major, minor) = (rustix::fs::major(self.device), rustix::fs::minor(self.device));
        format!("{major:02x}:{minor:02x}")
    }

    fn is_open_in(&self, process: u32) -> bool {
        let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
        open.filter_map(Result::ok).any(|file| {
            Self::of(&file.path())
                .is_some_and(|found| (found.device, found.inode) == (self.device, self.inode))
        })
    }
}

/// Whether a process is stopped: by a signal (`T`) or by a debugger (`t`). See `proc_pid_stat(5)`.
fn is_stopped(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    matches!(state, Some('T' | 't'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_list_of_locks() {
        let check = |line, expect| assert_eq!(write_lock(line), expect, "{line}");
        check("1: POSIX  ADVISORY  WRITE 77 fe:00:123 120 120", Some((77, "fe:00:123", "120")));
        check("1: POSIX  ADVISORY  READ 77 fe:00:123 120 120", None);
        check("1: FLOCK  ADVISORY  WRITE 77 fe:00:123 0 EOF", None);
        check("1: OFDLCK ADVISORY  WRITE -1 fe:00:123 0 EOF", None);
        // It waits for the lock above it.
        check("1: -> POSIX  ADVISORY  WRITE 78 fe:00:123 120 120", None);
        check("1: POSIX", None);
    }
}
