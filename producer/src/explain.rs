//! Jobs explained: what was read of them, and the forms in which that is told.

mod compared;
mod junit;
mod markdown;
mod page;
mod text;

use concord_difference::{Format as OutputForm, Options, Tolerances};
use concord_explain::{Explanation, Pair, output_format};
use concord_protocol::ports::{Clock, PortResult};
use concord_protocol::{Cause, Digest, Job, JobId, Verdict};
use concord_statistics::Level;
use serde::Serialize;

pub(crate) use compared::compared_text;
pub(crate) use junit::junit;
pub(crate) use markdown::markdown;
use page::page;
pub(crate) use text::{coverage, equivalence, text, wrapped};

use crate::args::{CompareOutputsArgs, ReadAs};
use crate::comparator::Comparator;
use crate::fault::Fault;
use crate::home::Home;
use crate::report::{CONFIDENCE, JobReport, Moment};
use crate::settings::Settings;

/// Version of the JSON form: raised when a field changes its meaning or goes.
const SCHEMA: u32 = 1;

/// A job, and what its outcomes and outputs say.
#[derive(Serialize)]
pub(crate) struct Explained {
    schema: u32,
    pub(crate) job: JobId,
    pub(crate) submission: JobId,
    submitted_at: Moment,
    decided_at: Option<Moment>,
    ended_at: Option<Moment>,
    pub(crate) calculation: String,
    pub(crate) payload: Payload,
    pub(crate) verdict: Verdict,
    pub(crate) cause: Option<Cause>,
    pub(crate) copies: u32,
    pub(crate) produced: u32,
    pub(crate) failed: u32,
    /// Copies whose outcomes were read: of a very large job, the first ones.
    pub(crate) copies_read: u32,
    elapsed_ms: u64,
    #[serde(flatten)]
    pub(crate) explanation: Explanation,
}

#[derive(Serialize)]
pub(crate) struct Payload {
    pub(crate) digest: Digest,
    pub(crate) bytes: u64,
}

/// How outputs are compared.
pub(crate) struct Comparing {
    options: Options,
    /// The program that says what is equivalent, instead of tolerances.
    comparator: Option<Comparator>,
}

impl Comparing {
    /// As the flags say.
    ///
    /// # Errors
    /// When a rule of tolerance cannot be read, or there is no such comparator.
    pub(crate) fn new(args: &CompareOutputsArgs, settings: &Settings) -> Result<Self, Fault> {
        let search_path = settings.search_path.clone();
        let comparator = args.comparator.as_deref().map(|program| Comparator::find(program, search_path));
        let tolerances = tolerances(&args.equivalent)?;
        let format = args.read_as.map(form).unwrap_or_default();
        Ok(Self {
            options: Options { format, tolerances, ..Options::default() },
            comparator: comparator.transpose()?,
        })
    }

    /// As the flags say, or else as the job does.
    ///
    /// # Errors
    /// When a rule of the job cannot be read, as one of a newer version.
    pub(crate) fn of_job(&self, job: &Job) -> Result<Options, Fault> {
        let mut options = self.options.clone();
        options.format = self.format(job);
        if options.tolerances.is_none() && self.comparator.is_none() {
            options.tolerances = tolerances(&job.spec.policy.equivalent)?;
        }
        Ok(options)
    }

    /// As the flags say, without the tolerances of the job.
    pub(crate) fn flags_only(&self, job: &Job) -> Options {
        Options { format: self.format(job), ..self.options.clone() }
    }

    fn format(&self, job: &Job) -> OutputForm {
        if self.options.format == OutputForm::Auto { output_format(&job.spec) } else { self.options.format }
    }

    /// Whether the comparator, if there is one, calls two outputs equivalent.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) fn judge(&self, outputs: [&[u8]; 2]) -> Result<Option<bool>, Fault> {
        self.comparator.as_ref().map(|comparator| comparator.judge(outputs)).transpose()
    }
}

/// Reads rules of tolerance.
///
/// # Errors
/// When one cannot be read.
pub(crate) fn tolerances(rules: &[String]) -> Result<Option<Tolerances>, Fault> {
    if rules.is_empty() {
        return Ok(None);
    }
    let tolerances = Tolerances::parse(rules).map_err(|error| {
        Fault::usage(anyhow::Error::new(error)).hint(
            "rules look like ulp=4, abs=1e-9, rel=1e-12, \"/energy: rel=1e-12\" or \"/timestamp: ignore\"",
        )
    })?;
    Ok(Some(tolerances))
}

