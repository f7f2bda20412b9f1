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

use super::damage::DamagedStore;
use super::lock_wait::PatientConnection;
use super::opening::Opening;
use super::owners::{Missing, Owner};
use super::rows::{self, JOB};
use super::selection::QueueSelection;
use super::steady::ClockZero;
use super::writer::{Urgency, Writer};
use crate::locked::locked;

/// A store: queue, ledger, payloads, outputs and change feed in one SQLite file. Cheap to clone. Any number of
/// processes may have the file open.
#[derive(Clone)]
pub struct Store {
    pub(super) shared: Arc<StoreShared>,
}

/// What all clones of a store share.
pub(super) struct StoreShared {
    pub(super) path: PathBuf,
    /// The same file without symbolic links: the one name of the store for the locks of its owners.
    pub(super) canonical: PathBuf,
    /// Device and inode of the file.
    pub(super) identity: (u64, u64),
    /// Absent if the store was opened for reading.
    pub(super) writer: Option<Writer>,
    pub(super) opening: Opening,
    /// The zero of the clock.
    pub(super) zero: ClockZero,
    /// Whether the queue had nothing to deliver when it was asked last. Then a write does not wait for other writes.
    pub(super) idle: AtomicBool,
    /// The copies that need a thread of this machine.
    pub(super) local: QueueSelection,
    pub(super) owner: Mutex<Option<Owner>>,
    pub(super) missing: Mutex<Missing>,
    pub(super) signals: Signals,
    pub(super) reader: Mutex<PatientConnection>,
    pub(super) keys: Mutex<HashMap<JobId, i64>>,
    pub(super) environments: Mutex<HashMap<Arc<Environment>, i64>>,
    pub(super) jobs: Mutex<LruCache<JobId, Job>>,
    /// The folder of a private copy of the store. It is deleted with the store.
    pub(super) _private: Option<TempDir>,
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
pub(super) const JOBS_REMEMBERED_MAX: NonZeroUsize = NonZeroUsize::new(16_384).expect("not zero");

impl Store {
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

/// Device and inode of a file.
pub(super) fn identity(path: &Path) -> std::io::Result<(u64, u64)> {
    path.metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}
