use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use concord_protocol::readable;
use tempfile::NamedTempFile;

use crate::args::ReportForm;
use crate::error::CliError;
use crate::exit::Exit;
use crate::gather::Comparing;
use crate::named::{open_to_read, read};
use crate::printer::{Printer, json_line};
use crate::render;
use crate::result::explanation::ExplainedJob;
use crate::settings::{ReportSettings, Settings};

/// Writes the explanation of jobs to a file.
pub(crate) async fn run(
    wanted: &ReportSettings,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, CliError> {
    let ReportSettings { names, output, form, comparing } = wanted;
    let comparing = Comparing::new(comparing, settings)?;
    let (backend, ids) = open_to_read(settings, names).await?;
    if *form == ReportForm::Html && ids.len() > 1 {
        return Err(CliError::usage_text(format!("an HTML page is of one job, and these are {}", ids.len()))
            .hint("name one job; Markdown, JUnit, JSON and text take several"));
    }
    let writing = Writing::begin(output)?;
    let mut jobs = Vec::with_capacity(ids.len());
    for id in &ids {
        let job = read(&backend, id).await?;
        jobs.push(ExplainedJob::read(&backend, &job, &comparing, &settings.clock).await?);
    }
    let report = report(*form, &jobs)?;
    match writing {
        Writing::Stdout => printer.data(&report)?,
        Writing::Open(mut file) => {
            file.write_all(report.as_bytes()).map_err(|error| refused(output, error))?;
        }
        Writing::Beside(file, path) => {
            replace(file, &path, &report).map_err(|error| refused(output, error))?;
            printer.say(&format!("wrote {}", output.display()));
        }
    }
    Ok(Exit::DONE)
}

fn report(form: ReportForm, jobs: &[ExplainedJob]) -> Result<String, CliError> {
    let texts = |text: &dyn Fn(&ExplainedJob) -> String| jobs.iter().map(text).collect::<Vec<_>>().join("\n");
    let shown = |text: String| readable(&text).into_owned();
    Ok(match form {
        ReportForm::Html => jobs.first().map(render::page::html).transpose()?.unwrap_or_default(),
        ReportForm::Markdown => shown(texts(&render::markdown::markdown)),
        ReportForm::Junit => shown(render::junit::junit(jobs)?),
        ReportForm::Json => jobs.iter().map(json_line).collect::<Result<_, _>>()?,
        ReportForm::Text => shown(texts(&|job| render::explanation::explanation(job, job.verdict.as_str()))),
    })
}

/// Where a report is written.
enum Writing {
    Stdout,
    /// A pipe or a device.
    Open(File),
    /// A temporary file beside the target, which replaces the target when it is complete.
    Beside(NamedTempFile, PathBuf),
}

impl Writing {
    /// Opens the target before the work begins.
    fn begin(path: &Path) -> Result<Self, CliError> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        Self::open(path).map_err(|error| refused(path, error))
    }

    fn open(path: &Path) -> io::Result<Self> {
        // The new report has the permissions of the one that it replaces.
        let mut permissions = Permissions::from_mode(0o666);
        let place = match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                return OpenOptions::new().write(true).open(path).map(Self::Open);
            }
            Ok(found) => {
                permissions = found.permissions();
                std::fs::canonicalize(path)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => target(path)?,
            Err(error) => return Err(error),
        };
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".report-").permissions(permissions);
        let file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        Ok(Self::Beside(file, place))
    }
}

/// Symbolic links that are followed one after the other, at most, as the system does (`path_resolution(7)`).
const LINKS_MAX: usize = 40;

/// The file that `path` names, which is not there: where a symbolic link leads, or `path` itself.
fn target(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(next) = std::fs::read_link(&target) else { return Ok(target) };
        // An absolute path replaces the folder of the link.
        target = target.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(rustix::io::Errno::LOOP.into())
}

fn replace(mut file: NamedTempFile, path: &Path, report: &str) -> io::Result<()> {
    file.write_all(report.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map(|_| ()).map_err(|error| error.error)
}

fn refused(path: &Path, error: io::Error) -> CliError {
    let context = format!("cannot write {}", path.display());
    CliError::usage(anyhow::Error::new(error).context(context))
        .hint("name a file in a folder that can be written")
}
