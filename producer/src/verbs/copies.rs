use concord_protocol::limits::CHUNK_COPIES;

use super::open;
use crate::args::{CopiesArgs, Format};
use crate::copies_table::{self, CopyReport};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::printer::Printer;
use crate::settings::Settings;

/// Prints the outcomes of the copies of a job, a part at a time, so that memory does not grow with them.
pub(crate) fn run(args: &CopiesArgs, settings: &Settings, printer: &Printer) -> Result<Exit, Fault> {
    let (home, jobs) = open(settings, std::slice::from_ref(&args.name))?;
    let [id] = &jobs[..] else {
        let fault = Fault::usage_text(format!("{} is a submission of {} jobs", args.name, jobs.len()));
        return Err(fault.hint("name one of its jobs, such as the first by adding .0"));
    };
    let Some(job) = home.read_job(id)? else { return Err(super::unknown(&args.name)) };
    if printer.format == Format::Text {
        printer.data(copies_table::HEAD)?;
    }
    for from in (0..job.state.copies).step_by(CHUNK_COPIES as usize) {
        let to = job.state.copies.min(from + CHUNK_COPIES);
        let outcomes = home.read_outcomes(id, from..to)?;
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

fn json_line(report: &CopyReport<'_>) -> Result<String, Fault> {
    let mut line = serde_json::to_string(report).map_err(Fault::failed)?;
    line.push('\n');
    Ok(line)
}
