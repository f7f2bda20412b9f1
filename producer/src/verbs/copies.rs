use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{ReadJob, ReadOutcomes};

use super::open;
use crate::args::{CopiesArgs, Format};
use crate::copies_table::{self, CopyReport};
use crate::error::CliError;
use crate::exit::Exit;
use crate::printer::Printer;
use crate::settings::Settings;

/// Prints the outcomes of the copies of a job, a part at a time, so that memory does not grow with them.
pub(crate) async fn run(args: &CopiesArgs, settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    let (backend, jobs) = open(settings, std::slice::from_ref(&args.name)).await?;
    let [id] = &jobs[..] else {
        let fault = CliError::usage_text(format!("{} is a submission of {} jobs", args.name, jobs.len()));
        return Err(fault.hint("name one of its jobs, such as the first by adding .0"));
    };
    let Some(job) = backend.read_job(id).await? else { return Err(super::unknown(&args.name)) };
    if printer.format == Format::Text {
        printer.data(copies_table::HEAD)?;
    }
    for from in (0..job.state.copies()).step_by(CHUNK_COPIES as usize) {
        let to = job.state.copies().min(from + CHUNK_COPIES);
        let outcomes = backend.read_outcomes(id, from..to).await?;
        let mut text = String::new();
        for report in copies_table::reports(from..to, &outcomes) {
            match printer.format {
                Format::Json => text.push_str(&json_line(&report)?),
                Format::Text => text.push_str(&copies_table::line(&report)),
            }
        }
        printer.data(&text)?;
    }
    Ok(Exit::DONE)
}

fn json_line(report: &CopyReport<'_>) -> Result<String, CliError> {
    let mut line = serde_json::to_string(report).map_err(CliError::failed)?;
    line.push('\n');
    Ok(line)
}
