//! Which copies on the queue a receiver asks for: the copies that need a thread of this machine, or the copies of
//! certain jobs that run remotely and are only waited for. The two do not take each other's room. Knows the keys of
//! jobs and the tables, not the store.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use concord_protocol::{Job, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{self, JOB, signed};

/// The keys of the open jobs that call a function, whichever process waits for them.
const REMOTE: &str =
    "SELECT id FROM jobs WHERE ended_at IS NULL AND json_extract(spec, '$.calculation.kind') = 'function'";

/// A part of the queue, and the job that it served last. By default the copies that need a thread of this machine.
#[derive(Debug, Default)]
pub(crate) struct QueueSelection {
    jobs: SelectedJobs,
    /// The key of the job that was served last: the job after it comes next.
    served: AtomicI64,
}

/// The jobs whose copies are selected.
#[derive(Clone, Debug, Default)]
pub(super) enum SelectedJobs {
    /// All jobs whose copies need a thread of this machine.
    #[default]
    Local,
    /// The jobs with these keys, in ascending order, whatever they calculate.
    Keys(Arc<[i64]>),
}

impl QueueSelection {
    /// The copies of the jobs with these keys.
    pub(super) fn of_keys(mut keys: Vec<i64>) -> Self {
        keys.sort_unstable();
        Self { jobs: SelectedJobs::Keys(keys.into()), served: AtomicI64::default() }
    }

    pub(super) fn jobs(&self) -> &SelectedJobs {
        &self.jobs
    }

    pub(super) fn served(&self) -> i64 {
        self.served.load(Ordering::Relaxed)
    }

    pub(super) fn set_served(&self, job: i64) {
        self.served.store(job, Ordering::Relaxed);
    }
}

impl SelectedJobs {
    /// The keys of the jobs with messages to deliver, in turn: the jobs after `served` come first.
    pub(super) fn queued(
        &self,
        connection: &Connection,
        served: i64,
        now: Timestamp,
        count_max: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        match self {
            Self::Local => queued_local(connection, served, now, count_max),
            Self::Keys(keys) => {
                let from = keys.partition_point(|key| *key <= served);
                let in_turn = keys[from..].iter().chain(&keys[..from]);
                let sql = "SELECT 1 FROM queue WHERE job = ?1 AND visible_at <= ?2 LIMIT 1";
                let mut waits = connection.prepare_cached(sql)?;
                let mut queued = Vec::new();
                for key in in_turn {
                    if queued.len() < count_max && waits.exists(params![key, signed(now.unix_ms)])? {
                        queued.push(*key);
                    }
                }
                Ok(queued)
            }
        }
    }

    /// How many messages of the jobs are on the queue.
    pub(super) fn messages(&self, connection: &Connection) -> rusqlite::Result<u64> {
        let mut count = connection.prepare_cached("SELECT count(*) FROM queue WHERE job = ?1")?;
        let mut sum = |keys: &[i64]| {
            keys.iter()
                .map(|key| count.query_row([key], |row| rows::unsigned(row, 0)))
                .sum::<rusqlite::Result<u64>>()
        };
        match self {
            Self::Keys(keys) => sum(keys),
            Self::Local => {
                let remote: Vec<_> = remote(connection)?.into_iter().collect();
                let all: u64 = connection
                    .prepare_cached("SELECT count(*) FROM queue")?
                    .query_row([], |row| rows::unsigned(row, 0))?;
                Ok(all.saturating_sub(sum(&remote)?))
            }
        }
    }

    /// Open jobs with copies that were not put on the queue yet, oldest first, each with the first such copy.
    pub(super) fn next_to_enqueue(
        &self,
        connection: &Connection,
        count_max: usize,
    ) -> rusqlite::Result<Vec<(Job, u32)>> {
        let waiting = |row: &Row<'_>| Ok((rows::job(row)?, row.get(rows::JOB_ENQUEUED)?));
        match self {
            Self::Local => {
                let sql = format!(
                    "SELECT {JOB} FROM jobs WHERE ended_at IS NULL AND enqueued < copies
                     AND id NOT IN ({REMOTE}) ORDER BY id LIMIT ?1"
                );
                let mut select = connection.prepare_cached(&sql)?;
                select.query_map([signed(count_max as u64)], waiting)?.collect()
            }
            Self::Keys(keys) => {
                let sql = format!(
                    "SELECT {JOB} FROM jobs WHERE id = ?1 AND ended_at IS NULL AND enqueued < copies"
                );
                let mut select = connection.prepare_cached(&sql)?;
                let found = keys.iter().map(|key| select.query_row([key], waiting).optional());
                found.filter_map(Result::transpose).take(count_max).collect()
            }
        }
    }
}

fn queued_local(
    connection: &Connection,
    served: i64,
    now: Timestamp,
    count_max: usize,
) -> rusqlite::Result<Vec<i64>> {
    let remote = remote(connection)?;
    let mut next =
        connection.prepare_cached("SELECT min(job) FROM queue WHERE job > ?1 AND visible_at <= ?2")?;
    let mut keys = Vec::new();
    for (start, end) in [(served, i64::MAX), (0, served)] {
        let mut after = start;
        while keys.len() < count_max
            && let Some(key) =
                next.query_row(params![after, signed(now.unix_ms)], |row| row.get::<_, Option<i64>>(0))?
            && key <= end
        {
            if !remote.contains(&key) {
                keys.push(key);
            }
            after = key;
        }
    }
    Ok(keys)
}

fn remote(connection: &Connection) -> rusqlite::Result<HashSet<i64>> {
    connection.prepare_cached(REMOTE)?.query_map([], |row| row.get(0))?.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use concord_testkit::{SUBMITTED_AT, TestClock};

    use super::*;
    use crate::store::opening::Opening;

    #[test]
    fn functions_are_found_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("s.db");
        let opening = Opening::new(Arc::new(TestClock::at(SUBMITTED_AT)));
        let connection = crate::store::open::writer(&store, &opening.patience(&store)).unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {REMOTE}");
        let plan: String = connection.query_row(&explain, [], |row| row.get(3)).unwrap();
        assert!(plan.contains("jobs_remote"), "{plan}");
    }
}
