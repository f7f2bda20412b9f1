//! Jobs: created, read, found and listed, and their states replaced.

use std::sync::Arc;

use concord_protocol::ports::{
    CreateJobs, NewJob, PortResult, ReadJob, ReadPayload, RecordOutcome, ReplaceState, WriteOutput,
};
use concord_protocol::{Digest, Job, JobId, JobState, Outcome, Settlement, Verdict};
use rusqlite::{Connection, OptionalExtension, params};

use crate::queue::RECEIVES_SPARE;
use crate::rows::{self, signed, to_json};
use crate::store::Store;
use crate::unwritten::Unwritten;

/// Candidates that are named when a prefix is ambiguous, at most.
const CANDIDATES_MAX: usize = 10;

impl CreateJobs for Store {
    async fn create_jobs(&self, jobs: Vec<NewJob>) -> PortResult<Option<Job>> {
        let taken = self.shared.write(move |connection| create(connection, &jobs)).await?;
        self.shared.signals.queued.notify(usize::MAX);
        Ok(taken)
    }
}

fn create(connection: &Connection, jobs: &[NewJob]) -> rusqlite::Result<Option<Job>> {
    for new in jobs {
        if let Some(taken) = read(connection, &new.spec.job)? {
            return Ok(Some(taken));
        }
    }
    jobs.iter().try_for_each(|new| insert(connection, new)).map(|()| None)
}

fn insert(connection: &Connection, NewJob { spec, payload }: &NewJob) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO payloads (digest, bytes) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute(params![spec.payload_digest.as_bytes(), &payload[..]])?;
    let sql =
        "INSERT INTO jobs (job, submission, submitted_at, payload, spec, state, copies, copy_timeout_ms,
               receives_max, verdict, round, deadline_at, ended_at, revision)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, NULL, ?13)";
    let state = spec.first_state();
    connection.prepare_cached(sql)?.execute(params![
        spec.job.as_str(),
        spec.submission.as_str(),
        signed(spec.submitted_at.unix_ms),
        spec.payload_digest.as_bytes(),
        to_json(spec)?,
        to_json(&state)?,
        spec.copies,
        signed(spec.policy.copy_timeout_ms),
        spec.policy.attempts.saturating_add(RECEIVES_SPARE),
        state.verdict.as_str(),
        state.round,
        signed(state.deadline_at.unix_ms),
        signed(state.revision),
    ])?;
    Ok(())
}

fn read(connection: &Connection, job: &JobId) -> rusqlite::Result<Option<Job>> {
    let sql = "SELECT spec, state FROM jobs WHERE job = ?1";
    connection.prepare_cached(sql)?.query_row([job.as_str()], rows::job).optional()
}

impl ReadJob for Store {
    async fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
        self.read(|connection| read(connection, job))
    }
}

impl ReplaceState for Store {
    async fn replace_state(&self, job: &JobId, state: JobState) -> PortResult<bool> {
        let key = self.key(job)?;
        let replaced = self.shared.write(move |connection| replace(connection, key, &state)).await?;
        if replaced && let Some(job) = self.read_job(job).await? {
            self.remember_job(job);
            self.shared.signals.decided.notify(usize::MAX);
        }
        Ok(replaced)
    }
}

fn replace(connection: &Connection, key: i64, state: &JobState) -> rusqlite::Result<bool> {
    let sql = "SELECT verdict, round FROM jobs WHERE id = ?1 AND revision = ?2";
    let before: Option<(String, u32)> = connection
        .prepare_cached(sql)?
        .query_row(params![key, signed(state.revision.saturating_sub(1))], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((verdict, round)) = before else { return Ok(false) };
    let sql = "UPDATE jobs SET state = ?2, verdict = ?3, round = ?4, deadline_at = ?5, ended_at = ?6, revision = ?7,
               copies = ?8, enqueued = CASE WHEN ?4 > round THEN 0 ELSE enqueued END WHERE id = ?1";
    connection.prepare_cached(sql)?.execute(params![
        key,
        to_json(state)?,
        state.verdict.as_str(),
        state.round,
        signed(state.deadline_at.unix_ms),
        state.ended_at.map(|ended| signed(ended.unix_ms)),
        signed(state.revision),
        state.copies,
    ])?;
    if state.ended_at.is_some() || state.round > round {
        // Nothing of it is wanted any more; what runs now ends without a message to delete.
        connection.prepare_cached("DELETE FROM queue WHERE job = ?1")?.execute([key])?;
        connection.prepare_cached("DELETE FROM dead_letters WHERE job = ?1")?.execute([key])?;
    }
    if verdict != state.verdict.as_str()
        && let Some(decided_at) = state.decided_at
    {
        let sql = "INSERT INTO feed (job, verdict, decided_at, revision) VALUES (?1, ?2, ?3, ?4)";
        let (decided_at, revision) = (signed(decided_at.unix_ms), signed(state.revision));
        connection.prepare_cached(sql)?.execute(params![
            key,
            state.verdict.as_str(),
            decided_at,
            revision
        ])?;
    }
    Ok(true)
}

/// What a name given by a user stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// These jobs: one job, or all of a submission in the order of its payloads.
    Jobs(Vec<JobId>),
    /// Nothing.
    Nothing,
    /// More than one job begins with it: some of them, and how many there are.
    Ambiguous(Vec<JobId>, usize),
}

