use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{Classes, ObservedRun};
use concord_statistics::{Level, anytime_interval, clopper_pearson, none_seen_bound, real};

/// Whether more copies may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// More copies may come. An interval has to hold whenever somebody reads it.
    Running,
    /// The number of copies was fixed in advance, and all of them have ended.
    Ended,
}

/// The kind of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interval {
    /// None differed: from 0 to a one-sided bound that is valid at any time; see [`none_seen_bound`].
    NoneSeen,
    /// Some differed and the job has ended; see [`clopper_pearson`].
    ClopperPearson,
    /// Some differed and more copies may come; see [`anytime_interval`].
    Anytime,
}

/// How many of `n` copies or sandboxes differed from the most frequent class, and an interval for the rate.
///
/// If none differed, the whole of alpha is on the one side of the bound, as is common. If some differed, the interval
/// has half of alpha on each side, or holds at any time. Each of these is wrong in at most a fraction alpha of jobs.
/// A reader who always quotes the one that applies is wrong in at most 1.5 alpha of ended jobs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The number of copies or sandboxes.
    pub n: u64,
    /// The number of copies or sandboxes that gave anything except the most frequent class.
    pub different: u64,
    /// The rate is at least this.
    pub rate_low: f64,
    /// The rate is at most this.
    pub rate_high: f64,
    /// The kind of interval that the two bounds form.
    pub interval: Interval,
}

impl Share {
    /// The share of `different` in `n`.
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

/// The chance that the next copy shows a digest that was never seen: the number of digests that were seen once,
/// divided by the number of copies. For sandboxes: the number of digests that were seen in one sandbox only, divided
/// by the number of sandboxes.
///
/// Source: I. J. Good, "The population frequencies of species and the estimation of population parameters", 1953. It
/// is an estimate and not a bound. If all copies agree, it is 0, and the bounds here say how certain that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Unseen {
    /// For the next copy; `None` without copies.
    pub copies: Option<f64>,
    /// For the next sandbox; `None` without known sandboxes.
    pub sandboxes: Option<f64>,
    /// A bound on the chance for the next copy, if all agree so far.
    pub copies_high: Option<f64>,
    /// A bound on the chance for the next sandbox, if all agree so far.
    pub sandboxes_high: Option<f64>,
}

/// How sure a verdict is. All figures assume that copies are independent draws from the environments that a copy may
/// get. Copies in one sandbox are not independent, so each figure is also given for distinct sandboxes.
///
/// The most frequent class is treated as if it had been chosen in advance. If two classes are about equally frequent,
/// chance decides which of them is the reference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Confidence {
    /// The level of the intervals.
    pub level: Level,
    /// The share of the copies.
    pub copies: Share,
    /// The share of the distinct sandboxes. A sandbox differs if it gave anything except the most frequent class.
    pub sandboxes: Share,
    /// The share of the distinct machines, by `host.boot_id`; a machine differs in the same way.
    pub machines: Share,
    /// The chance of further digests.
    pub unseen: Unseen,
}

impl Confidence {
    /// The confidence in a verdict on the runs that gave `classes`.
    #[must_use]
    pub fn of(runs: &[ObservedRun<'_>], classes: &Classes, level: Level, stage: Stage) -> Self {
        let copies = Units::of(runs.iter().map(|run| Some(run.copy)), classes);
        let sandboxes = Units::of(runs.iter().map(|run| run.sandbox), classes);
        let machines = Units::of(runs.iter().map(|run| run.fact("host.boot_id")), classes);
        Self {
            level,
            copies: copies.share(level, stage),
            sandboxes: sandboxes.share(level, stage),
            machines: machines.share(level, stage),
            unseen: Unseen {
                copies: copies.unseen(level),
                sandboxes: sandboxes.unseen(level),
                copies_high: copies.unseen_bound(level),
                sandboxes_high: sandboxes.unseen_bound(level),
            },
        }
    }
}

/// A unit that is counted, with the classes that it gave.
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

    /// The estimate of Good and Turing. It is never above the bound, where there is one: a single copy has one digest,
    /// which was seen once.
    fn unseen(&self, level: Level) -> Option<f64> {
        let mut units = BTreeMap::<usize, u64>::new();
        for &class in self.classes.values().flatten() {
            *units.entry(class).or_default() += 1;
        }
        let once = units.values().filter(|&&units| units == 1).count() as u64;
        let bound = self.unseen_bound(level).unwrap_or(1.0);
        (self.n() > 0).then(|| (real(once) / real(self.n())).min(bound))
    }

    fn unseen_bound(&self, level: Level) -> Option<f64> {
        (self.n() > 0 && self.different() == 0).then(|| none_seen_bound(self.n(), level))
    }
}

#[cfg(test)]
mod tests;
