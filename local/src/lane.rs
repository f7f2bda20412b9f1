//! Which copies on the queue are meant: those that need a thread of this machine, or those of certain jobs whose
//! calculation runs elsewhere and is only waited for here. The two do not take each other's room.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use concord_protocol::ports::PortResult;
use concord_protocol::{Job, JobId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::rows::{self, signed};
use crate::store::Store;

/// The keys of the open jobs whose calculation runs elsewhere, of whichever process.
const ELSEWHERE: &str =
    "SELECT id FROM jobs WHERE ended_at IS NULL AND json_extract(spec, '$.calculation.kind') = 'function'";

/// A part of the queue, and whose turn it is in it.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    pub(crate) jobs: Jobs,
    /// The job that was served last: the next one goes first.
    served: AtomicI64,
}

/// The jobs of a lane.
#[derive(Clone, Debug, Default)]
pub(crate) enum Jobs {
    /// All whose copies need a thread here.
    #[default]
    Here,
    /// Those with these keys, in order, whatever they calculate.
    Named(Arc<[i64]>),
}

impl Lane {
    pub(crate) fn named(store: &Store, jobs: &[JobId]) -> PortResult<Self> {
        let mut keys: Vec<_> = jobs.iter().map(|job| store.key(job)).collect::<Result<_, _>>()?;
        keys.sort_unstable();
        Ok(Self { jobs: Jobs::Named(keys.into()), served: AtomicI64::default() })
    }

    pub(crate) fn served(&self) -> i64 {
        self.served.load(Ordering::Relaxed)
    }

    pub(crate) fn serve(&self, job: i64) {
        self.served.store(job, Ordering::Relaxed);
    }
}

impl Jobs {
    /// Those that have messages to deliver, those after the one served last first.
    pub(crate) fn queued(
        &self,
        connection: &Connection,
        served: i64,
        now: Timestamp,
        count_max: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        match self {
            Self::Here => queued_here(connection, served, now, count_max),
            Self::Named(keys) => {
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

    /// How many messages of them are on the queue.
    fn messages(&self, connection: &Connection) -> rusqlite::Result<u64> {
        let mut count = connection.prepare_cached("SELECT count(*) FROM queue WHERE job = ?1")?;
        let mut sum = |keys: &[i64]| {
            keys.iter()
                .map(|key| count.query_row([key], |row| rows::unsigned(row, 0)))
                .sum::<rusqlite::Result<u64>>()
        };
        match self {
            Self::Named(keys) => sum(keys),
            Self::Here => {
                let elsewhere: Vec<_> = elsewhere(connection)?.into_iter().collect();
                let all: u64 = connection
                    .prepare_cached("SELECT count(*) FROM queue")?
                    .query_row([], |row| rows::unsigned(row, 0))?;
                Ok(all.saturating_sub(sum(&elsewhere)?))
            }
        }
    }
}

fn queued_here(
    connection: &Connection,
    served: i64,
    now: Timestamp,
    count_max: usize,
) -> rusqlite::Result<Vec<i64>> {
    let elsewhere = elsewhere(connection)?;
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
            if !elsewhere.contains(&key) {
                keys.push(key);
            }
            after = key;
        }
    }
    Ok(keys)
}

fn elsewhere(connection: &Connection) -> rusqlite::Result<HashSet<i64>> {
    connection.prepare_cached(ELSEWHERE)?.query_map([], |row| row.get(0))?.collect()
}

impl Store {
    /// How many messages of a lane are on the queue.
    pub(crate) fn queued(&self, lane: &Lane) -> PortResult<u64> {
        self.read(|connection| lane.jobs.messages(connection))
    }

