//! Golden results: one for each calculation and payload, until it is replaced.

use std::sync::Arc;

use concord_protocol::ports::{PortResult, ReadGolden, WriteGolden};
use concord_protocol::{Golden, GoldenKey, Timestamp};
use rusqlite::{OptionalExtension, Row, params};

use super::checksum;
use super::rows::{self, DigestColumn, signed};
use super::store::Store;

impl WriteGolden for Store {
    async fn write_golden(&self, golden: Golden) -> PortResult<()> {
        let written = self.write(move |connection| {
            let sql =
                "INSERT OR REPLACE INTO goldens (calculation, payload, digest, job, accepted_at, output, checksum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, checksum('goldens', ?1, ?2, ?3, ?4, ?5, ?6))";
            connection.prepare_cached(sql)?.execute(params![
                golden.key.calculation,
                golden.key.payload_digest.as_bytes(),
                golden.digest.as_bytes(),
                golden.job.as_str(),
                signed(golden.accepted_at.unix_ms),
                golden.output.as_deref(),
            ])
        });
        written.await.map(|_| ())
    }
}

impl ReadGolden for Store {
    async fn read_golden(&self, key: &GoldenKey) -> PortResult<Option<Golden>> {
        let sql = "SELECT calculation, payload, digest, job, accepted_at, output, checksum FROM goldens
             WHERE calculation = ?1 AND payload = ?2";
        self.read(|connection| {
            let mut select = connection.prepare_cached(sql)?;
            let parameters = params![key.calculation, key.payload_digest.as_bytes()];
            select.query_row(parameters, |row| golden(key, row)).optional()
        })
    }
}

fn golden(key: &GoldenKey, row: &Row<'_>) -> rusqlite::Result<Golden> {
    checksum::check(row, "goldens", 6, None)?;
    let DigestColumn(digest) = row.get(2)?;
    let output: Option<Vec<u8>> = row.get(5)?;
    Ok(Golden {
        key: key.clone(),
        digest,
        job: rows::id(row, 3)?,
        accepted_at: Timestamp::from_unix_ms(rows::unsigned(row, 4)?),
        output: output.map(Arc::from),
    })
}
