//! Finds the file that a command line names.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::fs::Access;

/// The search path when there is no `PATH`, as in `execvp(3)`.
const DEFAULT_SEARCH_PATH: &str = "/bin:/usr/bin";

/// A program that was found, its arguments, and the folder in which it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
    argv: Vec<String>,
    folder: PathBuf,
    /// The variables that it gets beside those of this process.
    variables: BTreeMap<String, OsString>,
    /// Whether a run is asked whether other programs ran in it.
    asks_for_others: bool,
}

/// Why a command line names no program that can be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// There is no first word, or it is empty.
    #[error("the command is empty")]
    Empty,
    /// An argument has a NUL byte, which cannot be passed to a program.
    #[error("word {position} of the command holds a nul byte")]
    Nul {
        /// Position of the word; 0 is the program.
        position: usize,
    },
    /// The folder of the program cannot be used.
    #[error("failed to use {} as the folder to run in", folder.display())]
    Folder {
        /// The folder as it was given.
        folder: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// No folder of the search path has the program.
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
        /// The path that was tried.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The file may not be executed.
    #[error("{} is not executable", path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
    },
    /// The path is a folder, not a program.
    #[error("{} is a folder, not a program", path.display())]
    IsDirectory {
        /// The folder.
        path: PathBuf,
    },
}

impl Program {
    /// Finds the file that `argv[0]` names, once for any number of runs.
    ///
    /// A name with a slash is relative to `folder`. Any other name is searched in `search_path` (the value of `PATH`), whose
    /// relative entries are relative to `folder` too, as in a shell whose current folder is `folder`.
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
        Ok(Program { path, argv: argv.to_vec(), folder, variables: BTreeMap::new(), asks_for_others: false })
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

    /// The absolute path of the folder in which the program runs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The same program, to be run in another folder, which the variable `PWD` then names.
    #[must_use]
    pub fn in_folder(&self, folder: PathBuf) -> Program {
        Program { folder: folder.clone(), ..self.clone() }.with_variable("PWD", folder)
    }

    /// The same program, with this variable in its environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<OsString>) -> Program {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    /// The same program, whose runs record whether other programs ran in them.
    #[must_use]
    pub fn asking_for_others(self) -> Program {
        Program { asks_for_others: true, ..self }
    }

    /// Whether a run records whether other programs ran in it.
    pub(super) fn asks_for_others(&self) -> bool {
        self.asks_for_others
    }

    /// The command to start: in its own process group, with the environment of this process and its own variables. It uses only settings with which the
    /// standard library calls `posix_spawn`, which is several times faster than a fork and, unlike `execvp`, never passes a
    /// file to a shell.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.arg0(&self.argv[0]).args(&self.argv[1..]).current_dir(&self.folder).process_group(0);
        command.envs(&self.variables);
        command
    }
}

fn existing_folder(folder: &Path) -> io::Result<PathBuf> {
    let folder = std::path::absolute(folder)?;
    if folder.metadata()?.is_dir() { Ok(folder) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// The first file of that name that can be run; otherwise the most helpful error.
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
