//! What the settings of a job did to its result, where the job varies them by plan.
//!
//! A copy has the settings that the plan assigns to its index; nothing is looked up in the process. Copies with the same
//! settings are a *group*. A group is compared with its *reference*: with one setting a copy that is the baseline, and with
//! all combinations it is the group that has the first value of the same name and is the same otherwise.

mod groups;
mod reach;
mod sentences;
mod varied;

use concord_protocol::VariationPlan;

use crate::{Classes, Difference, ObservedRun};
use groups::SettingGroups;
use sentences::{in_spite_of, separates};

pub use varied::{SettingReach, VariedCause, VariedSetting};

/// What a plan did to the result of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Variations {
    /// One for each setting, in the order of the plan.
    pub settings: Vec<VariedSetting>,
    /// The causes, in the order of the plan.
    pub causes: Vec<VariedCause>,
    /// What changes the result, in a sentence; absent if all copies agree.
    pub separates: Option<String>,
    /// In spite of what the copies agree, in a sentence; absent if they do not.
    pub in_spite_of: Option<String>,
}

impl Variations {
    /// What the settings of `plan` did. `runs` are the runs of the job that gave a digest, with their classes.
    #[must_use]
    pub fn of(plan: &VariationPlan, runs: &[ObservedRun<'_>], classes: &Classes) -> Self {
        let groups = SettingGroups::of(plan, runs, classes);
        let settings: Vec<_> = plan.settings.iter().map(|setting| groups.setting(setting)).collect();
        let causes = groups.causes(&settings);
        let is_divergent = classes.classes.len() > 1;
        Self {
            separates: is_divergent.then(|| separates(groups.noise(), &causes, groups.is_beyond_chance())),
            in_spite_of: (classes.classes.len() == 1).then(|| in_spite_of(&settings, &plan.left_out)),
            settings,
            causes,
        }
    }
}

/// Adds how far the classes of each cause are apart, where their outputs were compared with the reference, and sorts the
/// causes: the largest effect first.
pub(crate) fn measure(causes: &mut [VariedCause], differences: &[Difference]) {
    for cause in &mut *causes {
        let of_cause =
            differences.iter().filter(|difference| cause.values_by_class.contains_key(&difference.class));
        let paths = of_cause
            .filter_map(|difference| difference.comparison.as_ref())
            .flat_map(|comparison| &comparison.paths);
        let measured = paths.filter_map(|path| Some((path.ulp_max.as_ref()?.parse().ok()?, &path.path)));
        let largest: Option<(u64, &String)> = measured.max_by_key(|(ulp, _)| *ulp);
        cause.max_ulp = largest.map(|(ulp, _)| ulp);
        cause.path = largest.map(|(_, path)| path.clone());
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.max_ulp));
}

#[cfg(test)]
mod tests;
