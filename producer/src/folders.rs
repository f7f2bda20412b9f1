//! The folders of copies that are kept after their runs: where, which stay when a job has ended, and what is said of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use concord_explain::Explanation;
use concord_protocol::ports::{NewJob, ReadTally};
use concord_protocol::{Digest, Failure, Job, JobId, JobTally};
use concord_worker::{KeptClass, KeptFolder, KeptFolders};
use serde::Serialize;

use crate::backend::Backend;
use crate::error::CliError;
use crate::named::read;
use crate::printer::Printer;

/// The folders that are kept of the copies of a job.
#[derive(Debug, Serialize)]
pub(crate) struct FoldersReport {
    /// The folder in which they are; it is absent while there are none.
    pub(crate) place: PathBuf,
    pub(crate) kept: Vec<FolderReport>,
    /// Copies that failed, at their last attempt or before it, or are of another class than the one that needs no
    /// explanation, and whose folders are not there.
    pub(crate) not_kept: u64,
}

/// A folder that is kept.
#[derive(Debug, Serialize)]
pub(crate) struct FolderReport {
    pub(crate) folder: String,
    pub(crate) copy: u32,
    /// The label of the class of its output; absent if the run failed.
    pub(crate) class: Option<String>,
    pub(crate) digest: Option<Digest>,
    /// Why the run failed.
    pub(crate) failure: Option<String>,
}

/// Lets the jobs keep folders in `temporary`, the folder for temporary files.
pub(crate) fn keep(jobs: &mut [NewJob], temporary: &Path) {
    let place = std::path::absolute(temporary).unwrap_or_else(|_| temporary.to_owned());
    for new in jobs {
        new.spec.policy.keep_folders = Some(place.clone());
    }
}

/// Removes the kept folders of the class that needs no explanation, of each job that has ended. A folder that cannot be
/// removed is said, and changes nothing else.
pub(crate) async fn settle(backend: &Backend, jobs: &[JobId], printer: &Printer) -> Result<(), CliError> {
    for id in jobs {
        let job = read(backend, id).await?;
        let Some(folders) = of_job(&job).filter(|_| job.state.ended_at().is_some()) else { continue };
        if let Some(usual) = usual(&job, &backend.read_tally(id).await?)
            && let Err(error) = folders.remove(&KeptClass::produced(&usual))
        {
            let place = folders.path().display();
            printer.say(&format!("folders of copies in {place} cannot be removed: {error}"));
        }
    }
    Ok(())
}

/// Where folders of these jobs are kept now, in words; empty if none are.
pub(crate) async fn places(backend: &Backend, jobs: &[JobId]) -> Result<String, CliError> {
    let mut places = String::new();
    for id in jobs {
        let folders = of_job(&read(backend, id).await?);
        if let Some(folders) = folders.filter(|folders| folders.path().exists()) {
            places = format!("{places}\nfolders of copies of {id} are in {}", folders.path().display());
        }
    }
    Ok(places)
}

/// What is kept of a job; `None` if it keeps no folders.
pub(crate) fn report(job: &Job, tally: &JobTally, explanation: &Explanation) -> Option<FoldersReport> {
    let folders = of_job(job)?;
    // Where the folder cannot be read, nothing could be kept either, and a fact of a run says so.
    let found = folders.list().unwrap_or_default();
    let usual = usual(job, tally);
    let labels: BTreeMap<Digest, &str> = explanation
        .class_digests()
        .zip(explanation.classes.iter().map(|class| class.class.as_str()))
        .collect();
    let failures = tally.failures(job.state.round(), job.state.copies());
    let hidden = &explanation.hidden_failures;
    let reasons: BTreeSet<String> = failures
        .iter()
        .map(|(reason, _)| reason.clone())
        .chain(hidden.iter().map(|failed| Failure::new(&failed.reason).reason().to_owned()))
        .collect();
    let of = |folder: &KeptFolder| {
        let digest =
            tally.digests().into_iter().find(|count| folder.class == KeptClass::produced(&count.digest));
        FolderReport {
            folder: folder.name(),
            copy: folder.copy,
            class: digest.as_ref().and_then(|count| labels.get(&count.digest)).map(ToString::to_string),
            digest: digest.map(|count| count.digest),
            failure: reasons.iter().find(|reason| folder.class == KeptClass::failed(reason)).cloned(),
        }
    };
    let kept: Vec<_> = found.iter().map(of).collect();
    let odd = tally.digests().into_iter().filter(|count| Some(count.digest) != usual);
    let wanted = odd.map(|count| u64::from(count.copies)).sum::<u64>()
        + failures.iter().map(|(_, copies)| u64::from(*copies)).sum::<u64>()
        + hidden.iter().map(|failed| failed.copies).sum::<u64>();
    let odd_kept = kept.iter().filter(|folder| folder.digest.is_none() || folder.digest != usual).count();
    let not_kept = wanted.saturating_sub(odd_kept as u64);
    Some(FoldersReport { place: folders.path().to_owned(), kept, not_kept })
}

fn of_job(job: &Job) -> Option<KeptFolders> {
    let place = job.spec.policy.keep_folders.as_ref()?;
    Some(KeptFolders::new(place, &job.spec.job))
}

/// The digest that needs no explanation: the expected one, or else the most frequent one.
fn usual(job: &Job, tally: &JobTally) -> Option<Digest> {
    job.spec.policy.expect.or_else(|| tally.digests().first().map(|count| count.digest))
}
