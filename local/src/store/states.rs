//! Replaces the state of a job in its table.

use concord_protocol::JobState;
use concord_protocol::ports::Clock;
use rusqlite::{Connection, OptionalExtension, params};

use super::check;
use super::rows::{self, JOB, signed, to_json};

/// Replaces the state of the job with this key if the stored one has the revision before. Returns whether it had.
pub(super) fn replace(
    connection: &Connection,
    clock: &dyn Clock,
    key: i64,
    state: &JobState,
) -> rusqlite::Result<bool> {
    let sql = format!("SELECT {JOB} FROM jobs WHERE id = ?1");
    let before: Option<(u64, String, u32)> = connection
        .prepare_cached(&sql)?
        .query_row([key], |row| {
            rows::check_job(row)?;
            Ok((
                rows::unsigned(row, rows::JOB_REVISION)?,
                row.get(rows::JOB_VERDICT)?,
                row.get(rows::JOB_ROUND)?,
            ))
        })
        .optional()?;
    let before = before.filter(|(revision, ..)| revision + 1 == state.revision());
    let Some((_, verdict, round)) = before else { return Ok(false) };
    if state.round() > round {
        // Work goes on with a job that was not checked when the store was opened.
        check::one_job(connection, clock, key)?;
    }
    let sql = "UPDATE jobs SET state = ?2, verdict = ?3, round = ?4, deadline_at = ?5, ended_at = ?6, revision = ?7,
               copies = ?8, enqueued = CASE WHEN ?4 > round THEN 0 ELSE enqueued END WHERE id = ?1";
    connection.prepare_cached(sql)?.execute(params![
        key,
        to_json(state)?,
        state.verdict().as_str(),
        state.round(),
        signed(state.deadline_at().unix_ms),
        state.ended_at().map(|ended| signed(ended.unix_ms)),
        signed(state.revision()),
        state.copies(),
    ])?;
    rows::seal_job(connection, key)?;
    if state.ended_at().is_some() || state.round() > round {
        // No copy of this round is wanted any more. A copy that runs now ends without a message to delete.
        connection.prepare_cached("DELETE FROM queue WHERE job = ?1")?.execute([key])?;
        connection.prepare_cached("DELETE FROM dead_letters WHERE job = ?1")?.execute([key])?;
    }
    if verdict != state.verdict().as_str()
        && let Some(decided_at) = state.decided_at()
    {
        let sql = "INSERT INTO feed (job, verdict, decided_at, revision, checksum)
                   VALUES (?1, ?2, ?3, ?4, checksum('feed', ?1, NULL, NULL, NULL, NULL, NULL, ?2, ?3, ?4))";
        let (decided_at, revision) = (signed(decided_at.unix_ms), signed(state.revision()));
        connection.prepare_cached(sql)?.execute(params![
            key,
            state.verdict().as_str(),
            decided_at,
            revision
        ])?;
    }
    Ok(true)
}
