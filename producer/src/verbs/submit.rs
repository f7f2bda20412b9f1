use concord_protocol::ports::{CreateJobs, NewJob, WriteOutput};
use concord_protocol::{JobId, Verdict};

use crate::backend::{Backend, create_store, open_stack};
use crate::calculations;
use crate::comparator::Comparator;
use crate::conclude::conclude;
use crate::error::CliError;
use crate::exit::Exit;
use crate::expectation::{self, Expectation};
use crate::folders;
use crate::host;
use crate::named::read;
use crate::new_id::new_id;
use crate::payloads;
use crate::plan::plan;
use crate::printer::Printer;
use crate::render;
use crate::repeated;
use crate::result::plan::PlanReport;
use crate::settings::{ExpectationChoice, PinSettings, Settings, SubmitExtent, SubmitSettings};
use crate::verbs::pin;
use crate::wait::stack::{Listening, enqueue};
use crate::wait::{self, wait};

/// Creates a job for each payload, all or none, and waits for their verdicts.
pub(crate) async fn run(
    submit: &SubmitSettings,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    // Everything that can be wrong with the input is found before anything is written.
    let payloads = payloads::read(&submit.payloads, submit.each)?;
    let stack = open_stack(settings).await?;
    let (calculations, aws) =
        calculations::resolve(&submit.calculation, &payloads, stack.as_ref(), settings).await?;
    let submission = submit.submission.clone().map_or_else(new_id, Ok)?;
    let deployed = stack.as_ref().map(|stack| &stack.deployed);
    let host = host::read(&submit.varying.request, settings);
    let now = settings.clock.now();
    let mut jobs = plan(submit, payloads, calculations, deployed, &host, &submission, now)?;
    if let Some(first) = jobs.first() {
        calculations::check_programs(&first.spec, settings)?;
    }
    if submit.extent == SubmitExtent::Plan {
        printer.result(&PlanReport::of(&submission, &jobs), render::plan::plan)?;
        return Ok(Exit::DONE);
    }
    if submit.files.keep_folders {
        folders::keep(&mut jobs, &settings.temporary_folder);
    }
    if let Some(program) = &settings.comparator {
        Comparator::find(program, settings.search_path.clone())?;
    }
    // All jobs have the same policy.
    let policy = jobs.first().map(|new| &new.spec.policy);
    let given = policy.map(|policy| expectation::given(&submit.expectation, policy)).transpose()?.flatten();
    let backend = match stack {
        Some(stack) => Backend::Stack(Box::new(stack)),
        None => Backend::Local(create_store(settings).await?),
    };
    let submitted_at = backend.now(&settings.clock);
    for new in &mut jobs {
        new.spec.submitted_at = submitted_at;
    }
    let is_golden = submit.expectation == ExpectationChoice::Golden;
    let expected = expectations(is_golden, given.as_ref(), &backend, &mut jobs).await?;
    if let Some(words) = jobs.first().and_then(|first| render::plan::first_line(&first.spec)) {
        printer.say(&words);
    }
    let ids = create(&backend, &submission, jobs, printer).await?;
    for (id, expectation) in ids.iter().zip(expected) {
        for (digest, bytes) in expectation.into_iter().flat_map(|expectation| expectation.parts) {
            backend.write_output(id, digest, bytes).await?;
        }
    }
    let Some(stack) = backend.stack() else {
        if submit.extent == SubmitExtent::Create {
            conclude(&backend, &ids, settings, printer).await?;
            return Ok(Exit::DONE);
        }
        let exit = wait(&backend, &ids, aws.as_ref(), settings, printer).await?;
        return if submit.varying.pins && exit == Exit::Divergent {
            pin_all(&backend, &ids, settings, printer).await
        } else {
            Ok(exit)
        };
    };
    let listening = Listening::start()?;
    if !enqueue(&backend, stack, &ids, &listening.interrupt, printer).await? {
        return Ok(Exit::Interrupted);
    }
    if submit.extent == SubmitExtent::Create {
        conclude(&backend, &ids, settings, printer).await?;
        return Ok(Exit::DONE);
    }
    wait::stack::wait(&backend, stack, &ids, &listening, settings, printer).await
}

/// Finds the settings that hold for each job that diverges, and gives the worst exit.
async fn pin_all(
    backend: &Backend,
    ids: &[JobId],
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let mut exits = Vec::new();
    for id in ids {
        let verdict = read(backend, id).await?.state.verdict();
        exits.push(match verdict {
            Verdict::Divergent => Box::pin(pin::run(&PinSettings::of_job(id), settings, printer)).await?,
            verdict => Exit::of_verdict(verdict),
        });
    }
    Ok(Exit::worst(exits))
}

/// Creates the jobs, unless this submission exists already with the same values; gives their ids.
async fn create(
    backend: &Backend,
    submission: &JobId,
    jobs: Vec<NewJob>,
    printer: &Printer,
) -> Result<Vec<JobId>, CliError> {
    let specs: Vec<_> = jobs.iter().map(|new| new.spec.clone()).collect();
    let ids: Vec<_> = specs.iter().map(|spec| spec.job.clone()).collect();
    repeated::check_payloads(backend, submission, &ids).await?;
    if let Some(taken) = backend.create_jobs(jobs).await? {
        for spec in &specs {
            repeated::check(backend, spec, &taken).await?;
        }
        printer.say(&format!("{submission} was submitted before; going on with it"));
    }
    Ok(ids)
}

/// Resolves what each job should give, and writes the digest into its policy.
async fn expectations(
    is_golden: bool,
    given: Option<&Expectation>,
    backend: &Backend,
    jobs: &mut [NewJob],
) -> Result<Vec<Option<Expectation>>, CliError> {
    let mut expectations = Vec::with_capacity(jobs.len());
    for new in jobs {
        let expectation =
            if is_golden { Some(expectation::golden(backend, &new.spec).await?) } else { given.cloned() };
        new.spec.policy.expect = expectation.as_ref().map(|expectation| expectation.digest);
        expectations.push(expectation);
    }
    Ok(expectations)
}
