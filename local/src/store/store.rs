use std::collections::HashMap;
use std::future::Future;
use std::num::NonZeroUsize;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use concord_protocol::ports::{Clock, PortError, PortResult};
use concord_protocol::{Environment, Job, JobId};
use event_listener::Event;
use lru::LruCache;
use rusqlite::{Connection, OptionalExtension, Row};
use tempfile::TempDir;

use super::check::{self, StoreCheck};
use super::damage::DamagedStore;
use super::lock_wait::PatientConnection;
use super::open::{self, OpenError};
use super::opening::Opening;
use super::owners::{self, Leave, Lock, Missing, Owner, Peers};
use super::rebase;
use super::rows::{self, JOB};
use super::selection::QueueSelection;
use super::steady::{ClockZero, SteadyClock};
use super::writer::{Urgency, Writer};
use crate::locked::locked;

/// A store: queue, ledger, payloads, outputs and change feed in one SQLite file. Cheap to clone. Any number of
/// processes may have the file open.
#[derive(Clone)]
pub struct Store {
    shared: Arc<StoreShared>,
}

/// What all clones of a store share.
struct StoreShared {
    path: PathBuf,
    /// The same file without symbolic links: the one name of the store for the locks of its owners.
    canonical: PathBuf,
    /// Device and inode of the file.
    identity: (u64, u64),
    /// Absent if the store was opened for reading.
    writer: Option<Writer>,
    opening: Opening,
    /// The zero of the clock.
    zero: ClockZero,
    /// Whether the queue had nothing to deliver when it was asked last. Then a write does not wait for other writes.
    idle: AtomicBool,
    /// The copies that need a thread of this machine.
    local: QueueSelection,
    owner: Mutex<Option<Owner>>,
    missing: Mutex<Missing>,
    signals: Signals,
    reader: Mutex<PatientConnection>,
    keys: Mutex<HashMap<JobId, i64>>,
    environments: Mutex<HashMap<Arc<Environment>, i64>>,
    jobs: Mutex<LruCache<JobId, Job>>,
    /// The folder of a private copy of the store. It is deleted with the store.
    _private: Option<TempDir>,
}

/// What wakes the threads that wait until this process has done something.
#[derive(Default)]
pub(crate) struct Signals {
    /// Copies were put on the queue.
    pub(crate) queued: Event,
    /// The feed has grown.
    pub(crate) fed: Event,
    /// The state of a job was replaced.
    pub(crate) decided: Event,
}

/// The largest number of jobs that are remembered between two deliveries.
const JOBS_REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(16_384).expect("not zero");

impl Store {
    /// Opens the store at `path`, and creates it if the file is absent. The folder of the file has to exist.
    ///
    /// # Errors
    /// When the file is not a store of this version, or cannot be read and written.
    pub fn open(path: &Path, opening: Opening) -> Result<Self, OpenError> {
        let failed =
            |error: std::io::Error| OpenError::Failed { path: path.to_owned(), source: Box::new(error) };
        let file = std::path::absolute(path).map_err(failed)?;
        let (writer, reader) = opening.both(&file)?;
        let writer = Writer::start(writer, file.clone()).map_err(failed)?;
        let (clock, peers) = steady(&file, &reader, &opening)?;
        let store = Self::assembled(&file, Some(writer), reader, None, opening, clock).map_err(failed)?;
        // A process that runs has checked the jobs that are not finished.
        let checked = match peers {
            Peers::Run(_) => Ok(()),
            Peers::Perhaps => store.check_unfinished(),
            Peers::None => store.check_unfinished().and_then(|()| store.rebase()),
        };
        checked.map_err(|error| match error {
            PortError::Damaged(source) => {
                let what = source.downcast_ref().map(|DamagedStore { what, .. }| what.clone());
                OpenError::Damaged { path: path.to_owned(), what: what.unwrap_or_else(|| source.to_string()) }
            }
            error => OpenError::Failed { path: path.to_owned(), source: Box::new(error) },
        })?;
        Ok(store)
    }

    /// Checks the jobs that are not finished before somebody goes on with them.
    fn check_unfinished(&self) -> PortResult<()> {
        let bytes = self.shared.canonical.metadata().map_or(0, |metadata| metadata.len());
        let damage = self.read(|connection| check::unfinished(connection, &**self.clock(), bytes))?;
        damage.map_or(Ok(()), |damage| {
            let damaged = DamagedStore { path: self.shared.path.clone(), what: damage.to_string() };
            Err(PortError::Damaged(Box::new(damaged)))
        })
    }

    /// The same error. If it says that the store is damaged, it names the store.
    pub(crate) fn naming_itself(&self, error: PortError) -> PortError {
        match error {
            PortError::Damaged(source) if !source.is::<DamagedStore>() => {
                let damaged = DamagedStore { path: self.shared.path.clone(), what: source.to_string() };
                PortError::Damaged(Box::new(damaged))
            }
            error => error,
        }
    }

