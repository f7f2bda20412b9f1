//! Reads what explains a job: its outcomes, the outputs to compare, and the opinion of a comparator.

use std::path::PathBuf;

use concord_difference::{Options, OutputFormat};
use concord_explain::{Explanation, GatherLimits, Judge, output_format, sampled_outcomes};
use concord_protocol::ports::PortResult;
use concord_protocol::{Job, Outcome};

use crate::backend::{Backend, COPIES_PER_READ_MAX};
use crate::comparator::Comparator;
use crate::error::CliError;
use crate::rules::tolerances;
use crate::settings::{ComparingSettings, Settings};

/// How outputs are compared.
pub(crate) struct Comparing {
    options: Options,
    /// The program that says whether outputs are equivalent, instead of tolerances.
    comparator: Option<Comparator>,
}

impl Comparing {
    /// The comparison that the user asks for.
    ///
    /// # Errors
    /// When a rule of tolerance is invalid, or there is no such comparator.
    pub(crate) fn new(wanted: &ComparingSettings, settings: &Settings) -> Result<Self, CliError> {
        let find = |program: &PathBuf| Comparator::find(program, settings.search_path.clone());
        let comparator = wanted.comparator.as_ref().map(find);
        let tolerances = tolerances(&wanted.equivalent)?;
        Ok(Self {
            options: Options { format: wanted.format, tolerances, ..Options::default() },
            comparator: comparator.transpose()?,
        })
    }

    /// How the outputs of `job` are parsed and compared: as the flags say, otherwise as the job says.
    ///
    /// # Errors
    /// When a rule of the job is invalid, such as a rule of a newer version.
    pub(crate) fn of_job(&self, job: &Job) -> Result<Options, CliError> {
        let mut options = self.options.clone();
        options.format = self.format(job);
        if options.tolerances.is_none() && self.comparator.is_none() {
            options.tolerances = tolerances(&job.spec.policy.equivalent)?;
        }
        Ok(options)
    }

    /// The same without the tolerances of the job: only those of the flags count.
    pub(crate) fn flags_only(&self, job: &Job) -> Options {
        Options { format: self.format(job), ..self.options.clone() }
    }

    fn format(&self, job: &Job) -> OutputFormat {
        if self.options.format == OutputFormat::Auto { output_format(&job.spec) } else { self.options.format }
    }

    /// Whether the comparator says that two outputs are equivalent; `None` without a comparator.
    ///
    /// # Errors
    /// When the comparator fails.
    pub(crate) fn judge(&self, outputs: [&[u8]; 2]) -> Result<Option<bool>, CliError> {
        self.comparator.as_ref().map(|comparator| comparator.judge(outputs)).transpose()
    }
}

/// What the outcomes and outputs of a job say, and how many copies were read.
///
/// # Errors
/// When the backend cannot be read. An error of the comparator is returned beside the rest.
pub(crate) async fn gather(
    backend: &Backend,
    job: &Job,
    comparing: &Comparing,
) -> Result<JudgedExplanation, CliError> {
    let options = comparing.of_job(job)?;
    let (mut judged, mut comparator_error) = (Vec::new(), None);
    let mut judge = |outputs: [&[u8]; 2]| {
        if comparator_error.is_none() {
            match comparing.judge(outputs) {
                Ok(equivalent) => judged.extend(equivalent),
                Err(error) => comparator_error = Some(error),
            }
        }
    };
    let judge: Option<Judge<'_>> = if comparing.comparator.is_some() { Some(&mut judge) } else { None };
    let gathered = concord_explain::gather(backend, job, &limits(backend), &options, judge).await?;
    let concord_explain::Gathered { mut explanation, copies_read } = gathered;
    if let (Some(comparator), None) = (&comparing.comparator, &comparator_error) {
        explanation.judged(comparator.name(), &judged);
    }
    Ok(JudgedExplanation { explanation, copies_read, comparator_error })
}

/// The bounds of what is read from `backend`.
fn limits(backend: &Backend) -> GatherLimits {
    GatherLimits {
        sample: backend.sample(),
        copies_per_read_max: COPIES_PER_READ_MAX,
        output_bytes_max: u64::MAX,
        skips_unreadable_outputs: false,
    }
}

/// What was read of a job.
pub(crate) struct JudgedExplanation {
    pub(crate) explanation: Explanation,
    /// Copies whose outcomes were read.
    pub(crate) copies_read: u32,
    /// The error of the comparator, if it failed.
    pub(crate) comparator_error: Option<CliError>,
}

/// The outcomes of a job, or of a sample of its copies.
pub(crate) async fn outcomes(backend: &Backend, job: &Job) -> PortResult<Vec<Outcome>> {
    let read = sampled_outcomes(backend, job, &backend.sample(), COPIES_PER_READ_MAX).await?;
    Ok(read.outcomes)
}
