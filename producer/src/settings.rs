//! The resolved values that verbs work with. They are plain; `resolve` makes them from the command line.

mod comparing;
mod pin;
mod place;
mod report;
mod resolve;
mod submit;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use concord_local::Opening;
use concord_protocol::ports::Clock;
use concord_worker::Variables;

pub(crate) use comparing::ComparingSettings;
pub(crate) use pin::PinSettings;
pub(crate) use place::{AwsChoice, StackChoice};
pub(crate) use report::ReportSettings;
pub(crate) use submit::{
    CalculationChoice, CopiesChoice, ExpectationChoice, SubmitExtent, SubmitSettings, VaryingSettings,
};

/// The values that all verbs share.
pub(crate) struct Settings {
    /// The store's file.
    pub(crate) store: PathBuf,
    /// The flag that names the same store in the command of a hint; empty for the default.
    pub(crate) store_flag: String,
    /// Whether the store is in its default folder, which is created when it is missing.
    pub(crate) is_default_store: bool,
    pub(crate) search_path: Option<OsString>,
    /// The folder for temporary files.
    pub(crate) temporary_folder: PathBuf,
    /// The beginnings of the full paths of files that this process writes itself.
    pub(crate) own_files: Vec<PathBuf>,
    pub(crate) cores: usize,
    pub(crate) variables: Variables,
    /// Copies that run at the same time, if the user said how many.
    pub(crate) copies_at_once: Option<u16>,
    /// Whether a divergent job whose outputs are all within its tolerances exits with 0.
    pub(crate) accepts_equivalent: bool,
    /// The program that says whether two outputs are equivalent.
    pub(crate) comparator: Option<PathBuf>,
    /// The stack that keeps the jobs; `None` when the store does.
    pub(crate) stack: Option<StackChoice>,
    pub(crate) aws: AwsChoice,
    /// What a store of this machine is given when it is opened.
    pub(crate) opening: Opening,
    /// The clock of this process.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Settings {
    /// The flags that name the same store or stack in the command of a hint.
    pub(crate) fn place_flags(&self) -> String {
        let stack = self.stack.as_ref().map_or_else(String::new, |stack| stack.flags(&self.aws));
        format!("{}{stack}", self.store_flag)
    }

    /// The store, the stack or the table, in words.
    pub(crate) fn place(&self) -> String {
        self.stack.as_ref().map_or_else(|| self.store.display().to_string(), StackChoice::place)
    }
}
