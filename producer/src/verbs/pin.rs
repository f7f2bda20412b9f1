//! Finds the smallest set of settings under which a job is reproducible.
//!
//! It starts with everything pinned and leaves out what is not needed, because single settings can all fail where a pair
//! holds. Each trial is a job of the same store, whose id says what it pins: so a search that was stopped goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use concord_explain::Explanation;
use concord_local::Store;
use concord_protocol::limits::JOB_ID_BYTES_MAX;
use concord_protocol::ports::{CreateJobs as _, NewJob, ReadJob as _, ReadPayload as _, ReadTally as _};
use concord_protocol::{Calculation, Digest, Job, JobId, JobSpec, Policy, VariationPlan, Verdict};
use concord_statistics::{Level, copies_to_detect};
use concord_variations::{Pin, pinned};

use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::gather::Comparing;
use crate::named::{open, read};
use crate::printer::Printer;
use crate::render;
use crate::render::words::counted;
use crate::result::explanation::ExplainedJob;
use crate::result::pin::{ConfirmationReport, CostReport, MemberReport, PinReport};
use crate::settings::{ComparingSettings, PinSettings, Settings};
use crate::wait::local::{WaitEnd, work};

/// Copies of a trial, at least.
const TRIAL_COPIES_MIN: u32 = 20;

/// Copies of each setting in a trial.
const COPIES_PER_SETTING: u32 = 2;

/// The rate of differing runs that a confirmation finds with the default confidence.
const RATE_CONFIRMED: f64 = 0.01;

/// The factor of CPU generations.
const CPU: &str = "cpu";

/// The factor of emulated processors.
const EMULATE: &str = "emulate";

/// Why a search ends before it has an answer.
enum Stop {
    /// The budget is spent.
    Spent,
    /// Somebody interrupted it.
    Interrupted,
    Failed(CliError),
}

impl<E: Into<CliError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Searches, and prints what it finds.
pub(crate) async fn run(
    wanted: &PinSettings,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let (backend, ids) = open(settings, std::slice::from_ref(&wanted.name)).await?;
    let [id] = &ids[..] else {
        return Err(CliError::usage_text(format!("{:?} names {} jobs", wanted.name, ids.len()))
            .hint("pin one job at a time: name more of the id"));
    };
    let job = read(&backend, id).await?;
    let (store, plan) = searchable(&backend, &job)?;
    let mut search = PinSearch {
        backend: &backend,
        store,
        job: &job,
        plan,
        wanted,
        settings,
        printer,
        copies_min: TRIAL_COPIES_MIN,
        copies: 0,
        counted: BTreeSet::new(),
        started: Instant::now(),
    };
    let report = match search.find().await {
        Ok(report) => report,
        Err(Stop::Spent) => search.spent(),
        Err(Stop::Interrupted) => {
            let go_on = format!("producer pin {}{}", job.spec.job, settings.place_flags());
            printer.say(&format!("interrupted; what was tried is kept\n hint: {go_on} goes on"));
            return Ok(Exit::Interrupted);
        }
        Err(Stop::Failed(error)) => return Err(error),
    };
    match wanted.form {
        // What does not hold is no content for a file.
        Some(_) if !report.holds => printer.say(render::pin::pin(&report).trim_end()),
        Some(form) => printer.result(&report, |report| render::pin::form(report, form))?,
        None => printer.result(&report, render::pin::pin)?,
    }
    Ok(match (report.holds, report.spent) {
        (true, _) => Exit::DONE,
        (false, true) => Exit::Inconclusive,
        (false, false) => Exit::Divergent,
    })
}

/// The store and the plan of a job for which settings can be searched.
fn searchable<'a>(backend: &'a Backend, job: &'a Job) -> Result<(&'a Store, &'a VariationPlan), CliError> {
    let id = &job.spec.job;
    let Backend::Local(store) = backend else {
        return Err(CliError::usage_text("pin runs commands on this machine, not in a stack")
            .hint("submit the command here with --vary, without --stack"));
    };
    let plan = job
        .spec
        .policy
        .variation
        .as_ref()
        .filter(|_| matches!(job.spec.calculation, Calculation::Command { .. }));
    let plan = plan.ok_or_else(|| {
        CliError::usage_text(format!("job {id} varies nothing, so it does not say what to pin"))
            .hint("submit the command with --vary first, such as --vary cpu,threads,hash")
    })?;
    match job.state.verdict() {
        Verdict::Divergent | Verdict::Reproducible if job.state.ended_at().is_some() => Ok((store, plan)),
        Verdict::Inconclusive | Verdict::Cancelled => Err(CliError::usage_text(format!(
            "job {id} is {}: its copies give no answer to pin",
            job.state.verdict()
        ))
        .hint("producer explain says why; producer retry runs the missing copies")),
        _ => Err(CliError::usage_text(format!("job {id} still runs"))
            .hint(format!("producer wait {id} works on it"))),
    }
}

