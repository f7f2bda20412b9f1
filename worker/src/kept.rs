//! The folders of copies that are kept after a run, so that somebody can look at what an odd copy left behind.
//!
//! While a job runs nobody knows which class will be the most frequent. So the first folders of every class and of every
//! reason of failure are kept, at most [`FOLDERS_MAX`] in all. The process that concludes the job removes the folders of the
//! class that needs no explanation. The name of a folder says which class or reason it belongs to, so that any process can go
//! on with it.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use concord_protocol::{Digest, JobId};

use crate::calc::{RunFolder, remove_folder};

/// Folders of one job that are kept, at most.
pub const FOLDERS_MAX: usize = 100;

/// Folders of one class, or of one reason of failure, that are kept, at most.
pub const FOLDERS_PER_CLASS_MAX: usize = 2;

/// The first letters of the folder that has the kept folders of a job; the job's id follows. No lock is in it, so it is never
/// taken for the folder of a process that was killed.
const PREFIX: &str = "concord-kept-";

/// Hexadecimal digits of a digest in a name.
const HEX_DIGITS: usize = 16;

/// What a copy gave whose folder is kept: the beginning of a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeptClass {
    /// The copy gave an output: the first 16 hexadecimal digits of its digest.
    Produced(String),
    /// A run of the copy failed: the first 16 hexadecimal digits of the digest of the reason.
    Failed(String),
}

impl KeptClass {
    /// The class of an output with this digest.
    #[must_use]
    pub fn produced(digest: &Digest) -> Self {
        Self::Produced(digest.hex()[..HEX_DIGITS].to_owned())
    }

    /// The class of the runs that failed for this reason.
    #[must_use]
    pub fn failed(reason: &str) -> Self {
        Self::Failed(Digest::of(reason.as_bytes()).hex()[..HEX_DIGITS].to_owned())
    }
}

/// A folder that was kept. Its order is that of copies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptFolder {
    /// The index of the copy, from 0.
    pub copy: u32,
    /// What the copy gave.
    pub class: KeptClass,
}

impl KeptFolder {
    /// The name of the folder, such as `copy-000017-sha256-71ce88fdc9017600`.
    #[must_use]
    pub fn name(&self) -> String {
        let (kind, hex) = match &self.class {
            KeptClass::Produced(hex) => ("sha256", hex),
            KeptClass::Failed(hex) => ("failed", hex),
        };
        format!("copy-{:06}-{kind}-{hex}", self.copy)
    }

    fn parse(name: &str) -> Option<Self> {
        let (copy, class) = name.strip_prefix("copy-")?.split_once('-')?;
        let (kind, hex) = class.split_once('-')?;
        let class = match kind {
            "sha256" => KeptClass::Produced(hex.to_owned()),
            "failed" => KeptClass::Failed(hex.to_owned()),
            _ => return None,
        };
        Some(Self { copy: copy.parse().ok()?, class })
    }
}

/// The kept folders of a job.
#[derive(Clone, Debug)]
pub struct KeptFolders {
    path: PathBuf,
}

impl KeptFolders {
    /// The kept folders of `job` in `place`, a folder for temporary files.
    #[must_use]
    pub fn new(place: &Path, job: &JobId) -> Self {
        Self { path: place.join(format!("{PREFIX}{job}")) }
    }

    /// The folder in which they are. It is there only while it has one of them.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folders that are there, in the order of their copies; none if the folder around them is missing.
    ///
    /// # Errors
    /// When the folder around them cannot be read, or belongs to another user.
    pub fn list(&self) -> io::Result<Vec<KeptFolder>> {
        match self.check_owner() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            checked => checked?,
        }
        let mut found = Vec::new();
        for entry in self.path.read_dir()? {
            found.extend(entry?.file_name().to_str().and_then(KeptFolder::parse));
        }
        found.sort();
        Ok(found)
    }

    /// Removes the folders of this class, and the folder around all of them if none is left.
    pub fn remove(&self, class: &KeptClass) -> io::Result<()> {
        let found = self.list()?;
        for folder in found.iter().filter(|folder| folder.class == *class) {
            remove_folder(&self.path.join(folder.name()))?;
        }
        match std::fs::remove_dir(&self.path) {
            // Others are left, or there never were any.
            Err(error)
                if !matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound) =>
            {
                Err(error)
            }
            _ => Ok(()),
        }
    }

    /// Keeps the folder of a run, if there is room for its class. The caller lets one thread in at a time.
    pub(crate) fn keep(&self, folder: RunFolder, wanted: &KeptFolder) -> io::Result<()> {
        let found = self.list()?;
        let Some(room) = room(&found, wanted) else { return Ok(()) };
        if let Room::InPlaceOf(other) = room {
            remove_folder(&self.path.join(other.name()))?;
        }
        self.make()?;
        folder.keep_as(&self.path.join(wanted.name()))
    }

    /// Makes the folder around the kept ones. Others may write to the place, but not into this folder.
    fn make(&self) -> io::Result<()> {
        match DirBuilder::new().mode(0o700).create(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.check_owner(),
            made => made,
        }
    }

    /// In a place where everybody may write, another user may have made something of this name: it is never followed.
    fn check_owner(&self) -> io::Result<()> {
        let found = self.path.symlink_metadata()?;
        if found.is_dir() && found.uid() == rustix::process::geteuid().as_raw() {
            return Ok(());
        }
        Err(io::Error::other(format!("{} is not a folder of this user", self.path.display())))
    }
}

