//! Prints the state of jobs, and gives the exit code for it.

use concord_protocol::JobId;

use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::gather::Comparing;
use crate::named::read;
use crate::printer::Printer;
use crate::render::job::job as text;
use crate::result::job::JobReport;
use crate::settings::{ComparingSettings, Settings};

/// Prints the report of each job, and gives the worst exit.
pub(crate) async fn conclude(
    backend: &Backend,
    jobs: &[JobId],
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let wanted =
        ComparingSettings { comparator: settings.comparator.clone(), ..ComparingSettings::default() };
    let comparing = Comparing::new(&wanted, settings)?;
    let mut exits = Vec::new();
    let mut warnings = Vec::new();
    for id in jobs {
        let job = read(backend, id).await?;
        let report = JobReport::with_evidence(backend, &job, settings, &comparing).await?;
        printer.result(&report, |report| {
            text(report, &printer.verdict(report.verdict, 0), &settings.place_flags())
        })?;
        let accepts = settings.accepts_equivalent || job.spec.policy.accept_equivalent;
        exits.push(if accepts && report.is_equivalent() {
            Exit::Reproducible
        } else {
            Exit::of_verdict(report.verdict)
        });
        for warning in report.evidence.into_iter().flat_map(|evidence| evidence.warnings) {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }
    // In JSON the warnings are a field of the job.
    if printer.is_text() {
        for warning in &warnings {
            printer.warn(warning);
        }
    }
    Ok(Exit::worst(exits))
}