    /// Moves times that are too far ahead.
    fn rebase(&self) -> PortResult<()> {
        let now = self.clock().now();
        if !self.read(|connection| rebase::is_needed(connection, now))? {
            return Ok(());
        }
        let path = &self.shared.path;
        let opened = self.shared.opening.both(path);
        let (writer, _) = opened.map_err(|error| PortError::Permanent(Box::new(error)))?;
        let moved = writer.run(|connection| rebase::rebase(connection, &**self.clock()));
        moved.map_err(|error| writer.failed(error).of_port(path, writer.connection()))
    }

    /// Checks every row of the store, and whether the rows fit together. Calls `notice` with a table and the number of its
    /// rows that were read so far.
    pub fn check(&self, mut notice: impl FnMut(&'static str, u64)) -> StoreCheck {
        check::whole(locked(&self.shared.reader).connection(), &**self.clock(), &mut notice)
    }

    /// Opens the store at `path` for reading. It is not written to, so its disk may be read-only, and another process may
    /// hold its lock. Every write fails.
    ///
    /// # Errors
    /// When the file is not a store of this version, or cannot be read.
    pub fn open_to_read(path: &Path, opening: Opening) -> Result<Self, OpenError> {
        let failed =
            |error: std::io::Error| OpenError::Failed { path: path.to_owned(), source: Box::new(error) };
        let file = std::path::absolute(path).map_err(failed)?;
        let patience = opening.patience(&file);
        let (reader, private) = open::only_reader(&file, &patience)?;
        let reader = PatientConnection::new(reader, patience);
        let (clock, _) = steady(&file, &reader, &opening)?;
        Self::assembled(&file, None, reader, private, opening, clock).map_err(failed)
    }

    /// A copy of the store, as it is now, that nobody else sees. It may be written to, and ends with this process.
    ///
    /// # Errors
    /// When the store cannot be read, or the copy cannot be written to the folder for temporary files.
    pub fn private_copy(&self) -> PortResult<Self> {
        let wrong = |error| PortError::Permanent(Box::new(error));
        self.check_unfinished()?;
        let folder = tempfile::Builder::new().prefix("concord-store-").tempdir().map_err(wrong)?;
        let copy = folder.path().join("copy.db");
        self.read(|connection| open::copy(connection, &copy))?;
        let failed = |error: OpenError| PortError::Permanent(Box::new(error));
        // Errors name the store and not its copy.
        let (opening, place) = (self.shared.opening.clone(), self.shared.path.clone());
        let (writer, reader) = opening.both(&copy).map_err(failed)?;
        let writer = Writer::start(writer, place).map_err(wrong)?;
        let clock = SteadyClock::start(Arc::clone(&opening.clock), None);
        Self::assembled(&copy, Some(writer), reader, Some(folder), opening, clock).map_err(wrong)
    }

    fn assembled(
        path: &Path,
        writer: Option<Writer>,
        reader: PatientConnection,
        private: Option<TempDir>,
        opening: Opening,
        clock: SteadyClock,
    ) -> std::io::Result<Self> {
        let canonical = path.canonicalize()?;
        Ok(Self {
            shared: Arc::new(StoreShared {
                path: path.to_owned(),
                identity: identity(&canonical)?,
                canonical,
                writer,
                zero: clock.zero(),
                opening: opening.with_clock(Arc::new(clock)),
                idle: true.into(),
                local: QueueSelection::default(),
                owner: Mutex::default(),
                missing: Mutex::default(),
                signals: Signals::default(),
                reader: Mutex::new(reader),
                keys: Mutex::default(),
                environments: Mutex::default(),
                jobs: Mutex::new(LruCache::new(JOBS_REMEMBERED_MAX)),
                _private: private,
            }),
        })
    }

    /// The file of the store.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Whether the file is still where it was opened. If not, somebody removed or replaced it, and others cannot read what
    /// this process recorded since.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        identity(&self.shared.canonical).is_ok_and(|found| found == self.shared.identity)
    }

    /// Registers this process as an owner of copies, under a name that no other process has.
    ///
    /// # Errors
    /// When the lock file or the store cannot be written.
    pub async fn own(&self, name: String) -> PortResult<()> {
        let lock = Lock::take(&self.shared.canonical, &owners::lock_name(&name));
        let lock = lock.map_err(|error| PortError::Permanent(Box::new(error)))?;
        let lock = lock.ok_or(PortError::Invalid("another process takes copies under the same name"))?;
        let id = self.write(move |connection| owners::register(connection, &name));
        let owner = Owner::new(id.await?, lock, self.shared.zero);
        *locked(&self.shared.owner) = Some(owner.map_err(|error| PortError::Permanent(Box::new(error)))?);
        Ok(())
    }