/// Where there is room for another folder.
#[derive(Debug, PartialEq, Eq)]
enum Room<'a> {
    Beside,
    /// All room is taken, but a class has more than one folder, and the new class has none.
    InPlaceOf(&'a KeptFolder),
}

fn room<'a>(found: &'a [KeptFolder], wanted: &KeptFolder) -> Option<Room<'a>> {
    let mut of_class = BTreeMap::<&KeptClass, Vec<&KeptFolder>>::new();
    for folder in found {
        of_class.entry(&folder.class).or_default().push(folder);
    }
    let same = of_class.get(&wanted.class).map_or(0, Vec::len);
    if found.contains(wanted) || same >= FOLDERS_PER_CLASS_MAX {
        return None;
    }
    if found.len() < FOLDERS_MAX {
        return Some(Room::Beside);
    }
    let spare = of_class.values().find(|folders| folders.len() > 1).and_then(|folders| folders.last());
    spare.filter(|_| same == 0).map(|folder| Room::InPlaceOf(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn produced(copy: u32, output: &str) -> KeptFolder {
        KeptFolder { copy, class: KeptClass::produced(&Digest::of(output.as_bytes())) }
    }

    #[test]
    fn names_say_what_a_folder_belongs_to() {
        let check = |folder: KeptFolder, name: &str| {
            assert_eq!(folder.name(), name);
            assert_eq!(KeptFolder::parse(name), Some(folder));
        };
        check(produced(17, "1"), "copy-000017-sha256-6b86b273ff34fce1");
        let failed = KeptFolder { copy: 123_456, class: KeptClass::failed("command exited with code 3") };
        check(failed, "copy-123456-failed-3a1610e0fcdc3aec");
        for name in ["", "copy-1", "copy-x-sha256-00", "copy-000001-other-00", "lock"] {
            assert_eq!(KeptFolder::parse(name), None, "{name}");
        }
    }

    #[test]
    fn what_somebody_else_put_there_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let folders = KeptFolders::new(place.path(), &"j".parse().unwrap());
        let other = place.path().join("other");
        let theirs = other.join(produced(0, "a").name());
        std::fs::create_dir_all(&theirs).unwrap();
        std::os::unix::fs::symlink(&other, folders.path()).unwrap();
        assert!(folders.list().is_err() && folders.make().is_err());
        assert!(folders.remove(&produced(0, "a").class).is_err() && theirs.exists());
        std::fs::remove_file(folders.path()).unwrap();
        assert_eq!(folders.list().unwrap(), []);
        folders.make().unwrap();
        std::fs::rename(&theirs, folders.path().join(produced(0, "a").name())).unwrap();
        assert_eq!(folders.list().unwrap(), [produced(0, "a")]);
        folders.remove(&produced(0, "a").class).unwrap();
        assert!(!folders.path().exists());
    }

    #[test]
    fn each_class_has_a_few_and_a_new_class_takes_the_place_of_a_second_one() {
        let found = [produced(0, "a"), produced(1, "a"), produced(2, "b")];
        assert_eq!(room(&found, &produced(3, "a")), None);
        assert_eq!(room(&found, &produced(2, "b")), None);
        assert_eq!(room(&found, &produced(3, "b")), Some(Room::Beside));
        let mut full: Vec<_> = (0..99).map(|copy| produced(copy, &copy.to_string())).collect();
        full.push(produced(99, "98"));
        assert_eq!(room(&full, &produced(100, "new")), Some(Room::InPlaceOf(&full[99])));
        assert_eq!(room(&full, &produced(100, "0")), None);
        full[99] = produced(99, "99");
        assert_eq!(room(&full, &produced(100, "new")), None);
    }
}
