use std::ffi::OsString;
use std::io::IsTerminal;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

use concord_clock::SystemClock;
use concord_local::Store;
use concord_protocol::ports::Clock;
use concord_worker::Variables;

use crate::args::{Args, AwsArgs, StackArgs};
use crate::fault::Fault;
use crate::home::Home;
use crate::stack::Stack;

/// Names the store when `--store` does not.
pub(crate) const CONCORD_STORE: &str = "CONCORD_STORE";
/// Names the stack when neither `--stack` nor `--store` is given.
pub(crate) const CONCORD_STACK: &str = "CONCORD_STACK";
/// The folder under which programs keep what should outlive them (XDG base directory specification).
const XDG_STATE_HOME: &str = "XDG_STATE_HOME";
/// The user's folder.
const HOME: &str = "HOME";
/// Set and not empty: no colour (<https://no-color.org>).
const NO_COLOR: &str = "NO_COLOR";
/// The folders in which commands are looked for.
const PATH: &str = "PATH";

/// What the program takes from its process, read once.
pub(crate) struct Process {
    pub(crate) store: Option<OsString>,
    pub(crate) stack: Option<OsString>,
    pub(crate) state_folder: Option<OsString>,
    pub(crate) home: Option<OsString>,
    pub(crate) no_color: bool,
    pub(crate) search_path: Option<OsString>,
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
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            cores: std::thread::available_parallelism().map_or(1, NonZero::get),
            variables: Variables::read(|name| std::env::var_os(name)),
        }
    }
}

/// What all verbs go by.
pub(crate) struct Settings {
    pub(crate) store: PathBuf,
    /// What a command in a hint needs to find the same store.
    pub(crate) store_flag: String,
    /// Whether the place of the store is the default, whose folder is made when it is missing.
    default_place: bool,
    pub(crate) search_path: Option<OsString>,
    pub(crate) cores: usize,
    pub(crate) variables: Variables,
    /// Whether differences within the tolerances of a job count as none for the exit code.
    pub(crate) accepts_equivalent: bool,
    /// The program that says what is equivalent.
    pub(crate) comparator: Option<PathBuf>,
    pub(crate) stack: StackArgs,
    pub(crate) aws: AwsArgs,
    /// The clock that everything in this process goes by.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Settings {
    pub(crate) fn new(args: &Args, process: &Process) -> Result<Self, Fault> {
        let named = args.store.store.clone().or_else(|| process.store.clone().map(PathBuf::from));
        let default_place = named.is_none();
        let flag = |path: &PathBuf| format!(" --store {}", path.display());
        let store_flag = args.store.store.as_ref().map_or_else(String::new, flag);
        let store = named.or_else(|| default_store(process)).ok_or_else(|| {
            Fault::usage_text("no place for the store: neither XDG_STATE_HOME nor HOME is set")
                .hint("name one with --store PATH")
        })?;
        Ok(Self {
            store,
            store_flag,
            default_place,
            search_path: process.search_path.clone(),
            cores: process.cores,
            variables: process.variables.clone(),
            accepts_equivalent: args.verb.work().is_some_and(|work| work.accept.is_some()),
            comparator: args.verb.work().and_then(|work| work.comparator.clone()),
            stack: stack(args, process)?,
            aws: args.aws.clone(),
            clock: Arc::new(SystemClock::start()),
        })
    }

    /// Opens the stack that is named, or else the store if there is one.
    pub(crate) fn open_home(&self) -> Result<Option<Home>, Fault> {
        match self.open_stack()? {
            Some(stack) => Ok(Some(Home::Stack(Box::new(stack)))),
            None => Ok(self.open_store()?.map(Home::Local)),
        }
    }

    /// Opens the stack that is named, if one is.
    pub(crate) fn open_stack(&self) -> Result<Option<Stack>, Fault> {
        Stack::open(&self.stack, &self.aws, Arc::clone(&self.clock))
    }

    /// The flags of a command in a hint that is to find the same jobs.
    pub(crate) fn place_flags(&self) -> String {
        format!("{}{}", self.store_flag, crate::stack::flags(&self.stack, &self.aws))
    }

    /// Where jobs are looked for, in words.
    pub(crate) fn place(&self) -> String {
        match (&self.stack.stack, &self.stack.table) {
            (Some(stack), _) => format!("the stack {stack}"),
            (None, Some(table)) => format!("the table {table}"),
            (None, None) => self.store.display().to_string(),
        }
    }

    /// Opens the store, and creates it if there is none.
    pub(crate) fn create_store(&self) -> Result<Store, Fault> {
        if self.default_place
            && let Some(folder) = self.store.parent()
        {
            std::fs::create_dir_all(folder).map_err(|error| {
                let cause = anyhow::Error::new(error).context(format!("cannot create {}", folder.display()));
                Fault::failed(cause).hint("name another place with --store PATH")
            })?;
        }
        let store = Store::open(&self.store, Arc::clone(&self.clock))?;
        futures::executor::block_on(concord_local::catch_up(&store))?;
        Ok(store)
    }

    /// Opens the store if there is one.
    fn open_store(&self) -> Result<Option<Store>, Fault> {
        let there = self.store.try_exists().unwrap_or(true);
        if there { self.create_store().map(Some) } else { Ok(None) }
    }
}

/// The stack that is meant. One in the environment yields to every flag that says where jobs are.
fn stack(args: &Args, process: &Process) -> Result<StackArgs, Fault> {
    let mut stack = args.stack.clone();
    if stack.stack.is_none() && stack.queue_url.is_none() && args.store.store.is_none() {
        let named = process.stack.clone().map(OsString::into_string).transpose();
        stack.stack = named.map_err(|_| Fault::usage_text("CONCORD_STACK is not UTF-8"))?;
    }
    Ok(stack)
}

fn default_store(process: &Process) -> Option<PathBuf> {
    // The specification has relative paths ignored.
    let state = process.state_folder.as_ref().map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || process.home.as_ref().map(|home| PathBuf::from(home).join(".local/state"));
    Some(state.or_else(home)?.join("concord").join("concord.db"))
}
