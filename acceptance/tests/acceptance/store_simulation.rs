//! Fleets from a seed on the production local store: several processes have one file open, take copies from its queue and
//! fold its feed. They are killed between two durable steps, stopped while they hold claims, and wait for a lock that
//! another process holds. Somebody sets their clocks.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use concord_acceptance::conformance::{FedChange, Transport};
use concord_acceptance::simulation::{
    CallPoint, Count, SimulatedStore, SimulationReport, SimulationSettings, simulate_each, simulate_on,
};
use concord_local::{Opening, Store};
use concord_protocol::ports::{Clock, Delivery, ListJobs, PortResult, ReceiveDeadLetters};
use concord_protocol::{Job, JobId, ListFilter, Timestamp, Verdict};
use concord_testkit::TestClock;
use futures::executor::block_on;
use futures::task::noop_waker_ref;
use rusqlite::{Connection, Row, ToSql};
use tempfile::TempDir;

/// The seeds that are simulated, as `FIRST..END`. `make soak` sets it.
const SEEDS: &str = "CONCORD_STORE_SEEDS";

/// The number of fleets that are simulated otherwise.
const SEEDS_COUNT: u64 = 300;

/// A simulation has fewer jobs.
const JOBS_MAX: usize = 100;

/// The store, as one process has it open.
#[derive(Clone)]
struct StoreProcess {
    store: Store,
    name: String,
    file: Arc<StoreFile>,
}

/// The file of a store, which ends with the simulation.
struct StoreFile {
    path: PathBuf,
    /// A connection that is none of a store. It looks into the tables, and holds the lock.
    beside: Mutex<Connection>,
    _folder: TempDir,
}

/// A folder in memory, if the system has one: a simulated store need not outlive the machine.
fn folder() -> TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory.or_else(|_| tempfile::tempdir()).expect("a temporary folder can be made")
}

fn open(path: &Path, name: &str, wall: &TestClock) -> Store {
    let store = Store::open(path, Opening::new(Arc::new(wall.clone()))).expect("the store opens");
    block_on(store.own(name.to_owned())).expect("every process has another name");
    store
}

/// The file that a process with this name holds locked.
fn lock_path(store: &Path, name: &str) -> PathBuf {
    let mut path = store.to_owned().into_os_string();
    path.push(format!("-owner-{name}"));
    path.into()
}

impl StoreProcess {
    fn fresh(wall: &TestClock) -> Self {
        let (folder, name) = (folder(), "fleet");
        let path = folder.path().join("store.db");
        let store = open(&path, name, wall);
        let beside = Connection::open(&path).expect("the store is a database");
        let file = StoreFile { path, beside: Mutex::new(beside), _folder: folder };
        Self { store, name: name.to_owned(), file: Arc::new(file) }
    }

    /// The rows that a question gives, looked at from beside the store.
    fn rows<T>(&self, sql: &str, of: impl ToSql, row: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
        let beside = self.file.beside.lock().unwrap_or_else(PoisonError::into_inner);
        let mut select = beside.prepare_cached(sql).expect("the store has these columns");
        let rows = select.query_map([of], row).expect("the store can be read");
        rows.collect::<Result<_, _>>().expect("the rows have these types")
    }
}

impl Transport for StoreProcess {
    async fn read_changes(&self, count_max: usize) -> PortResult<Vec<FedChange>> {
        let changes = self.store.read_changes(count_max)?;
        Ok(changes.into_iter().map(|(sequence, change)| FedChange { sequence, change }).collect())
    }

    async fn acknowledge_changes(&self, sequences: Vec<u64>) -> PortResult<()> {
        self.store.acknowledge_changes(sequences).await
    }

    async fn delete_dead_letter(&self, delivery: &Delivery) -> PortResult<()> {
        self.store.delete_dead_letter(delivery).await
    }
}

impl SimulatedStore for StoreProcess {
    type Ports = Store;

    const FOLLOWS_WALL: bool = false;

    const HAS_LOCK: bool = true;

    fn ports(&self) -> &Store {
        &self.store
    }

    fn opened(&self, name: &str, wall: &TestClock) -> Self {
        let store = open(&self.file.path, name, wall);
        Self { store, name: name.to_owned(), file: Arc::clone(&self.file) }
    }

    fn clock(&self, _: &TestClock) -> Arc<dyn Clock> {
        Arc::clone(self.store.clock())
    }

    fn killed(self) {
        let Self { store, name, file } = self;
        drop(store);
        // The store has removed the file of its lock. A process that is killed leaves it, and the kernel takes its lock.
        fs::write(lock_path(&file.path, &name), "").expect("the folder can be written");
    }

    async fn release_abandoned(&self) -> PortResult<()> {
        self.store.release_abandoned().await
    }

    fn jobs(&self) -> Vec<Job> {
        let listed = block_on(self.store.list_jobs(ListFilter { verdict: None, count_max: JOBS_MAX }));
        let mut jobs = listed.expect("the store can be read");
        jobs.sort_by(|one, other| one.spec.job.as_str().cmp(other.spec.job.as_str()));
        jobs
    }

    fn next_visible_at(&self) -> Option<Timestamp> {
        let sql = "SELECT visible_at FROM queue WHERE ?1 ORDER BY visible_at LIMIT 1";
        let first = self.rows(sql, true, |row| row.get::<_, i64>(0));
        first.first().map(|unix_ms| Timestamp::from_unix_ms(unix_ms.unsigned_abs()))
    }

