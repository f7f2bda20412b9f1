//! What a scratch folder shows, and how it is brought back to that.

use std::collections::BTreeSet;
use std::ffi::OsString;
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

    /// Whether the entry of this name is a link to what is shown.
    pub(in crate::calc) fn is_link(&self, name: &Path) -> bool {
        self.links.contains(name.as_os_str())
    }

    /// Brings a scratch folder back to this layout. Touches only what differs.
    pub(super) fn restore(&self, folder: &Path) -> io::Result<()> {
        // The copy may have taken the permissions away.
        if folder.read_dir().is_err() {
            allow(folder)?;
        }
        let mut present = BTreeSet::new();
        for entry in folder.read_dir()? {
            let entry = entry?;
            let name = entry.file_name();
            let is_ours = self.links.contains(&name)
                && entry.path().read_link().is_ok_and(|target| target == self.shown.join(&name));
            if is_ours {
                present.insert(name);
            } else {
                remove(&entry.path())?;
            }
        }
        for name in self.links.difference(&present) {
            symlink(self.shown.join(name), folder.join(name))?;
        }
        self.empty.iter().try_for_each(|inner| std::fs::create_dir(folder.join(inner)))
    }
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