    /// Puts back the copies that this process has claimed and not finished, so that they can be delivered at once.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn disown(&self) -> PortResult<()> {
        let owner = locked(&self.shared.owner).take();
        let Some(owner) = owner else { return Ok(()) };
        let id = owner.id;
        self.write(move |connection| owners::release(connection, id, Leave::Orderly)).await
    }

    /// Puts back the copies that were claimed by processes which have ended since.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn release_abandoned(&self) -> PortResult<()> {
        if let Some(owner) = locked(&self.shared.owner).as_mut() {
            // A lock file that somebody has deleted would make this process look dead.
            let _ = owner.renew_lock();
        }
        let this = self.owner_id().unwrap_or(0);
        let gone = self.read(|connection| {
            let missing = &mut *locked(&self.shared.missing);
            owners::abandoned(connection, &self.shared.canonical, this, missing)
        })?;
        for owner in gone {
            self.write(move |connection| owners::release(connection, owner, Leave::Abandoned)).await?;
            self.signals().queued.notify(usize::MAX);
        }
        Ok(())
    }

    /// The owner that this process is registered as.
    pub(super) fn owner_id(&self) -> Option<i64> {
        locked(&self.shared.owner).as_ref().map(|owner| owner.id)
    }

    /// The clock of the store. It counts on from the moment at which the store was opened, or, if other processes take copies
    /// from the store, from the moment from which the first of them counts. So nothing changes if the wall clock is set.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.opening.clock
    }

    /// What wakes the threads that wait for this process.
    pub(crate) fn signals(&self) -> &Signals {
        &self.shared.signals
    }

    /// The copies that need a thread of this machine.
    pub(crate) fn local_selection(&self) -> &QueueSelection {
        &self.shared.local
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.shared.idle.load(Ordering::Relaxed)
    }

    pub(crate) fn set_idle(&self, idle: bool) {
        self.shared.idle.store(idle, Ordering::Relaxed);
    }

    /// Reads. `read` is run again if another process holds a lock; it must not use the store.
    pub(super) fn read<T>(&self, read: impl FnMut(&Connection) -> rusqlite::Result<T>) -> PortResult<T> {
        let reader = locked(&self.shared.reader);
        reader.run(read).map_err(|error| reader.failed(error).of_port(&self.shared.path, reader.connection()))
    }

    /// A write that nobody waits for while there are copies to run.
    pub(super) fn write_soon<T, F>(&self, write: F) -> impl Future<Output = PortResult<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.write_by(if self.is_idle() { Urgency::Now } else { Urgency::Soon }, write)
    }

    /// A write that the caller waits for.
    pub(super) fn write<T, F>(&self, write: F) -> impl Future<Output = PortResult<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.write_by(Urgency::Now, write)
    }

    fn write_by<T, F>(
        &self,
        urgency: Urgency,
        write: F,
    ) -> impl Future<Output = PortResult<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let written = self.shared.writer.as_ref().map(|writer| writer.write(urgency, write));
        async move {
            match written {
                Some(written) => written.await,
                None => Err(PortError::Invalid("the store was opened for reading only")),
            }
        }
    }

    /// The key of a job's rows.
    pub(super) fn key(&self, job: &JobId) -> PortResult<i64> {
        if let Some(key) = locked(&self.shared.keys).get(job) {
            return Ok(*key);
        }
        // The whole row is checked: a damaged index may lead to another job.
        let sql = format!("SELECT {JOB} FROM jobs WHERE job = ?1");
        let key: Option<i64> = self.read(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let checked = |row: &Row<'_>| rows::check_job(row).and_then(|()| row.get(rows::JOB_KEY));
            select.query_row([job.as_str()], checked).optional()
        })?;
        let key = key.ok_or(PortError::Invalid("there is no such job in the store"))?;
        locked(&self.shared.keys).insert(job.clone(), key);
        Ok(key)
    }

    pub(super) fn known_environment(&self, environment: &Arc<Environment>) -> Option<i64> {
        locked(&self.shared.environments).get(environment).copied()
    }

    pub(super) fn remember_environment(&self, environment: Arc<Environment>, key: i64) {
        locked(&self.shared.environments).insert(environment, key);
    }

    /// Remembers `job`, unless a newer revision of it is known.
    pub(crate) fn remember_job(&self, job: Job) {
        let mut jobs = locked(&self.shared.jobs);
        match jobs.get_mut(&job.spec.job) {
            Some(known) if known.state.revision() >= job.state.revision() => {}
            Some(known) => *known = job,
            None => {
                jobs.put(job.spec.job.clone(), job);
            }
        }
    }

    pub(crate) fn remembered_job(&self, job: &JobId) -> Option<Job> {
        locked(&self.shared.jobs).get(job).cloned()
    }
}

/// The clock of the store at `path`, and the processes that take copies from it.
fn steady(
    path: &Path,
    reader: &PatientConnection,
    opening: &Opening,
) -> Result<(SteadyClock, Peers), OpenError> {
    let canonical = path
        .canonicalize()
        .map_err(|error| OpenError::Failed { path: path.to_owned(), source: Box::new(error) })?;
    let peers = reader.run(|connection| owners::peers(connection, &canonical));
    let peers = peers.map_err(|error| open::open_error(path, error))?;
    let zero = if let Peers::Run(zero) = peers { zero } else { None };
    Ok((SteadyClock::start(Arc::clone(&opening.clock), zero), peers))
}

fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    path.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}
