//! The rows of tallies and rollups.

use concord_protocol::{Digest, JobTally, Rollup, Sandboxes, Tally};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::checksum;
use super::rows::{DigestColumn, HashesColumn, SetColumn};

/// The tally of a chunk of the job with this key.
pub(super) fn read_chunk(connection: &Connection, key: i64, chunk: u32) -> rusqlite::Result<Tally> {
    let mut tallies = JobTally::default();
    read_tallies(connection, "WHERE job = ?1 AND chunk = ?2", params![key, chunk], &mut tallies)?;
    Ok(tallies.chunks.remove(&chunk).unwrap_or_default())
}

/// Adds the tallies of the rows that `condition` chooses.
fn read_tallies(
    connection: &Connection,
    condition: &str,
    parameters: &[&dyn ToSql],
    whole: &mut JobTally,
) -> rusqlite::Result<()> {
    let sql = format!("SELECT job, chunk, digest, copies, checksum FROM tally_digests {condition}");
    let mut rows = connection.prepare_cached(&sql)?;
    let mut rows = rows.query(parameters)?;
    while let Some(row) = rows.next()? {
        checksum::check(row, "tally_digests", 4, Some(0))?;
        let (DigestColumn(digest), SetColumn(copies)) = (row.get(2)?, row.get(3)?);
        whole.chunks.entry(row.get(1)?).or_default().digests.insert(digest, copies);
    }
    let sql = format!("SELECT job, chunk, round, reason, copies, checksum FROM tally_failures {condition}");
    let mut rows = connection.prepare_cached(&sql)?;
    let mut rows = rows.query(parameters)?;
    while let Some(row) = rows.next()? {
        checksum::check(row, "tally_failures", 5, Some(0))?;
        let (failure, SetColumn(copies)) = ((row.get(2)?, row.get(3)?), row.get(4)?);
        whole.chunks.entry(row.get(1)?).or_default().failures.insert(failure, copies);
    }
    let sql = format!("SELECT job, chunk, kept_max, hashes, checksum FROM tally_sandboxes {condition}");
    let mut rows = connection.prepare_cached(&sql)?;
    let mut rows = rows.query(parameters)?;
    while let Some(row) = rows.next()? {
        checksum::check(row, "tally_sandboxes", 4, Some(0))?;
        whole.chunks.entry(row.get(1)?).or_default().sandboxes = sandboxes_row(row, 2)?;
    }
    Ok(())
}

/// The columns `kept_max, hashes`.
fn sandboxes_row(row: &Row<'_>, column: usize) -> rusqlite::Result<Sandboxes> {
    let hashes = row.get::<_, Option<HashesColumn>>(column + 1)?;
    Ok(Sandboxes::stored(row.get(column)?, hashes.into_iter().flat_map(|column| column.0)))
}

/// The value of the column `hashes`: `None` when there are no sandboxes.
fn hashes(sandboxes: &Sandboxes) -> Option<HashesColumn> {
    (!sandboxes.is_empty()).then(|| HashesColumn(sandboxes.iter().collect()))
}

/// Writes the rows of a merged tally that the delta changed.
pub(super) fn write_chunk(
    connection: &Connection,
    key: i64,
    chunk: u32,
    delta: &Tally,
    merged: &Tally,
) -> rusqlite::Result<()> {
    let mut digests = connection.prepare_cached(
        "INSERT OR REPLACE INTO tally_digests (job, chunk, digest, copies, checksum)
         VALUES (?1, ?2, ?3, ?4, checksum('tally_digests', ?1, ?2, ?3, ?4))",
    )?;
    for (digest, copies) in merged.digests.iter().filter(|(digest, _)| delta.digests.contains_key(digest)) {
        digests.execute(params![key, chunk, digest.as_bytes(), SetColumn(*copies)])?;
    }
    let mut failures = connection.prepare_cached(
        "INSERT OR REPLACE INTO tally_failures (job, chunk, round, reason, copies, checksum)
         VALUES (?1, ?2, ?3, ?4, ?5, checksum('tally_failures', ?1, ?2, ?3, ?4, ?5))",
    )?;
    let changed = merged.failures.iter().filter(|(failure, _)| delta.failures.contains_key(failure));
    for ((round, reason), copies) in changed {
        failures.execute(params![key, chunk, round, reason, SetColumn(*copies)])?;
    }
    if !delta.sandboxes.is_empty() {
        let sql = "INSERT OR REPLACE INTO tally_sandboxes (job, chunk, kept_max, hashes, checksum)
             VALUES (?1, ?2, ?3, ?4, checksum('tally_sandboxes', ?1, ?2, ?3, ?4))";
        let sandboxes = &merged.sandboxes;
        let row = params![key, chunk, sandboxes.kept_max(), hashes(sandboxes)];
        connection.prepare_cached(sql)?.execute(row)?;
    }
    Ok(())
}

/// The rollup of the job with this key.
pub(super) fn read_rollup(connection: &Connection, key: i64) -> rusqlite::Result<Option<Rollup>> {
    let sql =
        "SELECT job, witness_1, witness_2, produced, round, accounted, copies, kept_max, hashes, checksum
               FROM rollups WHERE job = ?1";
    let rollup = |row: &Row<'_>| {
        checksum::check(row, "rollups", 9, Some(0))?;
        let witnesses: [Option<DigestColumn>; 2] = [row.get(1)?, row.get(2)?];
        Ok(Rollup {
            witnesses: witnesses.into_iter().flatten().map(|column| column.0).collect(),
            produced: row.get::<_, SetColumn>(3)?.0,
            round: row.get(4)?,
            accounted: row.get::<_, SetColumn>(5)?.0,
            copies: row.get(6)?,
            sandboxes: sandboxes_row(row, 7)?,
        })
    };
    connection.prepare_cached(sql)?.query_row([key], rollup).optional()
}

/// Writes the rollup of the job with this key.
pub(super) fn write_rollup(connection: &Connection, key: i64, rollup: &Rollup) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO rollups
               (job, witness_1, witness_2, produced, round, accounted, copies, kept_max, hashes, checksum)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
               checksum('rollups', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9))";
    let mut witnesses = rollup.witnesses.iter().map(Digest::as_bytes);
    connection.prepare_cached(sql)?.execute(params![
        key,
        witnesses.next(),
        witnesses.next(),
        SetColumn(rollup.produced),
        rollup.round,
        SetColumn(rollup.accounted),
        rollup.copies,
        rollup.sandboxes.kept_max(),
        hashes(&rollup.sandboxes),
    ])?;
    Ok(())
}

/// The tallies of the job with this key.
pub(super) fn read_job(connection: &Connection, key: i64) -> rusqlite::Result<JobTally> {
    let mut whole = JobTally::default();
    read_tallies(connection, "WHERE job = ?1", params![key], &mut whole)?;
    Ok(whole)
}
