use concord_protocol::ListFilter;
use concord_protocol::ports::ListJobs;

use crate::backend::Backend;
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::render::words::calculation;
use crate::result::job::JobReport;
use crate::settings::Settings;

/// Lists jobs, newest first.
pub(crate) async fn run(
    filter: ListFilter,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let Some(backend) = Backend::open_to_read(settings).await? else {
        printer.say(&format!("there is no store at {}", settings.store.display()));
        return Ok(Exit::DONE);
    };
    let jobs = backend.list_jobs(filter).await?;
    if jobs.is_empty() {
        printer.say(&format!("no such jobs in {}", settings.place()));
    }
    let now = backend.now(&settings.clock);
    for job in &jobs {
        let report = JobReport::read(&backend, job, now).await?;
        printer.result(&report, |report| line(report, printer))?;
    }
    Ok(Exit::DONE)
}

fn line(report: &JobReport, printer: &Printer) -> String {
    let submitted_at = report.submitted_at.strftime("%Y-%m-%d %H:%M:%SZ");
    format!(
        "{}  {:<14} {submitted_at}  {:>7}/{:<7} {}\n",
        printer.verdict(report.verdict, 12),
        report.job,
        report.succeeded,
        report.copies,
        calculation(&report.calculation)
    )
}
