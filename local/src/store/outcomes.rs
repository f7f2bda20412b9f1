//! Reads payloads, keeps outputs, and records outcomes.

use std::ops::Range;
use std::sync::Arc;

use concord_protocol::limits::OUTPUTS_KEPT_MAX;
use concord_protocol::ports::{
    PortResult, ReadOutcomes, ReadOutput, ReadPayload, RecordOutcome, WriteOutput,
};
use concord_protocol::{Digest, Environment, Failure, JobId, Outcome, Settlement, settle};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::damage::DamagedRow;
use super::outcome_rows::read;
use super::rows::{self, DigestColumn, signed};
use super::store::Store;

impl ReadPayload for Store {
    async fn read_payload(&self, job: &JobId) -> PortResult<Option<Arc<[u8]>>> {
        // A worker would record a payload that is missing or different as a failure of the copy.
        let sql = "SELECT id, payload, bytes FROM jobs LEFT JOIN payloads ON jobs.payload = payloads.digest
                   WHERE job = ?1";
        self.read(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let read = |row: &Row<'_>| {
                let (key, DigestColumn(digest)) = (row.get(0)?, row.get(1)?);
                let bytes = row.get_ref(2)?.as_blob_or_null()?;
                let bytes = bytes.ok_or_else(|| DamagedRow::of("payloads", Some(key), "a row is missing"))?;
                check_bytes(digest, bytes, "payloads", key).map(|()| bytes.into())
            };
            select.query_row([job.as_str()], read).optional()
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
            let read = |row: &Row<'_>| {
                let bytes = row.get_ref(0)?.as_blob()?;
                check_bytes(digest, bytes, "outputs", key).map(|()| bytes.to_vec())
            };
            select.query_row(params![key, digest.as_bytes()], read).optional()
        })
    }
}

/// Checks the bytes of a row of `table` against their digest.
fn check_bytes(digest: Digest, bytes: &[u8], table: &'static str, job: i64) -> rusqlite::Result<()> {
    if Digest::of(bytes) == digest {
        Ok(())
    } else {
        Err(DamagedRow::of(table, Some(job), "a row does not fit its digest"))
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
    let sql = "INSERT OR IGNORE INTO environments (id, facts, checksum)
               SELECT next.id, ?1, checksum('environments', next.id, ?1)
               FROM (SELECT coalesce(max(id), 0) + 1 AS id FROM environments) AS next";
    connection.prepare_cached(sql)?.execute([&facts])?;
    let mut select = connection.prepare_cached("SELECT id FROM environments WHERE facts = ?1")?;
    select.query_row([&facts], |row| row.get(0))
}

const INSERT: &str = "INSERT OR IGNORE INTO outcomes
    (job, copy, beside, round, attempt, digest, bytes, reason, started_at, run_us, stderr_tail, environment, facts, checksum)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
    checksum('outcomes', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13))";

const REPLACE: &str = "INSERT OR REPLACE INTO outcomes
    (job, copy, beside, round, attempt, digest, bytes, reason, started_at, run_us, stderr_tail, environment, facts, checksum)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
    checksum('outcomes', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13))";

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
    let sql = "INSERT INTO feed (job, copy, round, digest, reason, sandbox, checksum)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, checksum('feed', ?1, ?2, ?3, ?4, ?6, ?5, NULL, NULL, NULL))";
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
        self.read(|connection| read(connection, job, key, copies.clone()))
    }
}
