//! What a search for settings that hold may do.

use concord_protocol::JobId;

use crate::args::{Budget, PinArgs, PinForm};

/// A search for the settings under which a job is reproducible.
#[derive(Debug)]
pub(crate) struct PinSettings {
    /// The name of the job.
    pub(crate) name: String,
    /// Copies that may run, at most, if they are bounded.
    pub(crate) copies_max: Option<u64>,
    /// How long it may take, in milliseconds, if the time is bounded.
    pub(crate) ms_max: Option<u64>,
    /// The form in which only the settings are printed.
    pub(crate) form: Option<PinForm>,
}

/// Copies that a search may run, unless the user says otherwise.
const BUDGET_COPIES: u64 = 20_000;

impl PinSettings {
    /// A search for a job, as far as the usual budget goes.
    pub(crate) fn of_job(job: &JobId) -> Self {
        Self { name: job.to_string(), copies_max: Some(BUDGET_COPIES), ms_max: None, form: None }
    }

    pub(crate) fn new(args: PinArgs) -> Self {
        let (copies_max, ms_max) = match args.budget {
            Budget::Copies(copies) => (Some(copies), None),
            Budget::Milliseconds(ms) => (None, Some(ms)),
        };
        Self { name: args.name, copies_max, ms_max, form: args.form }
    }
}
