use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::counts::Counts;
use super::report::{SimulationReport, SimulationSettings};
use super::run::simulate;

/// What the simulations of many seeds gave.
#[derive(Clone, Debug, Default)]
pub struct SeedsReport {
    /// The number of seeds that were simulated.
    pub seeds: u64,
    /// How often each event happened, over all seeds.
    pub counts: Counts,
    /// The simulations that broke a promise, in the order of their seeds.
    pub broken: Vec<SimulationReport>,
}

impl SeedsReport {
    fn add(&mut self, report: SimulationReport) {
        self.seeds += 1;
        self.counts.merge(&report.counts);
        if report.violation.is_some() {
            let place = self.broken.partition_point(|other| other.seed < report.seed);
            self.broken.insert(place, report);
        }
    }
}

/// Simulates the fleets of `seeds` on all processors, the lowest seed first, as long as `goes_on` says so of what they
/// gave so far.
#[must_use]
pub fn simulate_all(
    seeds: Range<u64>,
    settings: SimulationSettings,
    goes_on: impl Fn(&SeedsReport) -> bool + Sync,
) -> SeedsReport {
    simulate_each(seeds, |seed| simulate(seed, settings), goes_on)
}

/// Calls `simulate` for each of `seeds` on all processors, the lowest seed first, as long as `goes_on` says so of what the
/// simulations gave so far.
#[must_use]
pub fn simulate_each(
    seeds: Range<u64>,
    simulate: impl Fn(u64) -> SimulationReport + Sync,
    goes_on: impl Fn(&SeedsReport) -> bool + Sync,
) -> SeedsReport {
    let (next, stopped) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let all = Mutex::new(SeedsReport::default());
    let work = || {
        while !stopped.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let report = simulate(seed);
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.add(report);
            stopped.fetch_or(!goes_on(&all), Ordering::Relaxed);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}
