//! The rows of one job, and whether they fit together.

use std::collections::{BTreeMap, HashMap};

use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::{
    Change, ChunkOutcomes, CopySet, Job, JobId, JobTally, chunk_of, chunks, copies_in_chunk,
};
use rusqlite::Row;

use super::digested::digested;
use super::running::RunningCheck;
use crate::store::message::{MESSAGE, check_message};
use crate::store::rows::{self, JOB};
use crate::store::{changes, checksum, outcome_rows, tally_rows};

impl RunningCheck<'_> {
    /// Checks the outputs of a job.
    pub(super) fn outputs(&mut self, key: i64) -> rusqlite::Result<()> {
        let sql = "SELECT digest, bytes FROM outputs WHERE job = ?1";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query([key])?;
        while let Some(row) = rows.next()? {
            self.count("outputs");
            self.noting(Some(key), "outputs", |_| digested(row, 0, "outputs", Some(key)));
        }
        Ok(())
    }

    /// Checks the rows of a job, and whether they fit together. `outputs` are not among them.
    pub(super) fn job(&mut self, key: i64) -> rusqlite::Result<()> {
        self.count("jobs");
        let sql = format!("SELECT {JOB} FROM jobs WHERE id = ?1");
        let mut select = self.connection.prepare_cached(&sql)?;
        let read = |row: &Row<'_>| Ok((rows::job(row)?, row.get(rows::JOB_ENQUEUED)?));
        let (job, enqueued) = select.query_row([key], read)?;
        let unfolded = self.unfolded(key, &job.spec.job)?;
        let tallies = tally_rows::read_job(self.connection, key)?;
        let rollup = tally_rows::read_rollup(self.connection, key)?;
        for (table, count) in [
            ("tally_digests", tallies.chunks.values().map(|tally| tally.digests.len()).sum::<usize>()),
            ("tally_failures", tallies.chunks.values().map(|tally| tally.failures.len()).sum()),
            ("rollups", usize::from(rollup.is_some())),
        ] {
            *self.found.rows.entry(table).or_default() += count as u64;
        }
        let accounted = self.outcomes(key, &job, &unfolded, &tallies)?;
        let contradiction = rollup.unwrap_or_default().contradiction(&tallies, unfolded.is_empty());
        if let Some(contradiction) = contradiction {
            self.add(Some(key), Some("rollups"), contradiction.to_string());
        }
        self.messages(key, &job, enqueued, &accounted)
    }

    /// The outcomes of a job that are still in the feed, by chunk.
    fn unfolded(&mut self, key: i64, job: &JobId) -> rusqlite::Result<HashMap<u32, Vec<Change>>> {
        let sql = format!("SELECT {} FROM feed WHERE job = ?1", changes::CHANGE);
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut rows = select.query([key])?;
        let mut unfolded = HashMap::<_, Vec<_>>::new();
        while let Some(row) = rows.next()? {
            self.count("feed");
            let change = changes::change(row, job.clone())?;
            if let Change::Produced { copy, .. } | Change::Failed { copy, .. } = &change {
                unfolded.entry(chunk_of(copy.index)).or_default().push(change);
            }
        }
        Ok(unfolded)
    }

    /// Checks the outcomes of a job against its tallies. Gives the copies that need no message: in each chunk those with a
    /// digest, or with a failure of this round.
    fn outcomes(
        &mut self,
        key: i64,
        job: &Job,
        unfolded: &HashMap<u32, Vec<Change>>,
        tallies: &JobTally,
    ) -> rusqlite::Result<BTreeMap<u32, CopySet>> {
        let mut accounted = BTreeMap::<u32, CopySet>::new();
        let with_tally = tallies.chunks.keys().chain(unfolded.keys()).max().map_or(0, |last| last + 1);
        for chunk in 0..chunks(job.spec.copies_most()).max(with_tally) {
            let mut seen = ChunkOutcomes::new(chunk, job.spec.policy.sandboxes_min);
            let copies = chunk * CHUNK_COPIES..(chunk + 1) * CHUNK_COPIES;
            for outcome in outcome_rows::read(self.connection, &job.spec.job, key, copies)? {
                self.count("outcomes");
                if outcome.result.is_ok() || outcome.round >= job.state.round() {
                    accounted.entry(chunk).or_default().insert(outcome.copy.index % CHUNK_COPIES);
                }
                seen.add(&outcome);
            }
            for change in unfolded.get(&chunk).into_iter().flatten() {
                seen.add_unfolded(change);
            }
            let stored = tallies.chunks.get(&chunk).cloned().unwrap_or_default();
            for contradiction in seen.contradictions(&stored) {
                self.add(Some(key), Some("outcomes"), contradiction.to_string());
            }
        }
        Ok(accounted)
    }

    /// Checks the messages of a job, and that every copy that was put on the queue is still there or accounted for. When
    /// the deadline has passed, messages are deleted that nobody answered.
    fn messages(
        &mut self,
        key: i64,
        job: &Job,
        enqueued: u32,
        accounted: &BTreeMap<u32, CopySet>,
    ) -> rusqlite::Result<()> {
        let mut known = accounted.clone();
        let mut note = |copy: u32| known.entry(chunk_of(copy)).or_default().insert(copy % CHUNK_COPIES);
        let sql = format!("SELECT {MESSAGE} FROM queue WHERE job = ?1");
        let mut select = self.connection.prepare_cached(&sql)?;
        let mut rows = select.query([key])?;
        while let Some(row) = rows.next()? {
            self.count("queue");
            check_message(row)?;
            note(row.get(1)?);
        }
        let sql = "SELECT job, copy, round, receive_count, checksum FROM dead_letters WHERE job = ?1";
        let mut select = self.connection.prepare_cached(sql)?;
        let mut rows = select.query([key])?;
        while let Some(row) = rows.next()? {
            self.count("dead_letters");
            checksum::check(row, "dead_letters", 4, Some(0))?;
            note(row.get(1)?);
        }
        if job.state.ended_at().is_some() || self.clock.now() >= job.state.deadline_at() {
            return Ok(());
        }
        for chunk in 0..chunks(enqueued) {
            let wanted = CopySet::first(copies_in_chunk(enqueued, chunk));
            let lost = wanted.minus(known.get(&chunk).copied().unwrap_or_default());
            if let Some(place) = lost.lowest() {
                let copy = chunk * CHUNK_COPIES + place;
                self.add(Some(key), Some("queue"), format!("the message of copy {copy} is missing"));
            }
        }
        Ok(())
    }
}
