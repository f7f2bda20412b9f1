use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use concord_json::JsonError;
use concord_protocol::limits::{PAYLOAD_BYTES_MAX, SUBMISSION_BYTES_MAX, SUBMISSION_JOBS_MAX};

use crate::error::CliError;

/// A payload, and its name in messages.
#[derive(Clone, Debug)]
pub(crate) struct NamedPayload {
    pub(crate) name: String,
    pub(crate) bytes: Arc<[u8]>,
}

/// Reads every payload of a submission.
pub(crate) fn read(paths: &[impl AsRef<Path>], each: bool) -> Result<Vec<NamedPayload>, CliError> {
    let stdin = paths.iter().filter(|path| is_stdin(path.as_ref())).count();
    if stdin > 1 {
        return Err(CliError::usage_text("standard input can be read once only").hint("name - once"));
    }
    let mut payloads = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let (name, bytes) = (name(path), contents(path, each)?);
        if each {
            let slices = slices(path, &bytes).map_err(|error| wrong_list(&name, &error))?;
            let named = |(place, slice): (usize, &&[u8])| NamedPayload {
                name: format!("{name}, element {place}"),
                bytes: Arc::from(*slice),
            };
            payloads.extend(slices.iter().enumerate().map(named));
        } else {
            payloads.push(NamedPayload { name, bytes: bytes.into() });
        }
    }
    check(&payloads)?;
    Ok(payloads)
}

fn check(payloads: &[NamedPayload]) -> Result<(), CliError> {
    if payloads.len() > SUBMISSION_JOBS_MAX {
        let found = payloads.len();
        return Err(CliError::usage_text(format!(
            "{found} payloads are more than the {SUBMISSION_JOBS_MAX} of one submission"
        ))
        .hint("split the list into several submissions"));
    }
    if payloads.iter().map(|payload| payload.bytes.len()).sum::<usize>() > SUBMISSION_BYTES_MAX {
        return Err(CliError::usage_text(format!(
            "the payloads have more than the {SUBMISSION_BYTES_MAX} bytes of one submission"
        ))
        .hint("split the list into several submissions"));
    }
    for NamedPayload { name, bytes } in payloads {
        if bytes.len() > PAYLOAD_BYTES_MAX {
            return Err(too_large(name));
        }
    }
    Ok(())
}

fn too_large(name: &str) -> CliError {
    CliError::usage_text(format!(
        "{name} has more than the {PAYLOAD_BYTES_MAX} bytes that a payload may have"
    ))
    .hint("have the payload name a file that the command reads")
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn name(path: &Path) -> String {
    if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() }
}

fn contents(path: &Path, each: bool) -> Result<Vec<u8>, CliError> {
    let name = name(path);
    let unreadable = |error: io::Error| {
        let error =
            CliError::usage(anyhow::Error::new(error).context(format!("cannot read the payload {name}")));
        error.hint("name a file, or - for standard input")
    };
    // Reads one byte more than is allowed, to see whether there is too much.
    let bytes_max = if each { SUBMISSION_BYTES_MAX } else { PAYLOAD_BYTES_MAX };
    let limit = bytes_max as u64 + 1;
    let mut bytes = Vec::new();
    if is_stdin(path) {
        io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(unreadable)?;
    }
    if bytes.is_empty() {
        return Err(CliError::usage_text(format!("the payload is empty: {name} has no bytes"))
            .hint("a payload has at least one byte; for a command that needs none, {} will do"));
    }
    if bytes.len() > bytes_max {
        return Err(too_large(&name));
    }
    Ok(bytes)
}

fn slices<'a>(path: &Path, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, JsonError> {
    let lines = path.extension().is_some_and(|extension| extension == "jsonl" || extension == "ndjson");
    if lines { concord_json::json_lines(bytes) } else { concord_json::elements(bytes) }
}

fn wrong_list(name: &str, error: &JsonError) -> CliError {
    CliError::usage_text(format!("--each cannot cut {name}: {error}"))
        .hint("--each takes a JSON array with at least one element, or JSON Lines")
}
