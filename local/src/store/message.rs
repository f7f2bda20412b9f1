//! A row of the queue as it is read.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::checksum;

/// The columns of `queue` that [`check_message`] reads.
pub(super) const MESSAGE: &str =
    "job, copy, round, visible_at, receive_count, interruptions, owner, checksum";

/// Checks a row with the columns [`MESSAGE`] against its checksum.
pub(super) fn check_message(row: &Row<'_>) -> rusqlite::Result<()> {
    checksum::check(row, "queue", 7, Some(0))
}

/// Checks the message of a copy, if there is one. A statement that changes a message writes its checksum anew, and would
/// hide a damage.
pub(super) fn check_message_of(connection: &Connection, job: i64, copy: u32) -> rusqlite::Result<()> {
    let sql = format!("SELECT {MESSAGE} FROM queue WHERE job = ?1 AND copy = ?2");
    let mut select = connection.prepare_cached(&sql)?;
    select.query_row(params![job, copy], check_message).optional().map(|_| ())
}
