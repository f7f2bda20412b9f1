//! The settings under which a job is reproducible.

use std::collections::BTreeMap;

use concord_protocol::{JobId, Verdict};
use serde::Serialize;

/// What a search for settings has found.
#[derive(Debug, Serialize)]
pub(crate) struct PinReport {
    pub(crate) job: JobId,
    /// Whether the job is reproducible under the settings.
    pub(crate) holds: bool,
    /// The settings, by name. If nothing holds, the closest: everything that was pinned.
    pub(crate) pin: BTreeMap<String, String>,
    pub(crate) members: Vec<MemberReport>,
    /// The job that confirmed the settings; absent if nothing holds, or the budget was spent before.
    pub(crate) confirmed: Option<ConfirmationReport>,
    pub(crate) cost: Option<CostReport>,
    /// What changes the result under the closest settings, if nothing holds.
    pub(crate) remains: Option<String>,
    /// Copies that the search has run, over all its trials.
    pub(crate) copies: u64,
    /// Whether it ended because its budget was spent.
    pub(crate) spent: bool,
    /// Whether processors were varied by variables alone, and not by emulation.
    pub(crate) by_variables_only: bool,
}

/// One setting of a pin.
#[derive(Debug, Serialize)]
pub(crate) struct MemberReport {
    pub(crate) name: String,
    pub(crate) library: Option<String>,
    pub(crate) value: String,
    /// The verdict without this setting; absent if it was not tried.
    pub(crate) without: Option<Verdict>,
}

/// The fresh job in which the settings hold.
#[derive(Debug, Serialize)]
pub(crate) struct ConfirmationReport {
    pub(crate) copies: u32,
    pub(crate) verdict: Verdict,
    pub(crate) job: JobId,
}

/// How much longer a run takes under the settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct CostReport {
    /// Median run time with the settings, divided by the median without.
    pub(crate) ratio: f64,
    /// The same for the lower quartile with and the upper quartile without them.
    pub(crate) low: f64,
    /// The same for the upper quartile with and the lower quartile without them.
    pub(crate) high: f64,
}

impl CostReport {
    /// The cost from run times in microseconds; `None` without runs of both kinds.
    pub(crate) fn of(mut with: Vec<u64>, mut without: Vec<u64>) -> Option<Self> {
        with.sort_unstable();
        without.sort_unstable();
        let at = |times: &[u64], quarter: usize| -> Option<f64> {
            let time = *times.get((times.len().checked_sub(1)? * quarter + 2) / 4)?;
            u32::try_from(time).ok().map(f64::from)
        };
        let ratio = |quarter: usize, other: usize| Some(at(&with, quarter)? / at(&without, other)?.max(1.0));
        Some(Self { ratio: ratio(2, 2)?, low: ratio(1, 3)?, high: ratio(3, 1)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_compares_medians_and_opposite_quartiles() {
        let cost = CostReport::of(vec![20, 30, 10, 40, 50], vec![10, 20, 30, 40, 50]).unwrap();
        assert!(
            (cost.ratio - 1.0).abs() < 1e-9
                && (cost.low - 0.5).abs() < 1e-9
                && (cost.high - 2.0).abs() < 1e-9
        );
        assert_eq!(CostReport::of(vec![], vec![1]), None);
        assert!((CostReport::of(vec![4], vec![2]).unwrap().ratio - 2.0).abs() < 1e-9);
    }
}
