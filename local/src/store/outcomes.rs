//! Reads payloads, keeps outputs, and records outcomes.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use concord_protocol::limits::OUTPUTS_KEPT_MAX;
use concord_protocol::ports::{
    PortResult, ReadOutcomes, ReadOutput, ReadPayload, RecordOutcome, WriteOutput,
};
use concord_protocol::{
    CopyId, Digest, Environment, Failure, JobId, Outcome, Produced, Settlement, Timestamp, settle,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{self, DigestColumn, signed};
use super::store::Store;

impl ReadPayload for Store {
    async fn read_payload(&self, job: &JobId) -> PortResult<Option<Arc<[u8]>>> {
        let sql = "SELECT bytes FROM payloads JOIN jobs ON jobs.payload = payloads.digest WHERE job = ?1";
        self.read(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            select.query_row([job.as_str()], |row| Ok(row.get_ref(0)?.as_blob()?.into())).optional()
        })
    }
}

impl WriteOutput for Store {
    async fn write_output(&self, job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> PortResult<()> {
        let key = self.key(job)?;
        let written = self.write_soon(move |connection| {
            let sql = "INSERT OR IGNORE INTO outputs (job, digest, bytes) SELECT ?1, ?2, ?3
                       WHERE (SELECT count(*) FROM outputs WHERE job = ?1) < ?4";
            let kept_max = signed(OUTPUTS_KEPT_MAX as u64);
            connection.prepare_cached(sql)?.execute(params![key, digest.as_bytes(), &bytes[..], kept_max])
        });
        written.await.map(|_| ())
    }
}

impl ReadOutput for Store {
    async fn read_output(&self, job: &JobId, digest: Digest) -> PortResult<Option<Vec<u8>>> {
        let key = self.key(job)?;
        let sql = "SELECT bytes FROM outputs WHERE job = ?1 AND digest = ?2";
        self.read(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            select.query_row(params![key, digest.as_bytes()], |row| row.get(0)).optional()
        })
    }
}

impl RecordOutcome for Store {
    async fn record_outcome(&self, outcome: Outcome) -> PortResult<Settlement> {
        let key = self.key(&outcome.copy.job)?;
        let known = outcome.environment.as_ref().and_then(|environment| self.known_environment(environment));
        let environment = outcome.environment.clone();
        let recorded = self.write_soon(move |connection| {
            let environment = match (known, &outcome.environment) {
                (None, Some(environment)) => Some(environment_key(connection, environment)?),
                (known, _) => known,
            };
            record(connection, key, environment, &outcome).map(|settlement| (settlement, environment))
        });
        let (settlement, environment_key) = recorded.await?;
        if let (None, Some(environment), Some(key)) = (known, environment, environment_key) {
            self.remember_environment(environment, key);
        }
        self.signals().fed.notify(usize::MAX);
        Ok(settlement)
    }
}

fn environment_key(connection: &Connection, environment: &Environment) -> rusqlite::Result<i64> {
    let facts = rows::to_json(environment)?;
    connection.prepare_cached("INSERT OR IGNORE INTO environments (facts) VALUES (?1)")?.execute([&facts])?;
    let mut select = connection.prepare_cached("SELECT id FROM environments WHERE facts = ?1")?;
    select.query_row([&facts], |row| row.get(0))
}

const INSERT: &str = "INSERT OR IGNORE INTO outcomes
    (job, copy, beside, round, attempt, digest, bytes, reason, started_at, run_us, stderr_tail, environment, facts)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

const REPLACE: &str = "INSERT OR REPLACE INTO outcomes
    (job, copy, beside, round, attempt, digest, bytes, reason, started_at, run_us, stderr_tail, environment, facts)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

fn record(
    connection: &Connection,
    key: i64,
    environment: Option<i64>,
    outcome: &Outcome,
) -> rusqlite::Result<Settlement> {
    let settlement = settle_in_table(connection, key, environment, outcome)?;
    if settlement != Settlement::Dropped {
        feed(connection, key, outcome)?;
    }
    Ok(settlement)
}

/// Writes the outcome where it belongs. By far the most frequent case is that the copy has no outcome yet: it is tried
/// first.
fn settle_in_table(
    connection: &Connection,
    key: i64,
    environment: Option<i64>,
    outcome: &Outcome,
) -> rusqlite::Result<Settlement> {
    if insert(connection, key, environment, outcome, &[], INSERT)? > 0 {
        return Ok(Settlement::Written);
    }
    let copy = outcome.copy.index;
    let stored = read(connection, &outcome.copy.job, key, copy..copy.saturating_add(1))?;
    let settlement = settle(stored.first(), outcome);
    let rows = match (settlement, &outcome.result) {
        (Settlement::Written, _) => insert(connection, key, environment, outcome, &[], REPLACE)?,
        (Settlement::KeptBeside, Ok(produced)) => {
            insert(connection, key, environment, outcome, produced.digest.as_bytes(), INSERT)?
        }
        (Settlement::KeptBeside, Err(_)) | (Settlement::Dropped, _) => 0,
    };
    Ok(if rows > 0 { settlement } else { Settlement::Dropped })
}

