//! Reads the artifacts that a command left in its folder.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{File, FileType};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use concord_protocol::limits::{ARTIFACTS_MAX, OUTPUT_BYTES_MAX};
use concord_protocol::{Artifact, Digest};
use rustix::fs::{Mode, OFlags};
use sha2::{Digest as _, Sha256};

use super::artifacts::{ArtifactPatterns, ProducedArtifact};
use crate::memory::shared_bytes;

/// Files and folders that are looked at, at most.
const ENTRIES_MAX: usize = 100_000;

/// Bytes of a file that are read at once.
const BLOCK_BYTES: usize = 128 * 1024;

/// Why the artifacts of a copy cannot be read. The texts are the same for all copies that fail in this way.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// It is a folder, a pipe, a socket or a device.
    #[error("artifact {name} is not a file")]
    NotAFile {
        /// The name.
        name: String,
    },
    /// A symbolic link that leads nowhere, or out of the folder.
    #[error("artifact {name} is a symbolic link that leads to no file in the folder of the copy")]
    LeadsOut {
        /// The name.
        name: String,
    },
    /// The copy wrote too many artifacts.
    #[error("more than {ARTIFACTS_MAX} artifacts")]
    TooMany,
    /// The folders in which the artifacts are have too many files.
    #[error("more than {ENTRIES_MAX} files in the folder of the copy")]
    TooManyEntries,
    /// The system did not give the file.
    #[error("artifact {name} cannot be read: {source}")]
    Unreadable {
        /// The name.
        name: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

/// Reads the artifacts in `folder`, without standard output, in the order of their names.
pub fn read_artifacts(
    folder: &Path,
    patterns: &ArtifactPatterns,
) -> Result<Vec<ProducedArtifact>, CollectError> {
    let unreadable = |source| CollectError::Unreadable { name: String::new(), source };
    let entries = folder.read_dir().map_err(unreadable)?.map(|entry| entry.map(|entry| entry.file_name()));
    collect(folder, patterns, entries.collect::<Result<_, _>>().map_err(unreadable)?)
}

/// The artifacts in `folder`, in the order of their names. `entries` names the entries of the folder itself that are looked at;
/// others show other files, and belong to no copy.
///
/// Contents are kept up to [`OUTPUT_BYTES_MAX`] bytes in all; larger artifacts are digested only.
pub(super) fn collect(
    folder: &Path,
    patterns: &ArtifactPatterns,
    entries: BTreeSet<OsString>,
) -> Result<Vec<ProducedArtifact>, CollectError> {
    let (mut found, mut waiting) = (Vec::new(), Vec::new());
    let mut count = 0;
    let mut look = |path: PathBuf, kind: FileType, waiting: &mut Vec<PathBuf>| {
        count += 1;
        if count > ENTRIES_MAX {
            return Err(CollectError::TooManyEntries);
        }
        if kind.is_dir() {
            waiting.push(path);
        } else if patterns.matches(&path) {
            found.push(path);
        }
        Ok(())
    };
    for entry in entries.into_iter().map(PathBuf::from) {
        match folder.join(&entry).symlink_metadata() {
            Ok(metadata) => look(entry, metadata.file_type(), &mut waiting)?,
            // It was made, and removed again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(CollectError::Unreadable { name: name(&entry), source }),
        }
    }
    while let Some(inner) = waiting.pop() {
        let unreadable = |source| CollectError::Unreadable { name: name(&inner), source };
        for entry in folder.join(&inner).read_dir().map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let kind = entry.file_type().map_err(unreadable)?;
            look(inner.join(entry.file_name()), kind, &mut waiting)?;
        }
    }
    if found.len() > ARTIFACTS_MAX {
        return Err(CollectError::TooMany);
    }
    // In the order of their names, so that the same contents are kept of copies that are alike.
    found.sort();
    let mut room = OUTPUT_BYTES_MAX;
    found.iter().map(|path| read(folder, path, &mut room)).collect()
}

fn name(path: &Path) -> String {
    Artifact::name_of(path.as_os_str().as_bytes())
}

/// Digests the file at `path`, and keeps its contents if they fit into `room`.
fn read(folder: &Path, path: &Path, room: &mut usize) -> Result<ProducedArtifact, CollectError> {
    let mut file = open(folder, path)?;
    let unreadable = |source| CollectError::Unreadable { name: name(path), source };
    let (mut hash, mut bytes, mut content) = (Sha256::new(), 0_u64, Some(Vec::new()));
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(unreadable(error)),
        };
        hash.update(&block[..count]);
        bytes += count as u64;
        content = content.filter(|content| content.len() + count <= *room);
        // Where the system gives no memory, the file is digested only, too.
        content = content.and_then(|mut content| {
            content.try_reserve(count).ok()?;
            content.extend_from_slice(&block[..count]);
            Some(content)
        });
    }
    let content = content.and_then(shared_bytes);
    *room -= content.as_ref().map_or(0, |content| content.len());
    let artifact = Artifact { name: name(path), digest: Digest::from_bytes(hash.finalize().into()), bytes };
    Ok(ProducedArtifact { artifact, content })
}

/// Opens a regular file, or the file in the same folder that a symbolic link leads to. Never waits for a pipe.
fn open(folder: &Path, path: &Path) -> Result<File, CollectError> {
    let full = folder.join(path);
    let unreadable = |source| CollectError::Unreadable { name: name(path), source };
    let full = if full.is_symlink() {
        let leads_out = || CollectError::LeadsOut { name: name(path) };
        let target = full.canonicalize().map_err(|_| leads_out())?;
        let inside = target.starts_with(folder.canonicalize().map_err(unreadable)?);
        if inside { target } else { return Err(leads_out()) }
    } else {
        full
    };
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    if !full.symlink_metadata().map_err(unreadable)?.is_file() {
        return Err(CollectError::NotAFile { name: name(path) });
    }
    let file = rustix::fs::open(&full, flags, Mode::empty()).map_err(|error| unreadable(error.into()))?;
    Ok(File::from(file))
}

#[cfg(test)]
mod tests;
