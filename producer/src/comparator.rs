//! A program of the user that says whether two outputs are equivalent.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use concord_worker::calc::command::{self, Observer, Program, RunError, RunLimits, Running, StdinFile};

use crate::error::CliError;
use crate::exit::Exit;
use crate::interrupt::Interrupt;

/// How long one comparison may take.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Bytes that a comparator may write to its standard output, which is discarded.
const DISCARDED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes that are kept of its standard error, to be shown when it fails.
const SHOWN_STDERR_BYTES: usize = 400;

/// A program that is called with the names of two files, the reference first. Exit code 0 means that they are
/// equivalent, 1 that they are not.
pub(crate) struct Comparator {
    program: PathBuf,
    search_path: Option<OsString>,
    folder: tempfile::TempDir,
    /// Its process groups, which an interrupt ends.
    running: Arc<Running>,
}

impl Comparator {
    /// Finds the program `name` in the same way as a command in the current folder.
    ///
    /// # Errors
    /// When there is no such program.
    pub(crate) fn find(name: &Path, search_path: Option<OsString>) -> Result<Self, CliError> {
        let folder = tempfile::tempdir().map_err(|error| {
            CliError::failed(
                anyhow::Error::new(error).context("cannot make a folder for the comparator's files"),
            )
        })?;
        let running = Arc::new(Running::new());
        let stopped = Arc::clone(&running);
        Interrupt::listen(move || stopped.stop())?;
        let comparator = Self { program: name.to_owned(), search_path, folder, running };
        comparator.prepared().map(|_| comparator)
    }

    /// Its name in a report.
    pub(crate) fn name(&self) -> String {
        format!("comparator {}", self.program.display())
    }

    /// Runs it on two outputs; gives whether they are equivalent.
    ///
    /// # Errors
    /// When the files cannot be written, or the program fails: another exit code, a signal, or a run of more than a
    /// minute; and when the user interrupts it.
    pub(crate) fn judge(&self, outputs: [&[u8]; 2]) -> Result<bool, CliError> {
        for (path, output) in self.files().iter().zip(outputs) {
            std::fs::write(path, output).map_err(|error| {
                CliError::failed(
                    anyhow::Error::new(error).context("cannot write an output for the comparator"),
                )
            })?;
        }
        let limits = RunLimits {
            timeout: TIMEOUT,
            output_bytes_max: DISCARDED_BYTES_MAX,
            stderr_tail_bytes: SHOWN_STDERR_BYTES,
        };
        let nothing = StdinFile::new(&[]).map_err(|error| CliError::failed(anyhow::Error::new(error)))?;
        match command::run(&self.prepared()?, &nothing, &limits, &self.running, &Observer::default()) {
            Ok(_) => Ok(true),
            Err(RunError::Exit { code: 1, .. }) => Ok(false),
            Err(RunError::Stopped) => Err(CliError {
                exit: Exit::Interrupted,
                cause: anyhow::anyhow!("interrupted while the comparator {} ran", self.program.display()),
                hint: None,
            }),
            Err(error) => {
                let said = error.traces().map_or(&[][..], |traces| &traces.stderr_tail);
                let said = String::from_utf8_lossy(said).trim().to_owned();
                let context = format!("the comparator {} failed", self.program.display());
                let cause = anyhow::Error::new(error).context(context);
                let cause = if said.is_empty() { cause } else { cause.context(said) };
                Err(CliError::usage(cause).hint(
                    "it is called with two files: exit code 0 says equivalent, 1 says not, anything else is a failure",
                ))
            }
        }
    }

    fn files(&self) -> [PathBuf; 2] {
        ["reference", "other"].map(|name| self.folder.path().join(name))
    }

    fn prepared(&self) -> Result<Program, CliError> {
        let words = [self.program.clone()].into_iter().chain(self.files());
        let argv: Option<Vec<String>> = words.map(|word| word.to_str().map(str::to_owned)).collect();
        let argv = argv.ok_or_else(|| {
            CliError::usage_text("the name of the comparator, or of its files, is not UTF-8")
        })?;
        let here = std::env::current_dir().map_err(|error| {
            CliError::failed(anyhow::Error::new(error).context("cannot tell the current folder"))
        })?;
        Program::find(&argv, &here, self.search_path.as_deref()).map_err(|error| {
            CliError::usage(anyhow::Error::new(error))
                .hint("--comparator takes a program, as a path or in PATH")
        })
    }
}
