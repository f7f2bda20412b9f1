use concord_protocol::Facts;

/// One run of a copy that gave a digest. A copy that gave a second, differing digest has two runs.
#[derive(Clone, Copy, Debug)]
pub struct ObservedRun<'a> {
    /// The index of the copy in its job.
    pub copy: u32,
    /// The digest of the output, as text.
    pub digest: &'a str,
    /// The number of bytes that were digested.
    pub bytes: u64,
    /// When the run started, in milliseconds since the Unix epoch.
    pub started_at_ms: u64,
    /// The duration of the run, in microseconds.
    pub run_us: u64,
    /// The sandbox that ran it, if it is known.
    pub sandbox: Option<&'a str>,
    /// The facts of the environment. Runs of one environment should share them, because shared facts are read only once.
    pub environment: &'a Facts,
    /// The facts of this run alone. If the environment has a fact of the same name, this one counts.
    pub facts: &'a Facts,
}

impl<'a> ObservedRun<'a> {
    /// The value of the fact called `name`.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&'a str> {
        self.facts.get(name).or_else(|| self.environment.get(name))
    }
}
