//! Tallies and rollups are sets. Each merge is a union within one transaction.

use concord_protocol::ports::{MergeRollup, MergeTally, PortResult, ReadTally};
use concord_protocol::{JobId, JobTally, Rollup, Tally};

use super::store::Store;
use super::tally_rows::{read_chunk, read_job, read_rollup, write_chunk, write_rollup};

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

impl ReadTally for Store {
    async fn read_tally(&self, job: &JobId) -> PortResult<JobTally> {
        let key = self.key(job)?;
        self.read(|connection| read_job(connection, key))
    }
}
