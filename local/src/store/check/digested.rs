use concord_protocol::Digest;
use rusqlite::Row;

use crate::store::damage::DamagedRow;
use crate::store::rows::DigestColumn;

/// Checks the bytes in the column after `digest` against it.
pub(super) fn digested(
    row: &Row<'_>,
    digest: usize,
    table: &'static str,
    job: Option<i64>,
) -> rusqlite::Result<()> {
    let expected = row.get::<_, DigestColumn>(digest)?.0;
    let bytes = row.get_ref(digest + 1)?.as_blob()?;
    if Digest::of(bytes) == expected {
        return Ok(());
    }
    Err(DamagedRow::of(table, job, "a row does not fit its digest"))
}
