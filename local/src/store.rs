use std::collections::HashMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use concord_protocol::ports::{Clock, PortError, PortResult};
use concord_protocol::{Environment, Job, JobId};
use event_listener::Event;
use rusqlite::{Connection, OptionalExtension};

use crate::lane::Lane;
use crate::open::{self, OpenError};
use crate::owners::{self, Leave, Lock, Owner};
use crate::writer::{Urgency, Writer, port_error};

/// A store: queue, ledger, payloads, outputs and change feed in one SQLite file. Cheap to clone; any number of
/// processes may have it open.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) writer: Writer,
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether the queue had nothing to deliver when it was last asked: then nothing is gained by waiting.
    idle: AtomicBool,
    /// The copies that need a thread here.
    pub(crate) here: Lane,
    pub(crate) owner: Mutex<Option<Owner>>,
    pub(crate) signals: Signals,
    reader: Mutex<Connection>,
    keys: Mutex<HashMap<JobId, i64>>,
    environments: Mutex<HashMap<Arc<Environment>, i64>>,
    jobs: Mutex<HashMap<JobId, Job>>,
}

impl Shared {
    pub(crate) fn is_idle(&self) -> bool {
        self.idle.load(Ordering::Relaxed)
    }

    pub(crate) fn set_idle(&self, idle: bool) {
        self.idle.store(idle, Ordering::Relaxed);
    }

    /// A write that nobody waits for while there are copies to run.
    pub(crate) fn write_soon<T, F>(&self, write: F) -> impl Future<Output = PortResult<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let urgency = if self.is_idle() { Urgency::Now } else { Urgency::Soon };
        self.writer.write(urgency, write)
    }

    /// A write that somebody waits for.
    pub(crate) fn write<T, F>(&self, write: F) -> impl Future<Output = PortResult<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.writer.write(Urgency::Now, write)
    }
}

/// What wakes those who wait for this process to have done something.
#[derive(Default)]
pub(crate) struct Signals {
    /// Copies were put on the queue.
    pub(crate) queued: Event,
    /// The feed has grown.
    pub(crate) fed: Event,
    /// The state of a job was replaced.
    pub(crate) decided: Event,
}

/// Jobs that are remembered between two deliveries, at most.
const JOBS_REMEMBERED_MAX: usize = 16_384;

impl Store {
    /// Opens the store at `path`, and creates it if there is none. Its folder has to exist.
    ///
    /// # Errors
    /// When the file is no store of this version, or cannot be read and written.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Failed { path: path.to_owned(), source };
        let writer = Writer::start(open::writer(path)?).map_err(|error| failed(Box::new(error)))?;
        let reader = open::reader(path)?;
        Ok(Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                writer,
                clock,
                idle: true.into(),
                here: Lane::default(),
                owner: Mutex::default(),
                signals: Signals::default(),
                reader: Mutex::new(reader),
                keys: Mutex::default(),
                environments: Mutex::default(),
                jobs: Mutex::default(),
            }),
        })
    }

    /// The file of the store.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Registers this process as one that takes copies, under a name that no other process has.
    ///
    /// # Errors
    /// When the lock file or the store cannot be written.
    pub async fn own(&self, name: String) -> PortResult<()> {
        let refused = |error: std::io::Error| PortError::Permanent(Box::new(error));
        let lock = Lock::take(self.path(), &owners::lock_name(&name)).map_err(refused)?;
        let lock = lock.ok_or(PortError::Invalid("another process takes copies under the same name"))?;
        let id = self.shared.write(move |connection| {
            connection.prepare_cached("INSERT INTO owners (name) VALUES (?1)")?.insert([&name])
        });
        *locked(&self.shared.owner) = Some(Owner::new(id.await?, lock));
        Ok(())
    }

    /// Puts back what this process has claimed and not finished, so that it can be delivered at once.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn disown(&self) -> PortResult<()> {
        let owner = locked(&self.shared.owner).take();
        let Some(owner) = owner else { return Ok(()) };
        let id = owner.id;
        self.shared.write(move |connection| owners::release(connection, id, Leave::Orderly)).await
    }

    /// Puts back what processes that have ended had claimed.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn release_abandoned(&self) -> PortResult<()> {
        let this = locked(&self.shared.owner).as_ref().map_or(0, |owner| owner.id);
        let gone = self.read(|connection| owners::abandoned(connection, self.path(), this))?;
        for owner in gone {
            let release = move |connection: &Connection| owners::release(connection, owner, Leave::Abandoned);
            self.shared.write(release).await?;
            self.shared.signals.queued.notify(usize::MAX);
        }
        Ok(())
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> PortResult<T> {
        read(&locked(&self.shared.reader)).map_err(port_error)
    }

    /// The key of a job's rows.
    pub(crate) fn key(&self, job: &JobId) -> PortResult<i64> {
        if let Some(key) = locked(&self.shared.keys).get(job) {
            return Ok(*key);
        }
        let sql = "SELECT id FROM jobs WHERE job = ?1";
        let key: Option<i64> = self.read(|connection| {
            connection.prepare_cached(sql)?.query_row([job.as_str()], |row| row.get(0)).optional()
        })?;
        let key = key.ok_or(PortError::Invalid("there is no such job in the store"))?;
        locked(&self.shared.keys).insert(job.clone(), key);
        Ok(key)
    }

    pub(crate) fn known_environment(&self, environment: &Arc<Environment>) -> Option<i64> {
        locked(&self.shared.environments).get(environment).copied()
    }

    pub(crate) fn remember_environment(&self, environment: Arc<Environment>, key: i64) {
        locked(&self.shared.environments).insert(environment, key);
    }

    /// Remembers how a job stood, unless something newer is known.
    pub(crate) fn remember_job(&self, job: Job) {
        let mut jobs = locked(&self.shared.jobs);
        if jobs.len() >= JOBS_REMEMBERED_MAX {
            jobs.clear();
        }
        match jobs.get_mut(&job.spec.job) {
            Some(known) if known.state.revision >= job.state.revision => {}
            Some(known) => *known = job,
            None => {
                jobs.insert(job.spec.job.clone(), job);
            }
        }
    }

    pub(crate) fn remembered_job(&self, job: &JobId) -> Option<Job> {
        locked(&self.shared.jobs).get(job).cloned()
    }
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
