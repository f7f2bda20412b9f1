//! Tallies and rollups are sets. Each merge is a union within one transaction.

use concord_protocol::ports::{MergeRollup, MergeTally, PortResult, ReadTally};
use concord_protocol::{CopySet, Digest, JobId, JobTally, Rollup, Sandboxes, Tally};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{DigestColumn, HashesColumn, SetColumn};
use super::store::Store;

impl MergeTally for Store {
    async fn merge_tally(&self, job: &JobId, chunk: u32, delta: Tally) -> PortResult<Tally> {
        let key = self.key(job)?;
        let merged = self.write(move |connection| {
            let mut tally = read_chunk(connection, key, chunk)?;
            tally.merge(&delta);
            write_chunk(connection, key, chunk, &delta, &tally)?;
            Ok(tally)
        });
        merged.await
    }
}

fn read_chunk(connection: &Connection, key: i64, chunk: u32) -> rusqlite::Result<Tally> {
    let mut tally = Tally::default();
    let mut digests = connection
        .prepare_cached("SELECT digest, copies FROM tally_digests WHERE job = ?1 AND chunk = ?2")?;
    for row in digests.query_map(params![key, chunk], |row| digest_row(row, 0))? {
        let (digest, copies) = row?;
        tally.digests.insert(digest, copies);
    }
    let mut failures = connection
        .prepare_cached("SELECT round, reason, copies FROM tally_failures WHERE job = ?1 AND chunk = ?2")?;
    for row in failures.query_map(params![key, chunk], |row| failure_row(row, 0))? {
        let (failure, copies) = row?;
        tally.failures.insert(failure, copies);
    }
    let mut sandboxes = connection
        .prepare_cached("SELECT kept_max, hashes FROM tally_sandboxes WHERE job = ?1 AND chunk = ?2")?;
    let sandboxes = sandboxes.query_row(params![key, chunk], |row| sandboxes_row(row, 0)).optional()?;
    Ok(Tally { sandboxes: sandboxes.unwrap_or_default(), ..tally })
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

fn digest_row(row: &Row<'_>, column: usize) -> rusqlite::Result<(Digest, CopySet)> {
    Ok((row.get::<_, DigestColumn>(column)?.0, row.get::<_, SetColumn>(column + 1)?.0))
}

fn failure_row(row: &Row<'_>, column: usize) -> rusqlite::Result<((u32, String), CopySet)> {
    Ok(((row.get(column)?, row.get(column + 1)?), row.get::<_, SetColumn>(column + 2)?.0))
}

/// Writes the rows of a merged tally that the delta changed.
fn write_chunk(
    connection: &Connection,
    key: i64,
    chunk: u32,
    delta: &Tally,
    merged: &Tally,
) -> rusqlite::Result<()> {
    let mut digests = connection.prepare_cached(
        "INSERT OR REPLACE INTO tally_digests (job, chunk, digest, copies) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (digest, copies) in merged.digests.iter().filter(|(digest, _)| delta.digests.contains_key(digest)) {
        digests.execute(params![key, chunk, digest.as_bytes(), SetColumn(*copies)])?;
    }
    let mut failures = connection.prepare_cached(
        "INSERT OR REPLACE INTO tally_failures (job, chunk, round, reason, copies) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let changed = merged.failures.iter().filter(|(failure, _)| delta.failures.contains_key(failure));
    for ((round, reason), copies) in changed {
        failures.execute(params![key, chunk, round, reason, SetColumn(*copies)])?;
    }
    if !delta.sandboxes.is_empty() {
        let sql =
            "INSERT OR REPLACE INTO tally_sandboxes (job, chunk, kept_max, hashes) VALUES (?1, ?2, ?3, ?4)";
        let sandboxes = &merged.sandboxes;
        let row = params![key, chunk, sandboxes.kept_max(), hashes(sandboxes)];
        connection.prepare_cached(sql)?.execute(row)?;
    }
    Ok(())
}

impl MergeRollup for Store {
    async fn merge_rollup(&self, job: &JobId, delta: Rollup) -> PortResult<Rollup> {
        let key = self.key(job)?;
        let merged = self.write(move |connection| {
            let stored = read_rollup(connection, key)?;
            let mut rollup = stored.clone().unwrap_or_default();
            rollup.merge(&delta);
            if stored.as_ref() != Some(&rollup) {
                write_rollup(connection, key, &rollup)?;
            }
            Ok(rollup)
        });
        merged.await
    }
}

fn read_rollup(connection: &Connection, key: i64) -> rusqlite::Result<Option<Rollup>> {
    let sql = "SELECT witness_1, witness_2, produced, round, accounted, kept_max, hashes, copies FROM rollups
               WHERE job = ?1";
    let rollup = |row: &Row<'_>| {
        let witnesses: [Option<DigestColumn>; 2] = [row.get(0)?, row.get(1)?];
        Ok(Rollup {
            witnesses: witnesses.into_iter().flatten().map(|column| column.0).collect(),
            produced: row.get::<_, SetColumn>(2)?.0,
            round: row.get(3)?,
            accounted: row.get::<_, SetColumn>(4)?.0,
            sandboxes: sandboxes_row(row, 5)?,
            copies: row.get(7)?,
        })
    };
    connection.prepare_cached(sql)?.query_row([key], rollup).optional()
}

fn write_rollup(connection: &Connection, key: i64, rollup: &Rollup) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO rollups
               (job, witness_1, witness_2, produced, round, accounted, kept_max, hashes, copies)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let mut witnesses = rollup.witnesses.iter().map(Digest::as_bytes);
    connection.prepare_cached(sql)?.execute(params![
        key,
        witnesses.next(),
        witnesses.next(),
        SetColumn(rollup.produced),
        rollup.round,
        SetColumn(rollup.accounted),
        rollup.sandboxes.kept_max(),
        hashes(&rollup.sandboxes),
        rollup.copies
    ])?;
    Ok(())
}

impl ReadTally for Store {
    async fn read_tally(&self, job: &JobId) -> PortResult<JobTally> {
        let key = self.key(job)?;
        self.read(|connection| {
            let mut whole = JobTally::default();
            let mut digests = connection
                .prepare_cached("SELECT chunk, digest, copies FROM tally_digests WHERE job = ?1")?;
            for row in digests.query_map([key], |row| Ok((row.get(0)?, digest_row(row, 1)?)))? {
                let (chunk, (digest, copies)) = row?;
                whole.chunks.entry(chunk).or_default().digests.insert(digest, copies);
            }
            let mut failures = connection
                .prepare_cached("SELECT chunk, round, reason, copies FROM tally_failures WHERE job = ?1")?;
            for row in failures.query_map([key], |row| Ok((row.get(0)?, failure_row(row, 1)?)))? {
                let (chunk, (failure, copies)) = row?;
                whole.chunks.entry(chunk).or_default().failures.insert(failure, copies);
            }
            let mut sandboxes = connection
                .prepare_cached("SELECT chunk, kept_max, hashes FROM tally_sandboxes WHERE job = ?1")?;
            for row in sandboxes.query_map([key], |row| Ok((row.get(0)?, sandboxes_row(row, 1)?)))? {
                let (chunk, sandboxes) = row?;
                whole.chunks.entry(chunk).or_default().sandboxes = sandboxes;
            }
            Ok(whole)
        })
    }
}