    /// Open jobs of a lane with copies that were not put on the queue yet, oldest first: each job, and from which copy
    /// on.
    pub(crate) fn next_to_enqueue(&self, lane: &Lane, count_max: usize) -> PortResult<Vec<(Job, u32)>> {
        let waiting = |row: &rusqlite::Row<'_>| Ok((rows::job(row)?, row.get(2)?));
        self.read(|connection| match &lane.jobs {
            Jobs::Here => {
                let sql = format!(
                    "SELECT spec, state, enqueued FROM jobs WHERE ended_at IS NULL AND enqueued < copies
                     AND id NOT IN ({ELSEWHERE}) ORDER BY id LIMIT ?1"
                );
                let mut select = connection.prepare_cached(&sql)?;
                select.query_map([signed(count_max as u64)], waiting)?.collect()
            }
            Jobs::Named(keys) => {
                let sql = "SELECT spec, state, enqueued FROM jobs
                           WHERE id = ?1 AND ended_at IS NULL AND enqueued < copies";
                let mut select = connection.prepare_cached(sql)?;
                let found = keys.iter().map(|key| select.query_row([key], waiting).optional());
                found.filter_map(Result::transpose).take(count_max).collect()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use concord_protocol::ports::{Clock, CreateJobs, EnqueueCopies, NewJob, ReceiveCopies};
    use concord_protocol::{Calculation, Digest, JobSpec, Policy};
    use futures::executor::block_on;

    use super::*;
    use concord_clock::SystemClock;

    fn new_job(name: &str, calculation: Calculation) -> NewJob {
        let policy = Policy::bounds(1, 60_000, 60_000);
        let spec = JobSpec {
            job: name.parse().unwrap(),
            submission: name.parse().unwrap(),
            submitted_at: SystemClock::start().now(),
            payload_digest: Digest::of(b"{}"),
            payload_bytes: 2,
            copies: 10,
            calculation,
            policy,
        };
        NewJob { spec, payload: b"{}"[..].into() }
    }

    fn function(name: &str) -> NewJob {
        let calculation =
            Calculation::Function { name: name.to_owned(), qualifier: None, region: "r".to_owned() };
        assert!(calculation.runs_elsewhere());
        new_job(name, calculation)
    }

    /// The copies of functions that nobody here waits for take no room from anybody, and nobody here takes them.
    #[test]
    fn lanes_are_apart() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("s.db"), Arc::new(SystemClock::start())).unwrap();
        let probe = new_job("probe", Calculation::Probe { name: "echo".to_owned() });
        block_on(store.create_jobs(vec![function("mine"), function("theirs"), probe])).unwrap();
        block_on(store.own("local-test".to_owned())).unwrap();
        let ids = ["mine", "theirs", "probe"].map(|id| id.parse::<JobId>().unwrap());
        let (here, mine) = (Lane::default(), Lane::named(&store, &ids[..1]).unwrap());
        let to_enqueue = |lane| {
            let found = store.next_to_enqueue(lane, 10).unwrap();
            found.into_iter().map(|(job, _)| job.spec.job.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            (to_enqueue(&here), to_enqueue(&mine)),
            (vec!["probe".to_owned()], vec!["mine".to_owned()])
        );
        for id in &ids {
            block_on(store.enqueue_copies(id, 0, 0..10)).unwrap();
        }
        assert_eq!((store.queued(&here).unwrap(), store.queued(&mine).unwrap()), (10, 10));
        let received = block_on(store.receive_copies(100)).unwrap();
        assert!(received.len() == 10 && received.iter().all(|delivery| delivery.copy.job == ids[2]));
        let received = block_on(store.receive_from(&mine, 7)).unwrap();
        assert!(received.len() == 7 && received.iter().all(|delivery| delivery.copy.job == ids[0]));
        assert_eq!(block_on(store.receive_from(&mine, 7)).unwrap().len(), 3);
    }

    #[test]
    fn functions_are_found_without_a_look_at_every_job() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("s.db"), Arc::new(SystemClock::start())).unwrap();
        let plan: String = store
            .read(|connection| {
                connection.query_row(&format!("EXPLAIN QUERY PLAN {ELSEWHERE}"), [], |row| row.get(3))
            })
            .unwrap();
        assert!(plan.contains("jobs_elsewhere"), "{plan}");
    }
}
