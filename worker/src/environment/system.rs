use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::cpuid;
use super::variables::Variables;

/// Bytes of one text file of the system that are read, at most; `/proc/cpuinfo` has about 1.5 KB a processor.
const TEXT_BYTES_MAX: u64 = 1024 * 1024;

/// The sources of facts about a process: files below a root, and some variables.
#[derive(Clone, Debug)]
pub struct System {
    root: PathBuf,
    variables: Variables,
    /// Flags that the processor reports to this process, in the words of `/proc/cpuinfo`.
    detected: Vec<&'static str>,
}

impl System {
    /// The system of this process.
    #[must_use]
    pub fn new(variables: Variables) -> Self {
        Self { root: "/".into(), variables, detected: cpuid::detected() }
    }

    /// A system for tests: its files are below `root`, and its processor reports no flags.
    #[must_use]
    pub fn below(root: impl Into<PathBuf>, variables: Variables) -> Self {
        Self { root: root.into(), variables, detected: Vec::new() }
    }

    pub(super) fn variables(&self) -> &Variables {
        &self.variables
    }

    pub(super) fn detected(&self) -> &[&'static str] {
        &self.detected
    }

    /// The full path of a file of the system. `path` does not begin with a slash.
    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// The text of a file. Bytes that are not UTF-8 are replaced.
    pub(super) fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        text(&self.path(path))
    }

    /// The text of a file that holds one word or line.
    pub(super) fn line(&self, path: impl AsRef<Path>) -> Option<String> {
        self.text(path).map(|text| text.trim().to_owned()).filter(|line| !line.is_empty())
    }
}

/// The first [`TEXT_BYTES_MAX`] bytes of a file as text; bytes that are not UTF-8 are replaced. `None` when the file cannot
/// be read.
pub(crate) fn text(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(TEXT_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The value of a field in a text of lines `name: value`, which many files of `/proc` have.
pub(super) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.map(|(found, value)| (found.trim(), value.trim())).find(|(found, _)| *found == name).map(|(_, v)| v)
}
