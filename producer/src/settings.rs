use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use concord_clock::SystemClock;
use concord_protocol::ports::Clock;
use concord_worker::Variables;

use crate::args::{Args, AwsArgs, StackArgs};
use crate::error::CliError;
use crate::process::Process;

/// The resolved values that all verbs share.
pub(crate) struct Settings {
    /// The store's file.
    pub(crate) store: PathBuf,
    /// The flag that names the same store in the command of a hint; empty for the default.
    pub(crate) store_flag: String,
    /// Whether the store is in its default folder, which is created when it is missing.
    pub(crate) is_default_store: bool,
    pub(crate) search_path: Option<OsString>,
    pub(crate) cores: usize,
    pub(crate) variables: Variables,
    /// Whether a divergent job whose outputs are all within its tolerances exits with 0.
    pub(crate) accepts_equivalent: bool,
    /// The program that says whether two outputs are equivalent.
    pub(crate) comparator: Option<PathBuf>,
    pub(crate) stack: StackArgs,
    pub(crate) aws: AwsArgs,
    /// The clock of this process.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Settings {
    pub(crate) fn new(args: &Args, process: &Process) -> Result<Self, CliError> {
        let named = args.store.store.clone().or_else(|| process.store.clone().map(PathBuf::from));
        let is_default_store = named.is_none();
        let flag = |path: &PathBuf| format!(" --store {}", path.display());
        let store_flag = args.store.store.as_ref().map_or_else(String::new, flag);
        let store = named.or_else(|| default_store(process)).ok_or_else(|| {
            CliError::usage_text("no place for the store: neither XDG_STATE_HOME nor HOME is set")
                .hint("name one with --store PATH")
        })?;
        Ok(Self {
            store,
            store_flag,
            is_default_store,
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

    /// The flags that name the same store or stack in the command of a hint.
    pub(crate) fn place_flags(&self) -> String {
        format!("{}{}", self.store_flag, self.stack.flags(&self.aws))
    }

    /// The store, the stack or the table, in words.
    pub(crate) fn place(&self) -> String {
        match (&self.stack.stack, &self.stack.table) {
            (Some(stack), _) => format!("the stack {stack}"),
            (None, Some(table)) => format!("the table {table}"),
            (None, None) => self.store.display().to_string(),
        }
    }
}

/// The stack that the flags name, or else the environment. Every flag that says where jobs are overrides the environment.
fn stack(args: &Args, process: &Process) -> Result<StackArgs, CliError> {
    let mut stack = args.stack.clone();
    if stack.stack.is_none() && stack.queue_url.is_none() && args.store.store.is_none() {
        let named = process.stack.clone().map(OsString::into_string).transpose();
        stack.stack = named.map_err(|name| {
            CliError::usage_text(format!("CONCORD_STACK is not UTF-8: {}", name.display()))
        })?;
    }
    Ok(stack)
}

fn default_store(process: &Process) -> Option<PathBuf> {
    // The XDG specification says that relative paths are to be ignored.
    let state = process.state_folder.as_ref().map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || process.home.as_ref().map(|home| PathBuf::from(home).join(".local/state"));
    Some(state.or_else(home)?.join("concord").join("concord.db"))
}
