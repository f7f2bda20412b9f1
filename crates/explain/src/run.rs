use std::collections::BTreeMap;

/// Facts of a place or of a run, by their dotted names: `cpu.model_name`, `variable.GLIBC_TUNABLES`.
pub type FactMap = BTreeMap<String, String>;

/// One run of a copy that gave a digest. A copy that gave a second, differing digest has two.
#[derive(Clone, Copy, Debug)]
pub struct ObservedRun<'a> {
    /// Index of the copy in its job.
    pub copy: u32,
    /// Digest of the output, as text.
    pub digest: &'a str,
    /// Bytes that were digested.
    pub bytes: u64,
    /// When the run started, in milliseconds since the Unix epoch.
    pub started_at_ms: u64,
    /// How long it took, in microseconds.
    pub run_us: u64,
    /// The sandbox that ran it, where one is known.
    pub sandbox: Option<&'a str>,
    /// What is known of the place. Runs of one place should share one map: a shared map is read once.
    pub environment: &'a FactMap,
    /// What is known of this run alone. It goes before the environment where both have a fact.
    pub facts: &'a FactMap,
}

impl<'a> ObservedRun<'a> {
    /// The value of a fact.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&'a str> {
        self.facts.get(name).or_else(|| self.environment.get(name)).map(String::as_str)
    }
}
