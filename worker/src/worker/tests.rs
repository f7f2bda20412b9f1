//! The facts that the worker records with the result of a run.

use std::sync::atomic::AtomicU64;

use concord_protocol::{Calculation, CopyId, JobSpec, Policy, Settlement};
use concord_testkit::{PAYLOAD, spec};
use futures::executor::block_on;

use super::*;

const JOB: &str = "j";

/// One job, and the outcomes that are recorded for it.
struct OneJob {
    job: Job,
    outcomes: Mutex<Vec<Outcome>>,
}

impl ReadJob for &OneJob {
    async fn read_job(&self, _: &JobId) -> PortResult<Option<Job>> {
        Ok(Some(self.job.clone()))
    }
}

impl ReadPayload for &OneJob {
    async fn read_payload(&self, _: &JobId) -> PortResult<Option<Arc<[u8]>>> {
        Ok(Some(PAYLOAD.into()))
    }
}

impl WriteOutput for &OneJob {
    async fn write_output(&self, _: &JobId, _: Digest, _: Arc<[u8]>) -> PortResult<()> {
        Ok(())
    }
}

impl RecordOutcome for &OneJob {
    async fn record_outcome(&self, outcome: Outcome) -> PortResult<Settlement> {
        self.outcomes.lock().unwrap().push(outcome);
        Ok(Settlement::Written)
    }
}

/// A clock that advances by a millisecond each time it is read.
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.fetch_add(1, Ordering::Relaxed))
    }

    fn ticks_us(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) * 1_000
    }
}

/// A calculation that always gives the same result.
struct Gives(Result<Output, CalculationError>);

impl Calculate for Gives {
    async fn calculate(&self, _: Task) -> Result<Output, CalculationError> {
        self.0.clone()
    }
}

/// Runs one copy `runs` times, and returns the outcomes.
fn outcomes(
    calculation: Calculation,
    environment: Environment,
    gives: Result<Output, CalculationError>,
    runs: u32,
) -> Vec<Outcome> {
    let spec = JobSpec {
        submitted_at: Timestamp::from_unix_ms(0),
        calculation,
        policy: Policy::bounds(1, 60_000, 60_000),
        ..spec(JOB, 1)
    };
    let job = Job { state: spec.first_state(), spec: Arc::new(spec) };
    let ledger = OneJob { job, outcomes: Mutex::default() };
    let worker = Worker::new(&ledger, Gives(gives), Ticking(AtomicU64::new(1_000)), environment);
    for receive_count in 1..=runs {
        let copy = CopyId { job: JOB.parse().unwrap(), index: 0 };
        let sent_at = Some(Timestamp::from_unix_ms(900));
        let delivery = Delivery { copy, round: 0, receive_count, sent_at, receipt: 0 };
        let handled = block_on(worker.handle(&delivery, Timestamp::NEVER)).unwrap();
        assert_eq!(handled, Disposition::Ack);
    }
    ledger.outcomes.into_inner().unwrap()
}

fn machine() -> Environment {
    let facts = |name, value| [(name, value)].into_iter().collect();
    Environment {
        sandbox: "s".to_owned(),
        identity: facts("host.boot_id", "b"),
        facts: facts("cpu.level", "x86-64-v3"),
    }
}

fn probe() -> Calculation {
    Calculation::Probe { name: "echo".to_owned() }
}

#[test]
fn each_run_is_recorded_with_its_number_in_the_process() {
    let outcomes = outcomes(probe(), machine(), Ok(Output::default()), 3);
    let calls: Vec<_> = outcomes.iter().map(|outcome| outcome.facts.get("sandbox.call")).collect();
    assert_eq!(calls, [Some("1"), Some("2"), Some("3")]);
    let starts: Vec<_> = outcomes.iter().map(|outcome| outcome.facts.get("sandbox.start")).collect();
    assert_eq!(starts, [Some("cold"), Some("warm"), Some("warm")]);
    assert_eq!(outcomes[2].facts.get("run.receive_count"), Some("3"));
    let waited_ms: u64 = outcomes[0].facts.get("run.queue_wait_ms").unwrap().parse().unwrap();
    assert!((100..200).contains(&waited_ms), "{waited_ms}");
    assert_eq!(outcomes[0].facts.get("numerics.float_mode"), None, "the usual mode is not recorded");
    assert!(outcomes.iter().all(|outcome| outcome.environment.as_deref() == Some(&machine())));
    let bytes = serde_json::to_vec(&outcomes[2].facts).unwrap().len();
    assert!(bytes < 150, "{bytes}");
}

/// Fails in its first runs, and then gives an output.
struct FailsAtFirst(AtomicU64);