/// A search for settings that hold.
struct PinSearch<'a> {
    backend: &'a Backend,
    store: &'a Store,
    job: &'a Job,
    plan: &'a VariationPlan,
    wanted: &'a PinSettings,
    settings: &'a Settings,
    printer: &'a Printer,
    /// Copies of a trial, at least.
    copies_min: u32,
    /// Copies that the trials have run.
    copies: u64,
    /// The trials that are among them.
    counted: BTreeSet<JobId>,
    started: Instant,
}

/// A job that was run with some settings pinned.
struct Trial {
    job: Job,
    verdict: Verdict,
}

impl PinSearch<'_> {
    async fn find(&mut self) -> Result<PinReport, Stop> {
        if self.job.state.verdict() == Verdict::Reproducible {
            return Ok(PinReport { holds: true, ..self.report(&[]) });
        }
        let original = self.explained(self.job).await?;
        if original.classes.len() < 2 {
            let error = CliError::usage_text(format!(
                "all copies of job {} agree with each other",
                self.job.spec.job
            ));
            return Err(Stop::Failed(
                error.hint("it differs from what was expected of it: producer compare, or accept its result"),
            ));
        }
        let all = self.candidates(&original);
        // Few copies find what differs often. If a fresh job contradicts them, all trials get as many copies as it has.
        for copies_min in [TRIAL_COPIES_MIN, self.confirming_copies(&[])] {
            self.copies_min = copies_min;
            self.say(&format!("trying with {} pinned", counted(all.len(), "setting", "settings")));
            let trial = self.trial(&all).await?;
            if trial.verdict != Verdict::Reproducible {
                return self.nothing_holds(&all, &trial, &original).await;
            }
            let mut pins = all.clone();
            let without = self.smallest(&mut pins, &original).await?;
            self.say(&format!("confirming {}", names(&pins)));
            let confirmed = self.run(&pins, self.confirming_copies(&pins), "confirms").await?;
            if confirmed.verdict == Verdict::Reproducible {
                return self.holds(&pins, without, confirmed, &original).await;
            }
        }
        // Both times the smallest set failed. Everything that can be pinned held in the trials, and is tried as a whole.
        let confirmed = self.run(&all, self.confirming_copies(&all), "confirms").await?;
        if confirmed.verdict == Verdict::Reproducible {
            return self.holds(&all, Vec::new(), confirmed, &original).await;
        }
        self.nothing_holds(&all, &confirmed, &original).await
    }

    /// Everything that can be pinned, except what makes all copies fail.
    fn candidates(&self, original: &Explanation) -> Vec<Pin> {
        let gave_digests = |pin: &Pin| {
            original.variations.iter().any(|setting| {
                setting.copies > 0
                    && setting.factor == pin.factor
                    && setting.name == pin.name
                    && setting.value == pin.value
            })
        };
        let is_of_set = |pin: &Pin| original.variations.iter().all(|setting| setting.name != pin.name);
        Pin::all(self.plan).into_iter().filter(|pin| is_of_set(pin) || gave_digests(pin)).collect()
    }

    /// The smallest set among pins that hold; gives the verdict without each of its members.
    async fn smallest(&mut self, pins: &mut Vec<Pin>, original: &Explanation) -> Result<Vec<Verdict>, Stop> {
        // Most settings change nothing: they are left out at once, if that holds.
        let is_cause = |pin: &Pin| original.causes.iter().any(|cause| cause.name == pin.name);
        let causes: Vec<Pin> = pins.iter().filter(|pin| is_cause(pin)).cloned().collect();
        if !causes.is_empty() && causes.len() < pins.len() {
            self.say(&format!("trying with {} only", names(&causes)));
            if self.trial(&causes).await?.verdict == Verdict::Reproducible {
                *pins = causes;
            }
        }
        self.left_out_one_by_one(pins).await
    }

    async fn holds(
        &self,
        pins: &[Pin],
        without: Vec<Verdict>,
        confirmed: Trial,
        original: &Explanation,
    ) -> Result<PinReport, Stop> {
        let without = without.into_iter().map(Some).chain(std::iter::repeat(None));
        let members = pins.iter().zip(without).map(|(pin, without)| member(pin, without)).collect();
        let cost = self.cost(&confirmed.job, original).await?;
        Ok(PinReport {
            holds: true,
            members,
            confirmed: Some(ConfirmationReport {
                copies: confirmed.job.state.copies(),
                verdict: confirmed.verdict,
                job: confirmed.job.spec.job.clone(),
            }),
            cost,
            ..self.report(pins)
        })
    }

    /// Leaves out each setting that is not needed, until every one of them is; gives the verdict without each. A setting that
    /// was needed may no longer be when others are gone, so it looks again after each change.
    async fn left_out_one_by_one(&mut self, pins: &mut Vec<Pin>) -> Result<Vec<Verdict>, Stop> {
        loop {
            let mut without = Vec::with_capacity(pins.len());
            let mut needed = Vec::with_capacity(pins.len());
            for (place, pin) in pins.iter().enumerate() {
                // Those before it that are needed, and all after it.
                let others: Vec<_> = needed.iter().chain(&pins[place + 1..]).cloned().collect();
                self.say(&format!("trying without {} ({} of {})", pin.name, place + 1, pins.len()));
                let verdict = self.trial(&others).await?.verdict;
                if verdict != Verdict::Reproducible {
                    without.push(verdict);
                    needed.push(pin.clone());
                }
            }
            let is_settled = needed.len() == pins.len();
            *pins = needed;
            if is_settled {
                return Ok(without);
            }
        }
    }

    async fn nothing_holds(
        &self,
        pins: &[Pin],
        trial: &Trial,
        original: &Explanation,
    ) -> Result<PinReport, Stop> {
        let explained = self.explained(&trial.job).await?;
        let mut remains = Vec::new();
        let is_pin = |name: &str| pins.iter().any(|pin| pin.name == name);
        for cause in original.causes.iter().filter(|cause| !is_pin(&cause.name)) {
            remains.push(format!("{} changes the result and cannot be pinned", cause.name));
        }
        // The job itself has more copies than a trial, which ends at the first difference.
        if let Some(race) = original.variations.iter().find(|setting| setting.classes.len() > 1) {
            remains.push(format!("copies with {}={} differ from each other", race.name, race.value));
        }
        if remains.is_empty() {
            let separates =
                explained.summary.separates.unwrap_or_else(|| "the copies do not agree".to_owned());
            remains.push(format!("with these settings pinned: {separates}"));
        }
        Ok(PinReport {
            members: pins.iter().map(|pin| member(pin, None)).collect(),
            remains: Some(remains.join("; ")),
            ..self.report(pins)
        })
    }

    fn spent(&self) -> PinReport {
        PinReport { spent: true, ..self.report(&[]) }
    }

    fn report(&self, pins: &[Pin]) -> PinReport {
        PinReport {
            job: self.job.spec.job.clone(),
            holds: false,
            pin: values(pins),
            members: Vec::new(),
            confirmed: None,
            cost: None,
            remains: None,
            copies: self.copies,
            spent: false,
            by_variables_only: self.varies(CPU) && !self.varies(EMULATE),
        }
    }

    fn varies(&self, factor: &str) -> bool {
        self.plan.settings.iter().any(|setting| setting.factor == factor)
    }

    /// Runs a job with some settings pinned, until two copies differ or all agree.
    async fn trial(&mut self, pins: &[Pin]) -> Result<Trial, Stop> {
        let combinations = pinned(self.plan, pins).combinations();
        self.run(pins, self.copies_min.max(combinations.saturating_mul(COPIES_PER_SETTING)), "pins").await
    }

    fn confirming_copies(&self, pins: &[Pin]) -> u32 {
        let detects = copies_to_detect(RATE_CONFIRMED, Level::default()).ok();
        let detects = detects.and_then(|copies| u32::try_from(copies).ok()).unwrap_or(TRIAL_COPIES_MIN);
        detects.max(pinned(self.plan, pins).combinations().saturating_mul(COPIES_PER_SETTING))
    }

    async fn run(&mut self, pins: &[Pin], copies: u32, kind: &str) -> Result<Trial, Stop> {
        let spec = self.spec(pins, copies, kind)?;
        let id = spec.job.clone();
        let is_over = self.wanted.copies_max.is_some_and(|max| self.copies + u64::from(copies) > max)
            || self.wanted.ms_max.is_some_and(|max| self.started.elapsed().as_millis() > u128::from(max));
        if is_over && self.store.read_job(&id).await?.is_none() {
            return Err(Stop::Spent);
        }
        let payload = self.store.read_payload(&self.job.spec.job).await?;
        let payload = payload.ok_or_else(|| {
            CliError::failed(anyhow::anyhow!("the payload of {} is gone", self.job.spec.job))
        })?;
        // A trial that exists already goes on, or has its answer.
        self.backend.create_jobs(vec![NewJob { spec, payload }]).await?;
        if read(self.backend, &id).await?.state.ended_at().is_none() {
            let ended =
                work(self.store, std::slice::from_ref(&id), None, self.settings, self.printer).await?;
            if matches!(ended, WaitEnd::Interrupted) {
                return Err(Stop::Interrupted);
            }
        }
        let job = read(self.backend, &id).await?;
        let tally = self.backend.read_tally(&id).await?;
        let ran = tally.produced() + tally.failed(job.state.round(), job.state.copies());
        if self.counted.insert(id.clone()) {
            self.copies += u64::from(ran);
        }
        match job.state.verdict() {
            verdict @ (Verdict::Reproducible | Verdict::Divergent) => Ok(Trial { job, verdict }),
            verdict => {
                let error = CliError::usage_text(format!(
                    "the trial {id} is {verdict}, so it says nothing of its settings"
                ));
                Err(Stop::Failed(error.hint(format!(
                    "producer explain {id} says why its copies failed; producer retry {id} runs them again, and pin goes on"
                ))))
            }
        }
    }

    /// The job of a trial. Its id says what it pins.
    fn spec(&self, pins: &[Pin], copies: u32, kind: &str) -> Result<JobSpec, CliError> {
        let original = &self.job.spec;
        let told: Vec<_> = pins.iter().map(|pin| format!("{}={}", pin.name, pin.value)).collect();
        let digest =
            Digest::of(format!("{}\n{copies}\n{}", original.job, told.join("\n")).as_bytes()).to_string();
        let ending = format!("-{kind}-{}", &digest["sha256:".len()..][..12]);
        let name: String = original.job.as_str().chars().take(JOB_ID_BYTES_MAX - ending.len()).collect();
        let job: JobId = format!("{name}{ending}").parse().map_err(CliError::failed)?;
        let plan = VariationPlan { chose_copies: true, ..pinned(self.plan, pins) };
        let policy =
            Policy { variation: Some(plan), fail_fast: true, expect: None, ..original.policy.clone() };
        Ok(JobSpec {
            submission: job.clone(),
            job,
            submitted_at: self.backend.now(&self.settings.clock),
            copies,
            policy,
            ..JobSpec::clone(original)
        })
    }

    async fn explained(&self, job: &Job) -> Result<Explanation, CliError> {
        let comparing = Comparing::new(&ComparingSettings::default(), self.settings)?;
        Ok(ExplainedJob::read(self.backend, job, &comparing, &self.settings.clock).await?.explanation)
    }

    /// How much longer runs of the baseline take with the settings than without.
    async fn cost(&self, confirmed: &Job, original: &Explanation) -> Result<Option<CostReport>, CliError> {
        let with = self.explained(confirmed).await?;
        let plan = confirmed.spec.policy.variation.as_ref().unwrap_or(self.plan);
        Ok(CostReport::of(run_times(&with, plan), run_times(original, self.plan)))
    }

    fn say(&self, words: &str) {
        self.printer.say(&format!("pin: {words}; {} copies so far", self.copies));
    }
}

/// The run times of the baseline's copies, in microseconds.
fn run_times(explanation: &Explanation, plan: &VariationPlan) -> Vec<u64> {
    let of_baseline = |copy: u32| plan.of_copy(copy).is_empty();
    let outcomes = explanation.outcomes.iter();
    outcomes
        .filter(|outcome| outcome.failure.is_none() && of_baseline(outcome.copy))
        .map(|outcome| outcome.run_us)
        .collect()
}

fn member(pin: &Pin, without: Option<Verdict>) -> MemberReport {
    MemberReport { name: pin.name.clone(), library: pin.library.clone(), value: pin.value.clone(), without }
}

/// All variables and arguments that are pinned. Presets may add to the same variable.
fn values(pins: &[Pin]) -> BTreeMap<String, String> {
    let mut values = BTreeMap::<String, String>::new();
    for (name, value) in pins.iter().flat_map(Pin::values) {
        values.entry(name).and_modify(|present| *present = format!("{present} {value}")).or_insert(value);
    }
    values
}

fn names(pins: &[Pin]) -> String {
    match pins {
        [] => "nothing".to_owned(),
        pins => pins.iter().map(|pin| pin.name.as_str()).collect::<Vec<_>>().join(", "),
    }
}
