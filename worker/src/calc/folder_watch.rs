//! Notices that files change in the folder in which the copies of a job run side by side.
//!
//! The kernel reports changes to an inotify object. Nothing is read until a copy has ended, so a watch costs a run
//! next to nothing. It is a help, not a promise: deep or large folders are watched in part, and on a file system without
//! notification nothing is seen.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

/// Folders that are watched, at most: the folder itself, and the first ones in it.
const FOLDERS_MAX: usize = 1_000;

/// Folders in which a change disturbs nobody: Python writes them whole, under a new name.
const IGNORED: [&str; 2] = ["__pycache__", ".git"];

/// Bytes of events that are read at once.
const EVENTS_BYTES: usize = 16 * 1024;

/// A watch on a folder and the folders in it.
#[derive(Debug)]
pub(super) struct FolderWatch {
    folder: PathBuf,
    /// Files of this process, such as its store, by the beginnings of their full paths.
    own_files: Vec<PathBuf>,
    state: Mutex<WatchState>,
}

#[derive(Debug)]
struct WatchState {
    inotify: OwnedFd,
    /// The watched folders, by the kernel's number.
    folders: HashMap<i32, PathBuf>,
    /// Changes that count, since the start.
    changes: u64,
    /// The file that changed last, relative to the folder.
    last: PathBuf,
}

impl FolderWatch {
    /// Watches `folder` from now on. Files whose full path begins with one of `own_files` do not count.
    ///
    /// # Errors
    /// When the system has no more watches to give.
    pub(super) fn start(folder: &Path, own_files: Vec<PathBuf>) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let mut state = WatchState { inotify, folders: HashMap::new(), changes: 0, last: PathBuf::new() };
        state.watch(folder)?;
        Ok(Self { folder: folder.to_owned(), own_files, state: Mutex::new(state) })
    }

    /// How many changes there were, for [`changed_since`](Self::changed_since).
    pub(super) fn changes(&self) -> u64 {
        self.read().changes
    }

    /// The file that changed last, relative to the folder, if there were more than `changes` changes.
    pub(super) fn changed_since(&self, changes: u64) -> Option<PathBuf> {
        let state = self.read();
        (state.changes > changes).then(|| state.last.clone())
    }

    /// The state, after all events have been read.
    fn read(&self) -> MutexGuard<'_, WatchState> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for path in state.events().into_iter().filter(|path| !self.is_ignored(path)) {
            state.changes += 1;
            state.last = path.strip_prefix(&self.folder).map(Path::to_owned).unwrap_or(path);
        }
        state
    }

    fn is_ignored(&self, path: &Path) -> bool {
        let is_own = |own: &PathBuf| path.as_os_str().as_bytes().starts_with(own.as_os_str().as_bytes());
        self.own_files.iter().any(is_own)
    }
}

impl WatchState {
    /// Watches a folder and the folders in it. Those below that cannot be watched are left out.
    fn watch(&mut self, folder: &Path) -> io::Result<()> {
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MODIFY
            | WatchFlags::MOVE
            | WatchFlags::ONLYDIR
            | WatchFlags::DONT_FOLLOW;
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            match inotify::add_watch(&self.inotify, &folder, flags) {
                Ok(number) => self.folders.insert(number, folder.clone()),
                Err(error) if self.folders.is_empty() => return Err(error.into()),
                Err(_) => continue,
            };
            let entries = folder.read_dir().into_iter().flatten().flatten();
            let folders = entries.filter(|entry| {
                entry.file_type().is_ok_and(|kind| kind.is_dir()) && !is_unimportant(&entry.file_name())
            });
            let room = FOLDERS_MAX.saturating_sub(self.folders.len() + waiting.len());
            waiting.extend(folders.take(room).map(|entry| entry.path()));
        }
        Ok(())
    }

    /// The full paths of the files that have changed since the last call.
    fn events(&mut self) -> Vec<PathBuf> {
        let mut buffer = [MaybeUninit::uninit(); EVENTS_BYTES];
        let (mut changed, mut new) = (Vec::new(), Vec::new());
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        // No more events is an error too: the object never blocks.
        while let Ok(event) = reader.next() {
            let Some(folder) = self.folders.get(&event.wd()) else { continue };
            let Some(name) = event.file_name() else { continue };
            let name = OsStr::from_bytes(name.to_bytes());
            let path = folder.join(name);
            match event.events().contains(ReadFlags::ISDIR) {
                true if is_unimportant(name) => {}
                true => new.push(path),
                false => changed.push(path),
            }
        }
        for folder in new {
            // It may be gone already.
            let _ = self.watch(&folder);
            // Files that were in it before it was watched.
            let files = folder.read_dir().into_iter().flatten().flatten();
            changed.extend(files.map(|entry| entry.path()).filter(|path| path.is_file()));
        }
        changed
    }
}

fn is_unimportant(name: &OsStr) -> bool {
    IGNORED.iter().any(|ignored| name == *ignored)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last file that a watch sees when `change` changes a folder with a file in an inner folder.
    fn seen(own_files: &[&str], change: impl FnOnce(&Path) -> io::Result<()>) -> Option<PathBuf> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("inner/__pycache__")).unwrap();
        std::fs::write(folder.path().join("inner/file"), "1").unwrap();
        let own_files = own_files.iter().map(|own| folder.path().join(own)).collect();
        let watch = FolderWatch::start(folder.path(), own_files).unwrap();
        assert_eq!(watch.changed_since(0), None);
        change(folder.path()).unwrap();
        watch.changed_since(0)
    }

    #[test]
    fn a_change_in_the_folder_or_below_is_seen() {
        let check = |change: &dyn Fn(&Path) -> io::Result<()>, expect: Option<&str>| {
            assert_eq!(seen(&["store.db"], change), expect.map(PathBuf::from));
        };
        check(&|_| Ok(()), None);
        check(&|folder| std::fs::write(folder.join("result.txt"), "1"), Some("result.txt"));
        check(&|folder| std::fs::write(folder.join("inner/file"), "2"), Some("inner/file"));
        check(&|folder| std::fs::remove_file(folder.join("inner/file")), Some("inner/file"));
        check(&|folder| std::fs::rename(folder.join("inner/file"), folder.join("x")), Some("x"));
        check(&|folder| std::fs::read(folder.join("inner/file")).map(|_| ()), None);
        check(&|folder| std::fs::write(folder.join("inner/__pycache__/a.pyc"), "1"), None);
        check(&|folder| std::fs::write(folder.join("store.db-wal"), "1"), None);
        check(
            &|folder| {
                std::fs::create_dir(folder.join("new"))?;
                std::fs::write(folder.join("new/file"), "1")
            },
            Some("new/file"),
        );
    }

    #[test]
    fn only_later_changes_count() {
        let folder = tempfile::tempdir().unwrap();
        let watch = FolderWatch::start(folder.path(), Vec::new()).unwrap();
        std::fs::write(folder.path().join("a"), "1").unwrap();
        assert_eq!(watch.changed_since(0), Some("a".into()));
        let before = watch.changes();
        assert_eq!(watch.changed_since(before), None);
        std::fs::write(folder.path().join("b"), "1").unwrap();
        assert_eq!(watch.changed_since(before), Some("b".into()));
    }

    #[test]
    fn a_folder_that_is_gone_cannot_be_watched() {
        assert!(FolderWatch::start(Path::new("/nowhere/at/all"), Vec::new()).is_err());
    }
}
