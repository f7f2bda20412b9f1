//! Which file a command line means.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::Access;

/// Where to look when there is no `PATH` at all, as `execvp(3)` does.
const DEFAULT_SEARCH_PATH: &str = "/bin:/usr/bin";

/// A program that was found, its arguments and the folder it runs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
    argv: Vec<String>,
    folder: PathBuf,
}

/// Why a command line names nothing that can be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// There is no first word, or it is empty.
    #[error("the command is empty")]
    Empty,
    /// An argument holds a NUL byte, which no program can be given.
    #[error("word {position} of the command holds a nul byte")]
    Nul {
        /// Its place, from 0, the program.
        position: usize,
    },
    /// The folder to run in cannot be used.
    #[error("failed to use {} as the folder to run in", folder.display())]
    Folder {
        /// The folder as it was given.
        folder: PathBuf,
        /// What is wrong with it.
        #[source]
        source: io::Error,
    },
    /// A name without a slash is in no folder of the search path.
    #[error("no program {name} in {}", search_path.display())]
    NotOnPath {
        /// The name.
        name: String,
        /// The folders, separated by colons.
        search_path: OsString,
    },
    /// There is no such file.
    #[error("no program at {}", path.display())]
    NotFound {
        /// Where it would be.
        path: PathBuf,
        /// What keeps it from being found.
        #[source]
        source: io::Error,
    },
    /// A file is there but may not be executed.
    #[error("{} is not executable", path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
    },
    /// A folder is there in place of a program.
    #[error("{} is a folder, not a program", path.display())]
    IsDirectory {
        /// The folder.
        path: PathBuf,
    },
}

impl Program {
    /// Finds the file that `argv[0]` means, once for any number of runs.
    ///
    /// A name with a slash is taken relative to `folder`, any other is looked for in `search_path` (the value of
    /// `PATH`), whose relative entries are relative to `folder` too: all is as if a shell were in that folder.
    pub fn find(
        argv: &[String],
        folder: &Path,
        search_path: Option<&OsStr>,
    ) -> Result<Program, ProgramError> {
        let name = argv.first().filter(|name| !name.is_empty()).ok_or(ProgramError::Empty)?;
        if let Some(position) = argv.iter().position(|word| word.contains('\0')) {
            return Err(ProgramError::Nul { position });
        }
        let folder = existing_folder(folder)
            .map_err(|source| ProgramError::Folder { folder: folder.to_owned(), source })?;
        let path = if name.contains('/') {
            let path = folder.join(name);
            check(&path).map(|()| path)?
        } else {
            search(name, &folder, search_path.unwrap_or(OsStr::new(DEFAULT_SEARCH_PATH)))?
        };
        Ok(Program { path, argv: argv.to_vec(), folder })
    }

    /// The absolute path of the file that is run.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The program and its arguments as they were given, unchanged.
    #[must_use]
    pub fn argv(&self) -> &[String] {
        &self.argv
    }

    /// The absolute path of the folder it runs in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What to start: a group of its own, the environment as it is. Nothing here keeps the standard library from
    /// `posix_spawn`, which is several times faster than a fork and, unlike `execvp`, hands no file to a shell.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.arg0(&self.argv[0]).args(&self.argv[1..]).current_dir(&self.folder).process_group(0);
        command
    }
}

fn existing_folder(folder: &Path) -> io::Result<PathBuf> {
    let folder = std::path::absolute(folder)?;
    if folder.metadata()?.is_dir() { Ok(folder) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// The first file of that name that can be run; else the best reason why there is none.
fn search(name: &str, folder: &Path, search_path: &OsStr) -> Result<PathBuf, ProgramError> {
    let mut reason = None;
    for entry in search_path.as_bytes().split(|byte| *byte == b':') {
        let path = folder.join(OsStr::from_bytes(entry)).join(name);
        match check(&path) {
            Ok(()) => return Ok(path),
            Err(ProgramError::NotFound { .. }) => {}
            Err(error) => reason = reason.or(Some(error)),
        }
    }
    Err(reason.unwrap_or_else(|| ProgramError::NotOnPath {
        name: name.to_owned(),
        search_path: search_path.to_owned(),
    }))
}

fn check(path: &Path) -> Result<(), ProgramError> {
    let path_owned = || path.to_owned();
    let metadata = path.metadata().map_err(|source| ProgramError::NotFound { path: path_owned(), source })?;
    if metadata.is_dir() {
        return Err(ProgramError::IsDirectory { path: path_owned() });
    }
    if !metadata.is_file() || rustix::fs::access(path, Access::EXEC_OK).is_err() {
        return Err(ProgramError::NotExecutable { path: path_owned() });
    }
    Ok(())
}
