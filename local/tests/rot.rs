//! Bit rot must not forge a verdict. A store that was interrupted in the middle of its work loses one bit, anywhere in the
//! file or in its log. Then its jobs are finished. Each gets its true verdict, or an error says that the store is damaged.
//!
//! `CONCORD_FLIPS=0..10000` chooses the flips; each number is the seed of one.

#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as expected")]

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use concord_aggregator::{Aggregator, GIVEN_UP};
use concord_local::{OpenError, Opening, Store, catch_up};
use concord_protocol::ports::{
    Clock, CreateJobs, DeleteMessage, Delivery, EnqueueCopies, NewJob, PortError, PortResult, ReadJob,
    ReceiveCopies, ReceiveDeadLetters, RecordOutcome, WriteOutput,
};
use concord_protocol::{Digest, JobId, JobSpec, Outcome, Policy, Verdict};
use concord_testkit::{COPY_TIMEOUT_MS, Gave, PAYLOAD, SUBMITTED_AT, TestClock, id, outcome, spec};
use futures::executor::block_on;
use futures::future::try_join_all;
use tempfile::TempDir;

/// The flips that are made if nobody asks for others.
const SAMPLE: Range<u64> = 0..200;

/// The names of the jobs, and their true verdicts.
const JOBS: [(&str, Verdict); 6] = [
    ("same", Verdict::Reproducible),
    ("differ", Verdict::Divergent),
    ("split", Verdict::Divergent),
    ("fails", Verdict::Inconclusive),
    ("seen", Verdict::Reproducible),
    ("old", Verdict::Reproducible),
];

const COPIES: u32 = 40;

/// What a copy gives, whenever it runs.
fn gives(job: &JobId, copy: u32) -> Gave<'static> {
    match (job.as_str(), copy) {
        ("differ", 30) => Ok("b"),
        ("split", copy) if copy % 2 == 1 => Ok("b"),
        ("fails", 5 | 31) => Err("exit code 1"),
        _ => Ok("a"),
    }
}

fn job(name: &str) -> NewJob {
    let sandboxes_min = if name == "seen" { 2 } else { 0 };
    let policy = Policy { sandboxes_min, ..spec(name, COPIES).policy };
    NewJob { spec: JobSpec { policy, ..spec(name, COPIES) }, payload: PAYLOAD.into() }
}

/// The files of a store: the database, and its log.
struct Image {
    database: Vec<u8>,
    log: Vec<u8>,
    lock: String,
}

impl Image {
    /// The store of a process that was killed in the middle of its work. A part of it is in the log.
    fn interrupted(folder: &Path) -> Self {
        let path = folder.join("original.db");
        let clock = TestClock::at(SUBMITTED_AT);
        let store = Store::open(&path, Opening::new(Arc::new(clock.clone()))).unwrap();
        block_on(async {
            store.own("killed".to_owned()).await.unwrap();
            submit(&store, &["old"]).await;
            work(&store, usize::MAX).await.unwrap();
            catch_up(&store).await.unwrap();
            submit(&store, &["same", "differ", "split", "fails", "seen"]).await;
            work(&store, 60).await.unwrap();
            catch_up(&store).await.unwrap();
            let other = rusqlite::Connection::open(&path).unwrap();
            let checkpoint = |mode: &str| {
                other.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())).unwrap();
            };
            checkpoint("TRUNCATE");
            // Folded after the checkpoint.
            work(&store, 20).await.unwrap();
            catch_up(&store).await.unwrap();
            // As long as somebody reads, what was copied from the log stays in the log.
            other.execute_batch("BEGIN; SELECT count(*) FROM jobs").unwrap();
            let copier = rusqlite::Connection::open(&path).unwrap();
            copier.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
            // Not folded, and claimed without an outcome.
            work(&store, 25).await.unwrap();
            store.receive_copies(10).await.unwrap();
            let lock = "-owner-killed".to_owned();
            let log = std::fs::read(folder.join("original.db-wal")).unwrap();
            Self { database: std::fs::read(&path).unwrap(), log, lock }
        })
    }

    fn bits(&self) -> u64 {
        (self.database.len() + self.log.len()) as u64 * 8
    }

    /// Writes the files with one bit flipped.
    fn write(&self, path: &Path, flipped: Option<u64>) {
        let mut files = [self.database.clone(), self.log.clone()];
        if let Some(bit) = flipped {
            let byte = usize::try_from(bit / 8).unwrap();
            let (file, byte) = match byte.checked_sub(self.database.len()) {
                None => (0, byte),
                Some(byte) => (1, byte),
            };
            files[file][byte] ^= 1 << (bit % 8);
        }
        let beside = |ending: &str| format!("{}{ending}", path.display());
        for file in ["-wal", "-shm", "-owner-next", "-owner-killed"] {
            let _ = std::fs::remove_file(beside(file));
        }
        std::fs::write(path, &files[0]).unwrap();
        std::fs::write(beside("-wal"), &files[1]).unwrap();
        // The lock of a process that was killed is free.
        std::fs::write(beside(&self.lock), "").unwrap();
    }
}

async fn submit(store: &Store, names: &[&str]) {
    let taken = store.create_jobs(names.iter().map(|name| job(name)).collect()).await.unwrap();
    assert_eq!(taken, None);
    for name in names {
        store.enqueue_copies(&id(name), 0, 0..COPIES).await.unwrap();
    }
}

