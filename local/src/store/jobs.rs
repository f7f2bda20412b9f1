//! Creates, reads, finds and lists jobs, and replaces their states.

use std::sync::Arc;

use concord_protocol::ports::{
    CreateJobs, FindJobs, ListJobs, ListOpenJobs, NewJob, PortResult, ReadJob, ReadSubmission, ReplaceState,
};
use concord_protocol::{Job, JobId, JobState, ListFilter, Lookup, Verdict};
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{self, JOB, signed, to_json};
use super::states;
use super::store::Store;

impl CreateJobs for Store {
    async fn create_jobs(&self, jobs: Vec<NewJob>) -> PortResult<Option<Job>> {
        let taken = self.write(move |connection| create(connection, &jobs)).await?;
        self.signals().queued.notify(usize::MAX);
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
    let key = connection.prepare_cached(sql)?.insert(params![
        spec.job.as_str(),
        spec.submission.as_str(),
        signed(spec.submitted_at.unix_ms),
        spec.payload_digest.as_bytes(),
        to_json(spec)?,
        to_json(&state)?,
        spec.copies,
        signed(spec.policy.copy_timeout_ms),
        spec.policy.receives_max(),
        state.verdict().as_str(),
        state.round(),
        signed(state.deadline_at().unix_ms),
        signed(state.revision()),
    ])?;
    rows::seal_job(connection, key)
}

fn read(connection: &Connection, job: &JobId) -> rusqlite::Result<Option<Job>> {
    let sql = format!("SELECT {JOB} FROM jobs WHERE job = ?1");
    connection.prepare_cached(&sql)?.query_row([job.as_str()], rows::job).optional()
}

impl ReadJob for Store {
    async fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
        self.read(|connection| read(connection, job))
    }
}

impl ReplaceState for Store {
    async fn replace_state(&self, job: &JobId, state: JobState) -> PortResult<bool> {
        let key = self.key(job)?;
        let clock = Arc::clone(self.clock());
        let replaced =
            self.write(move |connection| states::replace(connection, &*clock, key, &state)).await?;
        if replaced && let Some(job) = self.read_job(job).await? {
            self.remember_job(job);
            self.signals().decided.notify(usize::MAX);
        }
        Ok(replaced)
    }
}

impl FindJobs for Store {
    async fn find_jobs(&self, name: &str) -> PortResult<Lookup> {
        for sql in
            ["SELECT job FROM jobs WHERE job = ?1", "SELECT job FROM jobs WHERE submission = ?1 ORDER BY id"]
        {
            let found = self.find_by(sql, name)?;
            if !found.is_empty() {
                return Ok(Lookup::Jobs(found));
            }
        }
        let sql = "SELECT job FROM jobs WHERE substr(job, 1, length(?1)) = ?1 ORDER BY id DESC";
        self.find_by(sql, name).map(Lookup::of_beginning)
    }
}

impl ReadSubmission for Store {
    async fn read_submission(&self, submission: &JobId) -> PortResult<Vec<JobId>> {
        self.find_by(
            "SELECT job FROM jobs WHERE submission = ?1 OR job = ?1 ORDER BY id",
            submission.as_str(),
        )
    }
}

impl ListJobs for Store {
    async fn list_jobs(&self, filter: ListFilter) -> PortResult<Vec<Job>> {
        let sql = format!(
            "SELECT {JOB} FROM jobs WHERE ?1 IS NULL OR verdict = ?1
             ORDER BY submitted_at DESC, id DESC LIMIT ?2"
        );
        let verdict = filter.verdict.map(Verdict::as_str);
        self.read(|connection| {
            let mut select = connection.prepare_cached(&sql)?;
            let rows = select.query_map(params![verdict, signed(filter.count_max as u64)], rows::job)?;
            rows.collect()
        })
    }
}

impl ListOpenJobs for Store {
    async fn list_open_jobs(&self) -> PortResult<Vec<JobId>> {
        self.job_ids("SELECT job FROM jobs WHERE ended_at IS NULL ORDER BY id", i64::MAX)
    }
}

impl Store {
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