fn insert(
    connection: &Connection,
    key: i64,
    environment: Option<i64>,
    outcome: &Outcome,
    beside: &[u8],
    sql: &str,
) -> rusqlite::Result<usize> {
    let produced = outcome.result.as_ref().ok();
    let stderr_tail = Some(&outcome.stderr_tail).filter(|tail| !tail.is_empty());
    let facts = (!outcome.facts.is_empty()).then(|| rows::to_json(&outcome.facts)).transpose()?;
    connection.prepare_cached(sql)?.execute(params![
        key,
        outcome.copy.index,
        beside,
        outcome.round,
        outcome.attempt,
        produced.map(|produced| produced.digest.as_bytes()),
        produced.map(|produced| signed(produced.bytes)),
        outcome.result.as_ref().err().map(Failure::reason),
        signed(outcome.started_at.unix_ms),
        signed(outcome.run_us),
        stderr_tail,
        environment,
        facts,
    ])
}

fn feed(connection: &Connection, key: i64, outcome: &Outcome) -> rusqlite::Result<()> {
    let sql = "INSERT INTO feed (job, copy, round, digest, reason, sandbox) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let digest = outcome.result.as_ref().ok().map(|produced| produced.digest.as_bytes());
    let reason = outcome.result.as_ref().err().map(Failure::reason);
    connection.prepare_cached(sql)?.execute(params![
        key,
        outcome.copy.index,
        outcome.round,
        digest,
        reason,
        // The same bits: SQLite has no unsigned numbers.
        outcome.sandbox().map(|sandbox| sandbox.bits().cast_signed())
    ])?;
    Ok(())
}

impl ReadOutcomes for Store {
    async fn read_outcomes(&self, job: &JobId, copies: Range<u32>) -> PortResult<Vec<Outcome>> {
        let key = self.key(job)?;
        self.read(|connection| read(connection, job, key, copies))
    }
}

fn read(
    connection: &Connection,
    job: &JobId,
    key: i64,
    copies: Range<u32>,
) -> rusqlite::Result<Vec<Outcome>> {
    let sql = "SELECT copy, round, attempt, digest, bytes, reason, started_at, run_us, stderr_tail, environment, facts
               FROM outcomes
               WHERE job = ?1 AND copy >= ?2 AND copy < ?3 ORDER BY copy, beside";
    let mut select = connection.prepare_cached(sql)?;
    let mut environments = HashMap::new();
    let rows = select.query_map(params![key, copies.start, copies.end], |row| {
        let environment = row.get::<_, Option<i64>>(9)?;
        let environment =
            environment.map(|id| environment_of(connection, &mut environments, id)).transpose()?;
        outcome(job, row, environment)
    })?;
    rows.collect()
}

/// The environment with this key. Many outcomes share it, so it is read once.
fn environment_of(
    connection: &Connection,
    known: &mut HashMap<i64, Arc<Environment>>,
    id: i64,
) -> rusqlite::Result<Arc<Environment>> {
    if let Some(environment) = known.get(&id) {
        return Ok(Arc::clone(environment));
    }
    let mut select = connection.prepare_cached("SELECT facts FROM environments WHERE id = ?1")?;
    let environment: Arc<Environment> = Arc::new(select.query_row([id], |row| rows::json(row, 0))?);
    known.insert(id, Arc::clone(&environment));
    Ok(environment)
}

fn outcome(job: &JobId, row: &Row<'_>, environment: Option<Arc<Environment>>) -> rusqlite::Result<Outcome> {
    let digest: Option<DigestColumn> = row.get(3)?;
    let result = match digest {
        Some(DigestColumn(digest)) => Ok(Produced { digest, bytes: rows::unsigned(row, 4)? }),
        None => Err(Failure::new(row.get::<_, String>(5)?)),
    };
    let has_facts = row.get_ref(10)? != ValueRef::Null;
    Ok(Outcome {
        copy: CopyId { job: job.clone(), index: row.get(0)? },
        round: row.get(1)?,
        attempt: row.get(2)?,
        result,
        started_at: Timestamp::from_unix_ms(rows::unsigned(row, 6)?),
        run_us: rows::unsigned(row, 7)?,
        // An empty tail is stored as no tail.
        stderr_tail: row.get::<_, Option<String>>(8)?.unwrap_or_default(),
        environment,
        facts: has_facts.then(|| rows::json(row, 10)).transpose()?.unwrap_or_default(),
    })
}
