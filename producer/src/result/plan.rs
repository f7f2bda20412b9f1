use std::collections::BTreeMap;

use concord_protocol::ports::NewJob;
use concord_protocol::{JobId, JobSpec, LeftOut, Setting, VariationPlan};
use serde::Serialize;

/// The jobs that a submit would create.
#[derive(Debug, Serialize)]
pub(crate) struct PlanReport {
    pub(crate) submission: JobId,
    pub(crate) jobs: Vec<JobId>,
    /// The copies of each job.
    pub(crate) copies: u32,
    /// The combinations of settings, the baseline first; only the baseline if nothing is varied.
    pub(crate) combinations: Vec<CombinationReport>,
    /// What was asked for and is not varied, with the reason.
    pub(crate) left_out: Vec<LeftOut>,
}

/// Settings that some copies have together.
#[derive(Debug, Serialize)]
pub(crate) struct CombinationReport {
    /// None for the baseline.
    pub(crate) settings: Vec<SettingReport>,
    /// The variables that they set, with their values; those of the command itself are not among them.
    pub(crate) variables: BTreeMap<String, String>,
    /// The number of copies that have them.
    pub(crate) copies: u32,
    pub(crate) first_copy: u32,
}

/// A setting.
#[derive(Debug, Serialize)]
pub(crate) struct SettingReport {
    pub(crate) factor: String,
    pub(crate) name: String,
    pub(crate) library: Option<String>,
    pub(crate) value: String,
}

impl PlanReport {
    /// The plan of a submission. All its jobs have the same one.
    pub(crate) fn of(submission: &JobId, jobs: &[NewJob]) -> Self {
        let spec = jobs.first().map(|new| &new.spec);
        Self {
            submission: submission.clone(),
            jobs: jobs.iter().map(|new| new.spec.job.clone()).collect(),
            copies: spec.map_or(0, |spec| spec.copies),
            combinations: spec.map(combinations).unwrap_or_default(),
            left_out: spec
                .and_then(|spec| spec.policy.variation.as_ref())
                .map(|plan| plan.left_out.clone())
                .unwrap_or_default(),
        }
    }
}

fn combinations(spec: &JobSpec) -> Vec<CombinationReport> {
    let plan = spec.policy.variation.as_ref();
    let count = plan.map_or(1, VariationPlan::combinations).min(spec.copies);
    let combination = |first_copy: u32| {
        let settings = plan.map(|plan| plan.of_copy(first_copy)).unwrap_or_default();
        let variables = settings.iter().flat_map(|setting| setting.variables());
        CombinationReport {
            variables: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            settings: settings.into_iter().map(setting).collect(),
            copies: (spec.copies - first_copy).div_ceil(count),
            first_copy,
        }
    };
    (0..count).map(combination).collect()
}

fn setting(setting: &Setting) -> SettingReport {
    let Setting { factor, name, library, value, .. } = setting.clone();
    SettingReport { factor, name, library, value }
}