/// The format of that name.
pub(crate) fn form(read_as: ReadAs) -> OutputForm {
    match read_as {
        ReadAs::Json => OutputForm::Json,
        ReadAs::Csv => OutputForm::Csv,
        ReadAs::Npy => OutputForm::Npy,
        ReadAs::F32 => OutputForm::F32,
        ReadAs::F64 => OutputForm::F64,
        ReadAs::Bytes => OutputForm::Bytes,
    }
}

impl Explained {
    /// Reads the outcomes and outputs of a job, and explains them.
    pub(crate) fn read(
        home: &Home,
        job: &Job,
        comparing: &Comparing,
        clock: &dyn Clock,
    ) -> Result<Self, Fault> {
        let report = JobReport::read(home, job, clock.now())?;
        let Gathered { explanation, copies_read, comparator_fault } = explanation(home, job, comparing)?;
        comparator_fault.map_or(Ok(()), Err)?;
        Ok(Self {
            schema: SCHEMA,
            submitted_at: job.spec.submitted_at.into(),
            decided_at: job.state.decided_at.map(Into::into),
            ended_at: job.state.ended_at.map(Into::into),
            calculation: crate::text::calculation(&job.spec.calculation),
            payload: Payload { digest: job.spec.payload_digest, bytes: job.spec.payload_bytes },
            verdict: report.verdict,
            cause: report.cause,
            copies: report.copies,
            produced: report.succeeded,
            failed: report.failed,
            copies_read,
            elapsed_ms: report.elapsed_ms,
            job: report.job,
            submission: report.submission,
            explanation,
        })
    }
}

/// What the outcomes and outputs of a job say, and how many copies were looked at.
///
/// # Errors
/// When the place of the job cannot be read. That the comparator failed comes beside the rest.
pub(crate) fn explanation(home: &Home, job: &Job, comparing: &Comparing) -> Result<Gathered, Fault> {
    let options = comparing.of_job(job)?;
    let (outcomes, copies_read) = home.outcomes(job)?;
    let is_partial = copies_read < job.state.copies || job.state.ended_at.is_none();
    let mut explanation = Explanation::of(job, &outcomes, level()).partial(is_partial);
    drop(outcomes);
    let (mut judged, mut comparator_fault) = (Vec::new(), None);
    for pair in explanation.pairs(options.tolerances.is_some() || comparing.comparator.is_some()) {
        let outputs = read_pair(home, &job.spec.job, &pair)?;
        let outputs = outputs.as_ref().map(|[left, right]| [&left[..], &right[..]]);
        if let (Ok(outputs), None) = (&outputs, &comparator_fault) {
            match comparing.judge(*outputs) {
                Ok(equivalent) => judged.extend(equivalent),
                Err(fault) => comparator_fault = Some(fault),
            }
        }
        explanation.compare(&pair, outputs.map_err(Clone::clone), &options);
    }
    if let (Some(comparator), None) = (&comparing.comparator, &comparator_fault) {
        explanation.judged(comparator.name(), &judged);
    }
    Ok(Gathered { explanation, copies_read, comparator_fault })
}

/// What was read of a job.
pub(crate) struct Gathered {
    pub(crate) explanation: Explanation,
    /// How many copies were looked at.
    pub(crate) copies_read: u32,
    /// Why the comparator said nothing.
    pub(crate) comparator_fault: Option<Fault>,
}

/// The page of a job.
///
/// # Errors
/// When the explanation cannot be written as JSON.
pub(crate) fn html(explained: &Explained) -> Result<String, Fault> {
    let json = serde_json::to_string(explained).map_err(Fault::failed)?;
    let title = format!("{} {}", explained.job, explained.verdict);
    Ok(page(&json, &title, &markdown(explained)))
}

/// The level at which everything is said.
pub(crate) fn level() -> Level {
    Level::new(CONFIDENCE).unwrap_or_default()
}

type Outputs = Result<[Vec<u8>; 2], String>;

fn read_pair(home: &Home, job: &JobId, pair: &Pair) -> PortResult<Outputs> {
    let left = home.read_output(job, pair.reference_digest)?;
    let right = home.read_output(job, pair.class_digest)?;
    let missing = |label: &str| format!("the output of {label} was not kept");
    Ok(match (left, right) {
        (Some(left), Some(right)) => Ok([left, right]),
        (None, _) => Err(missing(&pair.reference)),
        (_, None) => Err(missing(&pair.class)),
    })
}
