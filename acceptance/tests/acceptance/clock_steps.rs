//! Somebody sets the clock while copies run, on the production local fleet and the SQLite adapter.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use concord_local::{FleetSettings, LocalFleet, Opening, Store};
use concord_protocol::ports::{Clock, CreateJobs, NewJob, ReadJob, ReadOutcomes};
use concord_protocol::{Cause, Environment, Facts, Job, JobSpec, Policy, Timestamp, Verdict};
use concord_testkit::{PAYLOAD, id, spec};
use concord_worker::{Calculate, CalculationError, Output, Runs, Task};
use futures::executor::block_on;

/// A real clock, which a test can set.
struct Settable {
    started: Instant,
    stepped_ms: AtomicI64,
}

/// What the wall clock shows at first.
const START: Timestamp = Timestamp { unix_ms: 1_800_000_000_000 };

impl Clock for Settable {
    fn now(&self) -> Timestamp {
        let real = START.plus_ms(self.ticks_us() / 1_000).unix_ms;
        Timestamp { unix_ms: real.saturating_add_signed(self.stepped_ms.load(Ordering::SeqCst)) }
    }

    fn ticks_us(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).expect("a test is short")
    }
}

/// Fails in its first runs, and sets the clock in one of them.
struct FailsAtFirst {
    clock: Arc<Settable>,
    step_ms: i64,
    /// Runs that fail.
    failures: u32,
    runs: Arc<AtomicU32>,
}

impl Calculate for FailsAtFirst {
    async fn calculate(&self, _: Task) -> Result<Output, CalculationError> {
        let run = self.runs.fetch_add(1, Ordering::SeqCst);
        // By now the first copy has failed, and waits for its next attempt.
        if run == 1 {
            self.clock.stepped_ms.store(self.step_ms, Ordering::SeqCst);
        }
        if run < self.failures {
            return Err(CalculationError::failed("not yet", ""));
        }
        Ok(Output { bytes: br#"{"value":1}"#.to_vec(), ..Output::default() })
    }
}

/// How long a fleet may take for what it does at once, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

const HOUR_MS: i64 = 3_600_000;

const STEPS_MS: [i64; 4] = [24 * HOUR_MS, -24 * HOUR_MS, HOUR_MS, -HOUR_MS];

const COPIES: u32 = 4;

struct Ended {
    job: Job,
    /// How often the calculation ran.
    runs: u32,
    took: Duration,
}

/// The end of a job while the clock is set by `step_ms`. With `joined`, another process joins after that.
fn ended(path: &Path, step_ms: i64, policy: Policy, failures: u32, joined: bool) -> Ended {
    let clock = Arc::new(Settable { started: Instant::now(), stepped_ms: AtomicI64::new(0) });
    let runs = Arc::new(AtomicU32::new(0));
    let fleet = |name: &str| {
        let store =
            Store::open(path, Opening::new(Arc::clone(&clock) as Arc<dyn Clock>)).expect("a store opens");
        let facts = Facts::default();
        let environment = Environment { sandbox: name.to_owned(), identity: facts.clone(), facts };
        let settings = FleetSettings { threads: 1, remote: None, environment };
        let calculation =
            FailsAtFirst { clock: Arc::clone(&clock), step_ms, failures, runs: Arc::clone(&runs) };
        let fleet = LocalFleet::start(store.clone(), calculation, Arc::new(Runs::default()), settings);
        (store, fleet.expect("a fleet starts"))
    };
    let (store, first) = fleet("first");
    let spec = JobSpec { submitted_at: store.clock().now(), policy, ..spec("job", COPIES) };
    let started = Instant::now();
    block_on(store.create_jobs(vec![NewJob { spec, payload: PAYLOAD.into() }])).expect("a new job");
    let read = || block_on(store.read_job(&id("job"))).ok().flatten().expect("the job was created");
    let is_open = || read().state.ended_at().is_none();
    let was_set = || clock.stepped_ms.load(Ordering::SeqCst) != 0;
    let mut other = None;
    while is_open() && started.elapsed() < PATIENCE {
        if joined && other.is_none() && was_set() {
            other = Some(fleet("second").1);
        }
        first.wait_for_decision(Duration::from_millis(20), is_open);
    }
    let took = started.elapsed();
    assert!(was_set(), "the clock was set");
    first.stop().expect("the fleet stops");
    if let Some(other) = other {
        other.stop().expect("the fleet stops");
    }
    let outcomes = block_on(store.read_outcomes(&id("job"), 0..COPIES)).expect("the store can be read");
    assert!(outcomes.iter().all(|outcome| outcome.run_us < 1_000_000 * PATIENCE.as_secs()), "{outcomes:?}");
    Ended { job: read(), runs: runs.load(Ordering::SeqCst), took }
}

/// Every copy fails once. A clock that was set back once stalled the next attempts for as long as the step, and one that was
/// set forwards ended the job by its deadline.
#[test]
fn a_step_of_the_clock_stalls_no_attempt_and_ends_no_job() {
    for step_ms in STEPS_MS {
        for joined in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let policy = Policy::bounds(COPIES + 1, 600_000, 60_000);
            let Ended { job, runs, took } = ended(&folder.path().join("s"), step_ms, policy, COPIES, joined);
            let verdict = (job.state.verdict(), job.state.cause());
            assert_eq!(verdict, (Verdict::Reproducible, None), "{step_ms} {took:?}");
            // No copy ran twice at a time: each failure was followed by one attempt.
            assert_eq!(runs, 2 * COPIES, "{step_ms} {joined}");
            let took_ms = u64::try_from(took.as_millis()).unwrap();
            let recorded = job.state.ended_at().unwrap().ms_since(job.spec.submitted_at);
            assert!(recorded <= took_ms, "{recorded} {took_ms}");
        }
    }
}

#[test]
fn a_deadline_comes_when_its_time_has_passed_whatever_the_clock_shows() {
    for step_ms in STEPS_MS {
        let folder = tempfile::tempdir().unwrap();
        let policy = Policy::bounds(100, 1_000, 60_000);
        let Ended { job, took, .. } = ended(&folder.path().join("s"), step_ms, policy, u32::MAX, false);
        let verdict = (job.state.verdict(), job.state.cause());
        assert_eq!(verdict, (Verdict::Inconclusive, Some(Cause::Deadline)), "{step_ms} {took:?}");
        assert!(took >= Duration::from_secs(1), "{step_ms} {took:?}");
    }
}