    fn queued(&self, job: &JobId) -> usize {
        let sql = "SELECT copy FROM queue JOIN jobs ON queue.job = jobs.id WHERE jobs.job = ?1
                   UNION ALL SELECT copy FROM dead_letters JOIN jobs ON dead_letters.job = jobs.id WHERE jobs.job = ?1";
        self.rows(sql, job.as_str(), |row| row.get::<_, u32>(0)).len()
    }

    fn has_dead_letters(&self) -> bool {
        !block_on(self.store.receive_dead_letters(1)).expect("the store can be read").is_empty()
    }

    fn has_changes(&self) -> bool {
        !self.store.read_changes(1).expect("the store can be read").is_empty()
    }

    fn announced(&self, job: &JobId) -> BTreeMap<u64, Verdict> {
        let sql = "SELECT announcements.revision, announcements.verdict FROM announcements JOIN jobs ON announcements.job = jobs.id WHERE jobs.job = ?1";
        let announced = self.rows(sql, job.as_str(), |row| {
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get::<_, String>(1)?))
        });
        let verdict = |text: String| text.parse().expect("a verdict");
        announced.into_iter().map(|(revision, text)| (revision, verdict(text))).collect()
    }

    /// A message that is missing is a damage.
    fn loses_messages(&self) -> bool {
        false
    }

    /// The rows are whole and fit together after each step, and no owner is left that has ended.
    fn damage(&self, is_at_rest: bool) -> Option<String> {
        let check = self.store.check(|_, _| ());
        let damage = check.damages.first().map(|damage| format!("the store is damaged: {damage}"));
        let left = || {
            let owners = self.rows("SELECT name FROM owners WHERE ?1", true, |row| row.get::<_, String>(0));
            let has_lock =
                |name: &String| fs::read(lock_path(&self.file.path, name)).is_ok_and(|zero| !zero.is_empty());
            let ended = owners.into_iter().find(|name| !has_lock(name));
            ended.map(|name| format!("the claims of {name} were not put back, which has ended"))
        };
        damage.or_else(|| if is_at_rest { left() } else { None })
    }

    /// The step begins while the lock is held. A write must wait for the lock, and a read need not.
    fn run<T>(&self, step: impl Future<Output = T>, is_locked: bool) -> T {
        let mut step = pin!(step);
        if is_locked {
            let beside = self.file.beside.lock().unwrap_or_else(PoisonError::into_inner);
            beside.execute_batch("BEGIN IMMEDIATE").expect("nobody else holds the lock");
            let begun = step.as_mut().poll(&mut Context::from_waker(noop_waker_ref()));
            beside.execute_batch("ROLLBACK").expect("the lock was held");
            if let Poll::Ready(done) = begun {
                return done;
            }
        }
        block_on(step)
    }
}

fn simulate(seed: u64, traced: bool) -> SimulationReport {
    let settings = SimulationSettings { traced, ..SimulationSettings::default() };
    simulate_on(seed, settings, StoreProcess::fresh)
}

#[expect(clippy::disallowed_methods, reason = "a test has no main that could read the environment")]
fn seeds() -> Range<u64> {
    let Ok(asked) = std::env::var(SEEDS) else { return 0..SEEDS_COUNT };
    let (first, end) = asked.split_once("..").expect("seeds are given as FIRST..END");
    first.parse().expect("the first seed")..end.parse().expect("the end of the seeds")
}

/// How often each event has to happen at least, over 300 seeds.
const COUNTS_MIN: &[(Count, u64)] = &[
    (Count::Kill, 50),
    (Count::Stopped, 50),
    (Count::ClockForwards, 50),
    (Count::ClockBack, 50),
    (Count::Locked, 50),
    (Count::CopyRerun, 50),
    (Count::SecondOutcome, 50),
    (Count::GivenUp, 50),
    (Count::DeadlineMet, 10),
    (Count::ReplayedAfterADay, 300),
];

/// The calls of a worker before and after which it is killed in 300 seeds.
const KILLED_AROUND: [&str; 6] =
    ["receive_copies", "read_job", "read_payload", "write_output", "record_outcome", "delete_message"];

#[test]
fn no_seed_breaks_a_promise_on_the_local_store() {
    let seeds = seeds();
    let report = simulate_each(seeds.clone(), |seed| simulate(seed, false), |_| true);
    let trace = |one: &SimulationReport| simulate(one.seed, true).trace.join("\n");
    let first = report.broken.first().map(trace).unwrap_or_default();
    let broken: Vec<_> = report.broken.iter().map(|one| (one.seed, one.violation.clone())).collect();
    assert!(broken.is_empty(), "{first}\nthe events of the first of these are above: {broken:?}");
    if seeds.end - seeds.start < SEEDS_COUNT {
        return;
    }
    let around = KILLED_AROUND.iter().flat_map(|name| [CallPoint::Before(name), CallPoint::After(name)]);
    let killed = around.map(|point| (Count::Killed(point), 1));
    for (count, least) in COUNTS_MIN.iter().copied().chain(killed) {
        assert!(report.counts.of(count) >= least, "{count:?}: {}", report.counts.of(count));
    }
}

#[test]
fn a_seed_replays_the_same_fleet_on_the_local_store() {
    for seed in 0..10 {
        let report = simulate(seed, true);
        assert!(report.trace.len() > 10, "seed {seed} is traced");
        assert_eq!(report, simulate(seed, true));
    }
}
