//! How a store comes to be open: for work, for reading only, or as a private copy.

use std::path::Path;
use std::sync::{Arc, Mutex};

use concord_protocol::ports::{PortError, PortResult};
use lru::LruCache;
use tempfile::TempDir;

use super::check::{self, StoreCheck};
use super::damage::DamagedStore;
use super::lock_wait::PatientConnection;
use super::open::{self, OpenError};
use super::opening::Opening;
use super::owners::{self, Peers};
use super::rebase;
use super::selection::QueueSelection;
use super::steady::SteadyClock;
use super::store::{JOBS_REMEMBERED_MAX, Signals, Store, StoreShared, identity};
use super::writer::Writer;
use crate::locked::locked;

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

    /// Checks every row of the store, and whether the rows fit together. Calls `notice` with a table and the number of its
    /// rows that were read so far.
    pub fn check(&self, mut notice: impl FnMut(&'static str, u64)) -> StoreCheck {
        check::whole(locked(&self.shared.reader).connection(), &**self.clock(), &mut notice)
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
