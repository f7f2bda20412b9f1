use concord_protocol::copy_ranges;
use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::ReadOutcomes;

use crate::error::CliError;
use crate::exit::Exit;
use crate::named::{open_to_read, read};
use crate::printer::{Printer, json_line};
use crate::render::copies;
use crate::settings::Settings;

/// Prints the outcomes of a job's copies chunk by chunk, so that memory does not grow with the copies.
pub(crate) async fn run(name: &str, settings: &Settings, printer: &Printer) -> Result<Exit, CliError> {
    let (backend, jobs) = open_to_read(settings, &[name.to_owned()]).await?;
    let [id] = &jobs[..] else {
        let error = CliError::usage_text(format!("{name} is a submission of {} jobs", jobs.len()));
        return Err(error.hint("name one of its jobs, such as the first by adding .0"));
    };
    let job = read(&backend, id).await?;
    if printer.is_text() {
        printer.data(copies::HEAD)?;
    }
    for chunk in copy_ranges(0..job.state.copies(), CHUNK_COPIES) {
        let outcomes = backend.read_outcomes(id, chunk.clone()).await?;
        let mut text = String::new();
        for report in copies::reports(chunk, &outcomes) {
            let line = if printer.is_text() { copies::line(&report) } else { json_line(&report)? };
            text.push_str(&line);
        }
        printer.data(&text)?;
    }
    Ok(Exit::DONE)
}
