//! What is known of the machine on which a job is planned.

use std::collections::BTreeSet;

/// The machine whose settings are planned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The processors' architecture, such as `x86_64`.
    pub arch: String,
    /// The CPU generations that it can take part in, by their levels in the table.
    pub levels: BTreeSet<String>,
    /// The number of processors on which commands may run.
    pub cores: u32,
    /// A processor on which commands may run.
    pub cpu: u32,
    /// The programs that can be found, among [`Host::PROGRAMS`].
    pub programs: BTreeSet<String>,
    /// The models of processors that `qemu-x86_64` knows.
    pub models: BTreeSet<String>,
    /// Folders with a BLAS library.
    pub blas: Vec<BlasFolder>,
    /// Whether this build has the library that is preloaded.
    pub has_preload: bool,
}

/// A folder with a library of the BLAS interface, `libblas.so.3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlasFolder {
    /// The name of the library.
    pub name: String,
    /// The folder.
    pub folder: String,
}

impl Host {
    /// The programs that a setting may need.
    pub const PROGRAMS: [&str; 4] = ["taskset", "setarch", "nice", "qemu-x86_64"];
}
