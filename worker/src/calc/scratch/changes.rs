//! What copies change in their folders, as the kernel tells it: so a folder that shows very many entries need not be listed
//! for each copy.

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

/// Bytes of events that are read at once.
const EVENTS_BYTES: usize = 16 * 1024;

/// Names of one folder that are remembered, at most. With more, the folder is listed.
const NAMES_MAX: usize = 20_000;

/// Watches on folders. A folder of its own is watched, and not the folders in it.
#[derive(Debug)]
pub(super) struct Changes {
    inotify: OwnedFd,
    folders: Mutex<HashMap<i32, Touched>>,
}

/// The entries of a folder that were created, removed or renamed; `None` if they are not known.
type Touched = Option<BTreeSet<OsString>>;

/// A watch on one folder, by the kernel's number.
#[derive(Clone, Copy, Debug)]
pub(super) struct WatchedFolder(i32);

impl Changes {
    /// # Errors
    /// When the system has no more watches to give.
    pub(super) fn start() -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        Ok(Self { inotify, folders: Mutex::default() })
    }

    /// Watches a folder from now on.
    ///
    /// # Errors
    /// When the system has no more watches to give.
    pub(super) fn watch(&self, folder: &Path) -> io::Result<WatchedFolder> {
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR
            | WatchFlags::DONT_FOLLOW;
        // Held from before the kernel knows the folder, so that another thread does not drop its first events.
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let number = inotify::add_watch(&self.inotify, folder, flags)?;
        folders.insert(number, Some(BTreeSet::new()));
        Ok(WatchedFolder(number))
    }

    /// Ends a watch.
    pub(super) fn end(&self, WatchedFolder(number): WatchedFolder) {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
        // The kernel ends it itself when the folder is removed.
        let _ = inotify::remove_watch(&self.inotify, number);
    }

    /// The entries that were touched since the watch began or was [`reset`](Self::reset); `None` if they are not known.
    pub(super) fn touched(&self, WatchedFolder(number): WatchedFolder) -> Touched {
        self.updated(|folders| folders.get(&number).cloned().flatten())
    }

    /// Forgets what was touched until now.
    pub(super) fn reset(&self, WatchedFolder(number): WatchedFolder) {
        self.updated(|folders| {
            // What is not known stays so.
            if let Some(Some(names)) = folders.get_mut(&number) {
                names.clear();
            }
        });
    }

    /// Calls `then` after all events have been read.
    fn updated<T>(&self, then: impl FnOnce(&mut HashMap<i32, Touched>) -> T) -> T {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffer = [MaybeUninit::uninit(); EVENTS_BYTES];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        // No more events is an error too: the object never blocks.
        loop {
            let event = match reader.next() {
                Ok(event) => event,
                Err(Errno::INTR) => continue,
                Err(_) => break,
            };
            if event.events().contains(ReadFlags::QUEUE_OVERFLOW) {
                folders.values_mut().for_each(|touched| *touched = None);
                continue;
            }
            let Some(touched) = folders.get_mut(&event.wd()) else { continue };
            match (event.file_name(), touched.as_mut()) {
                (Some(name), Some(names)) if names.len() < NAMES_MAX => {
                    names.insert(OsStr::from_bytes(name.to_bytes()).to_owned());
                }
                // The folder itself was moved or removed, or too much happened in it.
                _ => *touched = None,
            }
        }
        then(&mut folders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a watch tells of a folder with one file after `change`.
    fn touched(change: impl FnOnce(&Path) -> io::Result<()>) -> Option<Vec<String>> {
        let around = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let folder = around.path().join("folder");
        std::fs::create_dir_all(folder.join("inner")).unwrap();
        std::fs::write(folder.join("file"), "1").unwrap();
        let changes = Changes::start().unwrap();
        let watched = changes.watch(&folder).unwrap();
        change(&folder).unwrap();
        let touched = changes.touched(watched);
        changes.reset(watched);
        assert_eq!(changes.touched(watched), touched.as_ref().map(|_| BTreeSet::new()));
        touched.map(|names| names.into_iter().map(|name| name.into_string().unwrap()).collect())
    }

    #[test]
    fn entries_that_come_go_or_change_their_name_are_told() {
        let check = |change: &dyn Fn(&Path) -> io::Result<()>, expect: &[&str]| {
            let expect: Vec<_> = expect.iter().map(ToString::to_string).collect();
            assert_eq!(touched(change), Some(expect));
        };
        check(&|_| Ok(()), &[]);
        check(&|folder| std::fs::write(folder.join("new"), ""), &["new"]);
        check(&|folder| std::fs::remove_file(folder.join("file")), &["file"]);
        check(&|folder| std::fs::rename(folder.join("file"), folder.join("other")), &["file", "other"]);
        check(&|folder| std::fs::create_dir(folder.join("a")), &["a"]);
        check(&|folder| std::fs::write(folder.join("inner/new"), ""), &[]);
        check(&|folder| std::fs::hard_link(folder.join("file"), folder.join("link")), &["link"]);
    }

    #[test]
    fn what_is_not_told_is_not_known() {
        let removed = |folder: &Path| std::fs::remove_dir_all(folder);
        assert_eq!(touched(removed), None);
        let moved = |folder: &Path| std::fs::rename(folder, folder.with_extension("away"));
        assert_eq!(touched(moved), None);
        // More than the kernel remembers, or than is remembered here.
        let much = |folder: &Path| {
            (0..=NAMES_MAX).try_for_each(|number| std::fs::create_dir(folder.join(number.to_string())))
        };
        assert_eq!(touched(much), None);
    }
}
