//! What a scratch folder shows, and how it is brought back to that.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::calc::artifacts::ArtifactPatterns;

/// Entries that a scratch folder shows, at most.
const ENTRIES_MAX: usize = 200_000;

/// What a scratch folder shows before a copy runs.
#[derive(Debug)]
pub(in crate::calc) struct Layout {
    /// The folder that is shown.
    shown: PathBuf,
    /// The names of its entries that are shown as symbolic links.
    links: BTreeSet<OsString>,
    /// Folders that exist and are empty, relative to the scratch folder. A parent comes before the folders in it.
    empty: BTreeSet<PathBuf>,
}

impl Layout {
    /// Shows the entries of `shown`, without the artifacts. The folders that the patterns name are empty.
    ///
    /// # Errors
    /// When the folder cannot be read or has more than 200,000 entries.
    pub(in crate::calc) fn of(shown: &Path, patterns: &ArtifactPatterns) -> io::Result<Self> {
        let mut empty: BTreeSet<PathBuf> =
            patterns.folders().flat_map(|folder| parents(&folder).collect::<Vec<_>>()).collect();
        let mut links = BTreeSet::new();
        for entry in shown.read_dir()? {
            let entry = entry?;
            let name = PathBuf::from(entry.file_name());
            if patterns.matches(&name) {
                // A folder that a pattern names without a wildcard is for artifacts. A file is not shown.
                if entry.path().is_dir() {
                    empty.insert(name);
                }
            } else if !empty.contains(&name) {
                links.insert(name.into_os_string());
            }
            if links.len() > ENTRIES_MAX {
                return Err(io::Error::other(format!("the folder has more than {ENTRIES_MAX} entries")));
            }
        }
        Ok(Self { shown: shown.to_owned(), links, empty })
    }

    /// The names of the entries of a scratch folder that are no links to what is shown. `touched` names the entries that were
    /// touched since the folder was prepared, if they are known; then the folder is not listed.
    pub(super) fn own_entries(
        &self,
        folder: &Path,
        touched: Option<BTreeSet<OsString>>,
    ) -> io::Result<BTreeSet<OsString>> {
        let mut names = match touched {
            Some(touched) => touched.into_iter().chain(self.first_empty()).collect(),
            None => folder
                .read_dir()?
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect::<io::Result<BTreeSet<_>>>()?,
        };
        names.retain(|name| !self.links.contains(name));
        Ok(names)
    }

    /// The entries of the scratch folder itself that are empty folders, or have some in them.
    fn first_empty(&self) -> impl Iterator<Item = OsString> + '_ {
        self.empty.iter().filter(|inner| inner.components().count() == 1).map(|inner| inner.clone().into())
    }

    /// Brings a scratch folder back to this layout. Lists it, and touches only what differs.
    pub(super) fn restore(&self, folder: &Path) -> io::Result<()> {
        open_to_owner(folder)?;
        let mut differing = self.links.clone();
        for entry in folder.read_dir()? {
            let name = entry?.file_name();
            if self.has_link(folder, &name) {
                differing.remove(&name);
            } else {
                differing.insert(name);
            }
        }
        self.mend(folder, differing)
    }

    /// Brings back a scratch folder in which no other entries than `touched` differ from this layout.
    pub(super) fn mend(&self, folder: &Path, touched: BTreeSet<OsString>) -> io::Result<()> {
        open_to_owner(folder)?;
        for name in touched.into_iter().chain(self.first_empty()) {
            if self.has_link(folder, &name) {
                continue;
            }
            remove(&folder.join(&name))?;
            if self.links.contains(&name) {
                symlink(self.shown.join(&name), folder.join(&name))?;
            }
        }
        self.empty.iter().try_for_each(|inner| std::fs::create_dir(folder.join(inner)))
    }

    /// Whether an entry is the link that this layout has under its name.
    fn has_link(&self, folder: &Path, name: &OsStr) -> bool {
        self.links.contains(name)
            && folder.join(name).read_link().is_ok_and(|target| target == self.shown.join(name))
    }
}

/// Gives the owner the permissions on a folder that a copy may have taken away.
///
/// # Errors
/// When it is no folder: what a copy put in its place is never followed.
fn open_to_owner(folder: &Path) -> io::Result<()> {
    let found = folder.symlink_metadata()?;
    if !found.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    if found.permissions().mode() & 0o700 == 0o700 { Ok(()) } else { allow(folder) }
}

/// The folder and its parents, the outermost first.
fn parents(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let mut parents: Vec<_> = folder.ancestors().map(Path::to_owned).collect();
    parents.retain(|parent| !parent.as_os_str().is_empty());
    parents.into_iter().rev()
}

/// Removes a file, a link, or a folder with all that is in it; nothing is there afterwards.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    let is_folder = match path.symlink_metadata() {
        Ok(found) => found.is_dir(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !is_folder {
        return std::fs::remove_file(path);
    }
    std::fs::remove_dir_all(path).or_else(|_| {
        make_removable(path);
        std::fs::remove_dir_all(path)
    })
}

/// Gives the owner all permissions on a folder and the folders in it. Errors are ignored: the removal that follows reports
/// them.
pub(super) fn make_removable(folder: &Path) {
    let _ = allow(folder);
    let Ok(entries) = folder.read_dir() else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_removable(&entry.path());
        }
    }
}

pub(super) fn allow(folder: &Path) -> io::Result<()> {
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))
}