impl Calculate for FailsAtFirst {
    async fn calculate(&self, _: Task) -> Result<Output, CalculationError> {
        match self.0.fetch_sub(1, Ordering::Relaxed) {
            0 => Ok(Output { bytes: b"1".to_vec(), ..Output::default() }),
            left => Err(CalculationError::Failed {
                reason: format!("exit code {left}"),
                stderr_tail: format!("concord-facts {{\"seed\":{left}}}\n").into_bytes(),
                facts: [("loaded.libm", "m")].into_iter().collect(),
            }),
        }
    }
}

#[test]
fn an_outcome_says_which_failures_a_retry_hid() {
    let spec = JobSpec {
        submitted_at: Timestamp::from_unix_ms(0),
        calculation: probe(),
        policy: Policy::bounds(3, 60_000, 60_000),
        ..spec(JOB, 2)
    };
    let job = Job { state: spec.first_state(), spec: Arc::new(spec) };
    let ledger = OneJob { job, outcomes: Mutex::default() };
    let fails_twice = FailsAtFirst(AtomicU64::new(2));
    let worker = Worker::new(&ledger, fails_twice, Ticking(AtomicU64::new(1_000)), machine());
    for (index, receive_count) in [(0, 1), (0, 2), (0, 3), (1, 1)] {
        if index == 1 {
            worker.calculation.0.store(0, Ordering::Relaxed);
        }
        let copy = CopyId { job: JOB.parse().unwrap(), index };
        let delivery = Delivery { copy, round: 0, receive_count, sent_at: None, receipt: 0 };
        block_on(worker.handle(&delivery, Timestamp::NEVER)).unwrap();
    }
    let outcomes = ledger.outcomes.into_inner().unwrap();
    let said = |name| outcomes.iter().map(|outcome| outcome.facts.get(name)).collect::<Vec<_>>();
    assert_eq!(said("run.failed_attempts"), [Some("2"), None]);
    assert_eq!(said("run.first_failure"), [Some("exit code 2"), None]);
    assert_eq!(said("first_attempt.reported.seed"), [Some("2"), None]);
    assert_eq!(said("first_attempt.loaded.libm"), [Some("m"), None]);
}

#[test]
fn facts_from_a_calculation_are_added_and_replace_those_of_the_same_name() {
    let facts = [("sandbox.start", "restored"), ("loaded.libm", "libm.so.6 1")].into_iter().collect();
    let stderr_tail = b"concord-facts {\"loaded.libm\":\"libm.so.6 2\",\"seed\":7}\n".to_vec();
    let output =
        Output { bytes: b"1".to_vec(), stderr_tail: stderr_tail.clone(), facts, ..Output::default() };
    let recorded = outcomes(probe(), machine(), Ok(output), 1).remove(0);
    assert_eq!(recorded.stderr_tail.as_bytes(), stderr_tail);
    let check = |outcome: &Outcome, name: &str, expect| assert_eq!(outcome.facts.get(name), expect, "{name}");
    check(&recorded, "sandbox.start", Some("restored"));
    check(&recorded, "loaded.libm", Some("libm.so.6 2"));
    check(&recorded, "reported.seed", Some("7"));
    check(&recorded, "sandbox.call", Some("1"));
    let failed = Err(CalculationError::failed("no luck", stderr_tail));
    check(&outcomes(probe(), machine(), failed, 1).remove(0), "reported.seed", Some("7"));
}

#[test]
fn nothing_is_recorded_about_a_machine_that_the_worker_does_not_see() {
    let function = Calculation::Function { name: "f".to_owned(), qualifier: None, region: "r".to_owned() };
    let deployed = |description: &str| Calculation::Deployed { description: description.to_owned() };
    let check = |calculation, environment| {
        let facts = [("sandbox.start", "cold")].into_iter().collect();
        let output = Output { facts, ..Output::default() };
        for outcome in outcomes(calculation, environment, Ok(output), 2) {
            assert_eq!(outcome.environment.as_deref(), Some(&unseen("s".to_owned())));
            assert_eq!(outcome.facts.get("sandbox.call"), None);
            assert_eq!(outcome.facts.get("sandbox.start"), Some("cold"));
        }
    };
    check(function, machine());
    check(deployed("function f"), machine());
    check(deployed(""), unseen("s".to_owned()));
}

#[test]
fn an_output_of_the_largest_size_is_kept_and_a_larger_one_is_a_failure() {
    let result = |bytes| {
        let output = Output { bytes: vec![0; bytes], ..Output::default() };
        outcomes(probe(), machine(), Ok(output), 1).remove(0).result
    };
    assert_eq!(result(OUTPUT_BYTES_MAX).map(|produced| produced.bytes), Ok(OUTPUT_BYTES_MAX as u64));
    assert_eq!(result(OUTPUT_BYTES_MAX + 1), Err(Failure::new("output over 67108864 bytes")));
}

#[test]
fn each_further_attempt_waits_twice_as_long_up_to_a_bound() {
    let delays = [1, 2, 3, 4, 9, 10, u32::MAX].map(retry_delay_ms);
    assert_eq!(delays, [100, 200, 400, 800, 25_600, 30_000, 30_000]);
}