/// Runs at most `count_max` copies, and gives how many.
async fn work(store: &Store, count_max: usize) -> PortResult<usize> {
    let deliveries = store.receive_copies(count_max.min(1_000)).await?;
    try_join_all(deliveries.iter().map(|delivery| run(store, delivery))).await?;
    Ok(deliveries.len())
}

async fn run(store: &Store, delivery: &Delivery) -> PortResult<()> {
    let copy = &delivery.copy;
    let gave = gives(&copy.job, copy.index);
    if let Ok(output) = gave {
        store.write_output(&copy.job, Digest::of(output.as_bytes()), output.as_bytes().into()).await?;
    }
    let ran =
        Outcome { attempt: delivery.receive_count, ..outcome(&copy.job, copy.index, delivery.round, gave) };
    store.record_outcome(ran).await?;
    store.delete_message(delivery).await
}

/// Why a store could not be used.
#[derive(Debug)]
enum Refused {
    /// The error says that the store is damaged.
    Damaged,
    /// The file does not look like a store of this version any more.
    NoStore,
    /// Any other error.
    Other(String),
}

impl From<PortError> for Refused {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Damaged(_) => Self::Damaged,
            error => Self::Other(format!("{error:?}")),
        }
    }
}

impl From<OpenError> for Refused {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Damaged { .. } => Self::Damaged,
            OpenError::NotADatabase { .. }
            | OpenError::Foreign { .. }
            | OpenError::Newer { .. }
            | OpenError::Older { .. } => Self::NoStore,
            error => Self::Other(format!("{error:?}")),
        }
    }
}

/// Goes on where the killed process was, until all jobs have ended. Time passes only when nothing else is left to do.
async fn finish(store: &Store, clock: &TestClock) -> Result<(), Refused> {
    catch_up(store).await?;
    store.own("next".to_owned()).await?;
    store.release_abandoned().await?;
    let aggregator = Aggregator::new(store.clone(), store.clone(), Arc::new(clock.clone()) as Arc<dyn Clock>);
    let mut waits = [COPY_TIMEOUT_MS + 120_000, 3_600_000].into_iter();
    loop {
        let ran = work(store, 1_000).await?;
        let dead = store.receive_dead_letters(1_000).await?;
        for letter in &dead {
            aggregator.give_up(letter, GIVEN_UP).await?;
            store.delete_dead_letter(letter).await?;
        }
        catch_up(store).await?;
        if ran + dead.len() > 0 {
            continue;
        }
        let Some(wait) = waits.next() else { return Ok(()) };
        clock.advance_ms(wait);
    }
}

/// The verdicts that can be read.
fn verdicts(store: &Store) -> BTreeMap<&'static str, Result<Verdict, PortError>> {
    let read = |name| block_on(store.read_job(&id(name)));
    let verdict = |name| read(name).map(|job| job.map_or(Verdict::Running, |job| job.state.verdict()));
    JOBS.iter().map(|(name, _)| (*name, verdict(name))).collect()
}

/// How the jobs of a store ended; an error if a verdict is false.
fn ends(path: &Path) -> Result<&'static str, String> {
    let clock = TestClock::at(SUBMITTED_AT);
    let store = match Store::open(path, Opening::new(Arc::new(clock.clone()))).map_err(Refused::from) {
        Ok(store) => store,
        Err(Refused::Damaged) => return Ok("damaged, seen at once"),
        Err(Refused::NoStore) => return Ok("no store of this version"),
        Err(Refused::Other(error)) => return Err(error),
    };
    let finished = block_on(finish(&store, &clock));
    for (name, truth) in JOBS {
        match &verdicts(&store)[name] {
            Ok(verdict) if *verdict == truth || (finished.is_err() && *verdict == Verdict::Running) => {}
            Err(PortError::Damaged(_)) => {}
            other => return Err(format!("job {name} is {other:?} after {finished:?}")),
        }
    }
    match finished {
        Ok(()) => Ok("true verdicts"),
        Err(Refused::Damaged | Refused::NoStore) => Ok("damaged, seen later"),
        Err(Refused::Other(error)) => Err(error),
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no main that could read the environment")]
fn flips() -> Range<u64> {
    let Ok(asked) = std::env::var("CONCORD_FLIPS") else { return SAMPLE };
    let (from, to) = asked.split_once("..").unwrap();
    from.parse().unwrap()..to.parse().unwrap()
}

/// A folder in memory if there is one: each flip writes a store and flushes it.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

#[test]
fn no_flipped_bit_forges_a_verdict() {
    let folder = folder();
    let image = Image::interrupted(folder.path());
    let path = folder.path().join("flipped.db");
    image.write(&path, None);
    assert_eq!(ends(&path), Ok("true verdicts"), "without a flip");
    let mut counts = BTreeMap::<&str, u64>::new();
    let mut false_ones = Vec::new();
    for seed in flips() {
        let bit = fastrand::Rng::with_seed(seed).u64(..image.bits());
        image.write(&path, Some(bit));
        match catch_unwind(AssertUnwindSafe(|| ends(&path))) {
            Ok(Ok(end)) => *counts.entry(end).or_default() += 1,
            Ok(Err(wrong)) => false_ones.push(format!("flip {seed}, bit {bit}: {wrong}")),
            Err(_) => false_ones.push(format!("flip {seed}, bit {bit}: a panic")),
        }
    }
    println!("{} bytes of database, {} of log: {counts:?}", image.database.len(), image.log.len());
    assert!(false_ones.is_empty(), "{} of them:\n{}", false_ones.len(), false_ones.join("\n"));
    assert!(counts.len() > 1, "no flip did damage: {counts:?}");
}
