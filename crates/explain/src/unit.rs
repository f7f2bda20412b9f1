use serde::Serialize;

/// What copies share, so that they are not independent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A sandbox of Lambda.
    #[default]
    Sandbox,
    /// A machine. Each copy of a command is a fresh process there.
    Machine,
    /// It is not seen.
    Unseen,
}

impl Unit {
    /// The noun for one of it, and for several: `machine` and `machines`.
    #[must_use]
    pub fn nouns(self) -> [&'static str; 2] {
        if self == Self::Machine { ["machine", "machines"] } else { ["sandbox", "sandboxes"] }
    }
}
