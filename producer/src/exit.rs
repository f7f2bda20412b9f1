use std::process::ExitCode;

use concord_protocol::Verdict;

/// The exit code, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Every job is reproducible, or the verb has done its work.
    Reproducible,
    /// A job is divergent.
    Divergent,
    /// The input of the user is wrong.
    Usage,
    /// A job is inconclusive or cancelled.
    Inconclusive,
    /// The store, the network or the system failed.
    Failed,
    /// Interrupted by a signal.
    Interrupted,
}

impl Exit {
    /// The verb has done its work.
    pub(crate) const DONE: Self = Self::Reproducible;

    /// The number that the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Reproducible => 0,
            Self::Divergent => 1,
            Self::Usage => 2,
            Self::Inconclusive => 3,
            Self::Failed => 4,
            Self::Interrupted => 130,
        }
    }

    /// The exit for a verdict. A job that still runs was not waited for, and counts as done.
    pub(crate) fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Running | Verdict::Reproducible => Self::Reproducible,
            Verdict::Divergent => Self::Divergent,
            Verdict::Inconclusive | Verdict::Cancelled => Self::Inconclusive,
        }
    }

    /// The worst of several, in the order 4, 1, 3, 0.
    pub(crate) fn worst(several: impl IntoIterator<Item = Self>) -> Self {
        let order = [Self::Interrupted, Self::Usage, Self::Failed, Self::Divergent, Self::Inconclusive];
        let several: Vec<_> = several.into_iter().collect();
        order.into_iter().find(|exit| several.contains(exit)).unwrap_or(Self::Reproducible)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_that_scripts_know() {
        let codes = [
            (Exit::Reproducible, 0),
            (Exit::Divergent, 1),
            (Exit::Usage, 2),
            (Exit::Inconclusive, 3),
            (Exit::Failed, 4),
            (Exit::Interrupted, 130),
        ];
        for (exit, code) in codes {
            assert_eq!(exit.code(), code);
        }
    }

    #[test]
    fn the_worst_of_several_jobs_counts() {
        use Verdict::{Cancelled, Divergent, Inconclusive, Reproducible};
        let check = |verdicts: &[Verdict], expect| {
            assert_eq!(Exit::worst(verdicts.iter().copied().map(Exit::of_verdict)), expect);
        };
        check(&[], Exit::Reproducible);
        check(&[Reproducible, Reproducible], Exit::Reproducible);
        check(&[Reproducible, Inconclusive], Exit::Inconclusive);
        check(&[Cancelled, Reproducible], Exit::Inconclusive);
        check(&[Inconclusive, Divergent, Reproducible], Exit::Divergent);
        assert_eq!(Exit::worst([Exit::Divergent, Exit::Failed]), Exit::Failed);
    }
}