/// What a list of jobs is to contain.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Only jobs with this verdict.
    pub verdict: Option<Verdict>,
    /// So many, at most.
    pub count_max: usize,
}

impl Store {
    /// Finds the jobs that a user means by a name: the id of a job, of a submission, or the beginning of one job's.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn find(&self, name: &str) -> PortResult<Found> {
        for sql in [
            "SELECT job FROM jobs WHERE job = ?1",
            "SELECT job FROM jobs WHERE submission = ?1 ORDER BY id",
            "SELECT job FROM jobs WHERE substr(job, 1, length(?1)) = ?1 ORDER BY id DESC",
        ] {
            let found = self.find_by(sql, name)?;
            let by_prefix = sql.contains("substr");
            match found.len() {
                0 => {}
                count if by_prefix && count > 1 => {
                    return Ok(Found::Ambiguous(found.into_iter().take(CANDIDATES_MAX).collect(), count));
                }
                _ => return Ok(Found::Jobs(found)),
            }
        }
        Ok(Found::Nothing)
    }

    /// The jobs of a submission, in the order of its payloads; none when there is no such submission.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn submitted(&self, submission: &JobId) -> PortResult<Vec<JobId>> {
        self.find_by(
            "SELECT job FROM jobs WHERE submission = ?1 OR job = ?1 ORDER BY id",
            submission.as_str(),
        )
    }

    /// The jobs of the store, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self, listed: Listed) -> PortResult<Vec<Job>> {
        let sql = "SELECT spec, state FROM jobs WHERE ?1 IS NULL OR verdict = ?1
                   ORDER BY submitted_at DESC, id DESC LIMIT ?2";
        let verdict = listed.verdict.map(Verdict::as_str);
        self.read(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map(params![verdict, signed(listed.count_max as u64)], rows::job)?;
            rows.collect()
        })
    }

    /// The jobs that have not ended, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn open_jobs(&self) -> PortResult<Vec<JobId>> {
        self.job_ids("SELECT job FROM jobs WHERE ended_at IS NULL ORDER BY id", i64::MAX)
    }

    /// The open jobs whose deadline has passed.
    pub(crate) fn overdue(&self, now_unix_ms: u64) -> PortResult<Vec<JobId>> {
        let sql = "SELECT job FROM jobs WHERE ended_at IS NULL AND deadline_at <= ?1";
        self.job_ids(sql, signed(now_unix_ms))
    }

    fn find_by(&self, sql: &str, name: &str) -> PortResult<Vec<JobId>> {
        let ids: Vec<String> = self.read(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let rows = select.query_map([name], |row| row.get(0))?;
            rows.collect()
        })?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }

    fn job_ids(&self, sql: &str, parameter: i64) -> PortResult<Vec<JobId>> {
        let ids: Vec<String> = self.read(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let count = select.parameter_count();
            let rows = select
                .query_map(rusqlite::params_from_iter([parameter].into_iter().take(count)), |row| {
                    row.get(0)
                })?;
            rows.collect()
        })?;
        Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
    }
}

/// The store as a worker sees it: jobs are remembered from the delivery of their copies, which saves a read a copy.
/// What is remembered is never older than the message that is being handled.
pub(crate) struct Remembered {
    pub(crate) store: Store,
    pub(crate) unwritten: Arc<Unwritten>,
}

impl ReadJob for Remembered {
    async fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
        match self.store.remembered_job(job) {
            Some(job) => Ok(Some(job)),
            None => self.store.read_job(job).await,
        }
    }
}

impl ReadPayload for Remembered {
    async fn read_payload(&self, job: &JobId) -> PortResult<Option<Arc<[u8]>>> {
        self.store.read_payload(job).await
    }
}

impl WriteOutput for Remembered {
    async fn write_output(&self, job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> PortResult<()> {
        let _held = self.unwritten.hold(bytes.len());
        self.store.write_output(job, digest, bytes).await
    }
}

impl RecordOutcome for Remembered {
    async fn record_outcome(&self, outcome: Outcome) -> PortResult<Settlement> {
        self.store.record_outcome(outcome).await
    }
}
