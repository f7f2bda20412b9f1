use concord_statistics::{Finding, real};

use super::candidates::Candidates;
use super::columns::Columns;
use crate::{Classes, ObservedRun};

/// What the findings of a study are told from.
pub(super) struct Material<'a> {
    pub(super) runs: &'a [ObservedRun<'a>],
    pub(super) classes: &'a Classes,
    pub(super) columns: &'a Columns<'a>,
    pub(super) candidates: &'a Candidates,
    /// The corrected p-values are multiplied by this number of looks at the job.
    pub(super) looks: u64,
}

impl Material<'_> {
    /// The p-value, corrected for all candidates and looks.
    pub(super) fn corrected(&self, finding: &Finding) -> f64 {
        (finding.p_corrected * real(self.looks)).min(1.0)
    }
}
