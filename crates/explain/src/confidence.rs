use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{Classes, ObservedRun};
use concord_statistics::{Level, anytime_interval, clopper_pearson, none_seen_bound, real};

/// Whether more copies may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// They may: an interval has to hold whenever one looks.
    Running,
    /// The number of copies was fixed before, and they have all ended.
    Ended,
}

/// Which interval was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interval {
    /// None differed: nought to a one-sided bound, valid whenever one looks; see [`none_seen_bound`].
    NoneSeen,
    /// Some differed and the job has ended; see [`clopper_pearson`].
    ClopperPearson,
    /// Some differed and more copies may come; see [`anytime_interval`].
    Anytime,
}

/// How many of `n` copies or sandboxes differed from the most frequent class, and what that says of the rate.
///
/// The bound where none differed has all of alpha on its one side, so that it can be quoted as it is commonly known; an
/// interval where some did has half of it on each side, or holds at any time. The one or the other is wrong in a
/// fraction alpha of jobs at most. Who does not know before which of them will be quoted is wrong in at most 1.5 alpha
/// of ended jobs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Copies or sandboxes.
    pub n: u64,
    /// Those that gave anything but the most frequent class.
    pub different: u64,
    /// The rate is at least this.
    pub rate_low: f64,
    /// The rate is at most this.
    pub rate_high: f64,
    /// Where the two come from.
    pub interval: Interval,
}

impl Share {
    /// `different` of `n`.
    #[must_use]
    pub fn of(different: u64, n: u64, level: Level, stage: Stage) -> Self {
        let (interval, (rate_low, rate_high)) = match stage {
            _ if different == 0 => (Interval::NoneSeen, (0.0, none_seen_bound(n, level))),
            Stage::Ended => (Interval::ClopperPearson, clopper_pearson(different, n, level)),
            Stage::Running => (Interval::Anytime, anytime_interval(different, n, level)),
        };
        Self { n, different, rate_low, rate_high, interval }
    }
}

/// The chance that the next one shows a digest never seen: digests that were seen once, divided by how many were
/// looked at (for sandboxes: digests seen in one sandbox alone, divided by sandboxes).
///
/// Source: I. J. Good, "The population frequencies of species and the estimation of population parameters", 1953. It is
/// an estimate and no bound: where all agree it is 0, and the bounds here say how far that goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Unseen {
    /// For the next copy; `None` without copies.
    pub copies: Option<f64>,
    /// For the next sandbox; `None` without known sandboxes.
    pub sandboxes: Option<f64>,
    /// The chance is below this for the next copy, where all agree so far.
    pub copies_high: Option<f64>,
    /// The chance is below this for the next sandbox, where all agree so far.
    pub sandboxes_high: Option<f64>,
}

/// How sure a verdict is. All of it supposes that copies are independent draws of what a copy may meet. Copies in one
/// sandbox are not, so each figure is given for distinct sandboxes too.
///
/// The most frequent class is taken as if it had been named before. Where two classes are about equally frequent,
/// which of them is the reference is itself by chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Confidence {
    /// The level of the intervals.
    pub level: Level,
    /// Copies.
    pub copies: Share,
    /// Distinct sandboxes: different is one that gave anything but the most frequent class.
    pub sandboxes: Share,
    /// Whether more digests are to be expected.
    pub unseen: Unseen,
}

impl Confidence {
    /// Of the runs that gave `classes`.
    #[must_use]
    pub fn of(runs: &[ObservedRun<'_>], classes: &Classes, level: Level, stage: Stage) -> Self {
        let copies = Units::of(runs.iter().map(|run| Some(run.copy)), classes);
        let sandboxes = Units::of(runs.iter().map(|run| run.sandbox), classes);
        Self {
            level,
            copies: copies.share(level, stage),
            sandboxes: sandboxes.share(level, stage),
            unseen: Unseen {
                copies: copies.unseen(),
                sandboxes: sandboxes.unseen(),
                copies_high: copies.unseen_bound(level),
                sandboxes_high: sandboxes.unseen_bound(level),
            },
        }
    }
}

/// What is counted, with the classes that it gave.
struct Units<K> {
    classes: BTreeMap<K, BTreeSet<usize>>,
}

impl<K: Ord> Units<K> {
    fn of(of_run: impl Iterator<Item = Option<K>>, classes: &Classes) -> Self {
        let mut gave = BTreeMap::<K, BTreeSet<usize>>::new();
        for (unit, &class) in of_run.zip(&classes.of_run) {
            if let Some(unit) = unit {
                gave.entry(unit).or_default().insert(class);
            }
        }
        Self { classes: gave }
    }

    fn n(&self) -> u64 {
        self.classes.len() as u64
    }

    fn different(&self) -> u64 {
        self.classes.values().filter(|classes| classes.iter().any(|&class| class != 0)).count() as u64
    }

    fn share(&self, level: Level, stage: Stage) -> Share {
        Share::of(self.different(), self.n(), level, stage)
    }

    fn unseen(&self) -> Option<f64> {
        let mut units = BTreeMap::<usize, u64>::new();
        for &class in self.classes.values().flatten() {
            *units.entry(class).or_default() += 1;
        }
        let once = units.values().filter(|&&units| units == 1).count() as u64;
        (self.n() > 0).then(|| (real(once) / real(self.n())).min(1.0))
    }

    fn unseen_bound(&self, level: Level) -> Option<f64> {
        (self.n() > 0 && self.different() == 0).then(|| none_seen_bound(self.n(), level))
    }
}

#[cfg(test)]
mod tests;
