//! Folders in which copies run, each in one of its own.
//!
//! A folder shows the entries of the folder from which the job was submitted, as symbolic links. The files of the
//! artifacts are not shown, so that every copy starts without them. A folder serves one copy after the other and is
//! cleaned between them: only what the copy touched, where the kernel tells it. All folders of a process have paths of the same length: the length of a path can change how a
//! program lays out its memory.

mod changes;
mod layout;
mod left;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tempfile::TempDir;

use changes::{Changes, WatchedFolder};

pub(super) use layout::Layout;
pub(crate) use layout::remove as remove_folder;
pub(crate) use left::{LeftFolder, RunFolder};

/// The first letters of the folder of a process.
const PREFIX: &str = "concord-";

/// The file by which a process holds its folder. The lock ends with the process, however it ends.
const LOCK: &str = "lock";

/// The folders of this process.
#[derive(Debug)]
pub(super) struct Scratches {
    /// The folder for temporary files.
    place: PathBuf,
    /// The folder of this process; absent until the first copy needs it.
    own: OnceLock<OwnFolder>,
    slots: Mutex<Slots>,
    /// What copies change in their folders; `None` where the system does not tell.
    changes: OnceLock<Option<Changes>>,
}

#[derive(Debug)]
struct OwnFolder {
    folder: TempDir,
    _lock: File,
}

#[derive(Debug, Default)]
struct Slots {
    made: usize,
    idle: Vec<Scratch>,
}

/// A folder for one copy after the other.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    /// What it shows; absent until it is prepared.
    layout: Option<Arc<Layout>>,
    watched: Option<WatchedFolder>,
}

impl Scratches {
    /// Folders below `place`, which exists.
    pub(super) fn new(place: PathBuf) -> Self {
        Self { place, own: OnceLock::new(), slots: Mutex::default(), changes: OnceLock::new() }
    }

    /// The folder in which all these folders are.
    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// The folder of this process, for what else copies keep.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn own_folder(&self) -> io::Result<&Path> {
        self.own().map(|own| own.folder.path())
    }

    /// A clean folder that shows what `layout` says.
    ///
    /// # Errors
    /// When the folder cannot be made or cleaned: no permission, a full disk. Nothing is left of it then.
    pub(super) fn take(&self, layout: &Arc<Layout>) -> io::Result<Scratch> {
        let own = self.own()?;
        let mut slots = self.lock();
        let idle = slots.idle.pop();
        let mut scratch = idle.unwrap_or_else(|| {
            slots.made += 1;
            let path = own.folder.path().join(format!("{:04}", slots.made));
            Scratch { path, layout: None, watched: None }
        });
        drop(slots);
        match scratch.prepare(layout, self.changes()) {
            Ok(()) => Ok(scratch),
            Err(error) => {
                scratch.layout = None;
                let _ = layout::remove(&scratch.path);
                self.give_back(scratch);
                Err(error)
            }
        }
    }

    /// The names of the entries that a copy made. All other entries of the folder are links to what it shows.
    pub(super) fn own_entries(&self, scratch: &Scratch) -> io::Result<BTreeSet<OsString>> {
        let touched =
            self.changes().zip(scratch.watched).and_then(|(changes, watched)| changes.touched(watched));
        let layout = scratch.layout.as_ref().ok_or_else(|| io::Error::other("it is not prepared"))?;
        layout.own_entries(&scratch.path, touched)
    }

    fn changes(&self) -> Option<&Changes> {
        self.changes.get_or_init(|| Changes::start().ok()).as_ref()
    }

    /// Gives a folder back for the next copy.
    pub(super) fn give_back(&self, scratch: Scratch) {
        self.lock().idle.push(scratch);
    }

    fn own(&self) -> io::Result<&OwnFolder> {
        if let Some(own) = self.own.get() {
            return Ok(own);
        }
        let made = OwnFolder::make(&self.place)?;
        // Another thread may have been quicker. Then this folder is removed again.
        Ok(self.own.get_or_init(|| made))
    }

    /// A panic cannot leave the slots half changed, so a poisoned lock is usable.
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OwnFolder {
    fn make(place: &Path) -> io::Result<Self> {
        remove_left_behind(place);
        let folder = tempfile::Builder::new().prefix(PREFIX).rand_bytes(8).tempdir_in(place)?;
        // Locked before it has its name, so that no other process takes the folder for one that is left behind.
        let new = folder.path().join("new");
        let lock = File::create(&new)?;
        lock.lock()?;
        std::fs::rename(&new, folder.path().join(LOCK))?;
        Ok(Self { folder, _lock: lock })
    }
}

impl Drop for OwnFolder {
    fn drop(&mut self) {
        // Folders without permissions cannot be removed by their owner.
        layout::make_removable(self.folder.path());
    }
}

/// Removes the folders of processes that were killed. Errors are ignored: a folder may belong to another user.
fn remove_left_behind(place: &Path) {
    let Ok(entries) = place.read_dir() else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours
            && let Ok(lock) = File::open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            layout::make_removable(&entry.path());
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Scratch {
    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn prepare(&mut self, layout: &Arc<Layout>, changes: Option<&Changes>) -> io::Result<()> {
        let as_before = self.layout.as_ref().is_some_and(|before| Arc::ptr_eq(before, layout));
        if as_before && self.restore(layout, changes).is_ok() {
            return Ok(());
        }
        // Only a folder that is prepared to the end counts as prepared.
        self.layout = None;
        self.end_watch(changes);
        layout::remove(&self.path)?;
        std::fs::create_dir(&self.path)?;
        layout.restore(&self.path)?;
        self.watch(changes);
        self.layout = Some(Arc::clone(layout));
        Ok(())
    }

    /// Brings the folder back to its layout.
    fn restore(&mut self, layout: &Layout, changes: Option<&Changes>) -> io::Result<()> {
        if let (Some(changes), Some(watched)) = (changes, self.watched)
            && let Some(touched) = changes.touched(watched)
        {
            layout.mend(&self.path, touched)?;
            changes.reset(watched);
            return Ok(());
        }
        // What follows may be more than the kernel remembers.
        self.end_watch(changes);
        layout.restore(&self.path)?;
        self.watch(changes);
        Ok(())
    }

    fn watch(&mut self, changes: Option<&Changes>) {
        self.watched = changes.and_then(|changes| changes.watch(&self.path).ok());
    }

    fn end_watch(&mut self, changes: Option<&Changes>) {
        if let (Some(changes), Some(watched)) = (changes, self.watched.take()) {
            changes.end(watched);
        }
    }
}
