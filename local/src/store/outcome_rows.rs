//! The rows of outcomes as they are read.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use concord_protocol::{CopyId, Environment, Failure, JobId, Outcome, Produced, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::checksum;
use super::damage::DamagedRow;
use super::rows::{self, DigestColumn};

/// The outcomes of these copies of the job with the key `key`.
pub(super) fn read(
    connection: &Connection,
    job: &JobId,
    key: i64,
    copies: Range<u32>,
) -> rusqlite::Result<Vec<Outcome>> {
    let sql =
        "SELECT job, copy, beside, round, attempt, digest, bytes, reason, started_at, run_us, stderr_tail,
               environment, facts, checksum FROM outcomes
               WHERE job = ?1 AND copy >= ?2 AND copy < ?3 ORDER BY copy, beside";
    let mut select = connection.prepare_cached(sql)?;
    let mut environments = HashMap::new();
    let rows = select.query_map(params![key, copies.start, copies.end], |row| {
        checksum::check(row, "outcomes", 13, Some(0))?;
        let environment = row.get::<_, Option<i64>>(11)?;
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
    let mut select =
        connection.prepare_cached("SELECT id, facts, checksum FROM environments WHERE id = ?1")?;
    let checked = |row: &Row<'_>| {
        checksum::check(row, "environments", 2, None)?;
        rows::json(row, 1)
    };
    let found = select.query_row([id], checked).optional()?;
    let environment: Arc<Environment> =
        Arc::new(found.ok_or_else(|| DamagedRow::of("environments", None, "a row is missing"))?);
    known.insert(id, Arc::clone(&environment));
    Ok(environment)
}

fn outcome(job: &JobId, row: &Row<'_>, environment: Option<Arc<Environment>>) -> rusqlite::Result<Outcome> {
    let digest: Option<DigestColumn> = row.get(5)?;
    let result = match digest {
        Some(DigestColumn(digest)) => Ok(Produced { digest, bytes: rows::unsigned(row, 6)? }),
        None => Err(Failure::new(row.get::<_, String>(7)?)),
    };
    let has_facts = row.get_ref(12)? != ValueRef::Null;
    Ok(Outcome {
        copy: CopyId { job: job.clone(), index: row.get(1)? },
        round: row.get(3)?,
        attempt: row.get(4)?,
        result,
        started_at: Timestamp::from_unix_ms(rows::unsigned(row, 8)?),
        run_us: rows::unsigned(row, 9)?,
        // An empty tail is stored as no tail.
        stderr_tail: row.get::<_, Option<String>>(10)?.unwrap_or_default(),
        environment,
        facts: has_facts.then(|| rows::json(row, 12)).transpose()?.unwrap_or_default(),
    })
}
