use concord_local::Listed;

use crate::args::{Format, ListArgs};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::printer::Printer;
use crate::report::JobReport;
use crate::settings::Settings;
use crate::text;

/// Lists jobs, newest first.
pub(crate) fn run(args: &ListArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    let verdict = args.verdict.as_deref().map(str::parse).transpose().map_err(Fault::usage)?;
    let home = settings.open_home()?;
    let listed = Listed { verdict, count_max: args.limit };
    let jobs = home.as_ref().map(|home| home.list(listed)).transpose()?.unwrap_or_default();
    let now = settings.clock.now();
    if home.is_none() {
        printer.say(&format!("there is no store at {}", settings.store.display()));
    } else if jobs.is_empty() {
        printer.say(&format!("no such jobs in {}", settings.place()));
    }
    for (job, home) in jobs.iter().zip(home.iter().cycle()) {
        let report = JobReport::read(home, job, now)?;
        match printer.format {
            Format::Json => printer.json(&report)?,
            Format::Text => printer.data(&line(&report, printer))?,
        }
    }
    Ok(Exit::DONE)
}

fn line(report: &JobReport, printer: &Printer) -> String {
    let submitted_at = report.submitted_at.0.strftime("%Y-%m-%d %H:%M:%SZ");
    format!(
        "{}  {:<14} {submitted_at}  {:>7}/{:<7} {}\n",
        printer.verdict(report.verdict, 12),
        report.job,
        report.succeeded,
        report.copies,
        text::calculation(&report.calculation)
    )
}
