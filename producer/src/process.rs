use std::ffi::OsString;
use std::io::IsTerminal;
use std::num::NonZero;
use std::path::PathBuf;

use concord_worker::Variables;

/// Names the store when `--store` does not.
pub(crate) const CONCORD_STORE: &str = "CONCORD_STORE";
/// Names the stack when neither `--stack` nor `--store` is given.
pub(crate) const CONCORD_STACK: &str = "CONCORD_STACK";
/// The folder for state that outlives a program (XDG base directory specification).
const XDG_STATE_HOME: &str = "XDG_STATE_HOME";
/// The home folder of the user.
const HOME: &str = "HOME";
/// Set and not empty means no colour (<https://no-color.org>).
const NO_COLOR: &str = "NO_COLOR";
/// The folders that are searched for commands.
const PATH: &str = "PATH";

/// What the program reads from its process, once: variables, terminals and cores.
pub(crate) struct Process {
    pub(crate) store: Option<OsString>,
    pub(crate) stack: Option<OsString>,
    pub(crate) state_folder: Option<OsString>,
    pub(crate) home: Option<OsString>,
    pub(crate) no_color: bool,
    pub(crate) search_path: Option<OsString>,
    /// The folder for temporary files.
    pub(crate) temporary_folder: PathBuf,
    /// The files to which standard output and standard error go, as far as they are known.
    pub(crate) output_files: Vec<PathBuf>,
    pub(crate) stdout_is_terminal: bool,
    pub(crate) stderr_is_terminal: bool,
    pub(crate) cores: usize,
    /// The variables that are recorded with every outcome.
    pub(crate) variables: Variables,
}

impl Process {
    #[expect(clippy::disallowed_methods, reason = "this is the place where the environment is read")]
    pub(crate) fn read() -> Self {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            store: variable(CONCORD_STORE),
            stack: variable(CONCORD_STACK),
            state_folder: variable(XDG_STATE_HOME),
            home: variable(HOME),
            no_color: variable(NO_COLOR).is_some(),
            search_path: variable(PATH),
            temporary_folder: std::env::temp_dir(),
            output_files: ["/proc/self/fd/1", "/proc/self/fd/2"]
                .into_iter()
                .filter_map(|link| std::fs::read_link(link).ok())
                .collect(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            cores: std::thread::available_parallelism().map_or(1, NonZero::get),
            variables: Variables::read(|name| std::env::var_os(name)),
        }
    }
}
