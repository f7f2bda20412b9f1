//! Tests the handler of the worker with events in the form of Lambda.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use concord_acceptance::conformance::Fixture;
use concord_acceptance::conformance::examples::{ended, stored};
use concord_clock::SystemClock;
use concord_protocol::ports::{
    Clock, CreateJobs, EnqueueCopies, NewJob, ReadOutcomes, ReadOutput, ReceiveCopies, RecordOutcome,
    ReplaceState,
};
use concord_protocol::{Digest, Facts, JobId, Outcome, Verdict};
use concord_testkit::{copy, id, new_job, outcome};
use concord_worker::lambda::{WorkerHandler, WorkerSettings};
use concord_worker::{Calculate, CalculationError, Output, Task};
use serde_json::{Value, json};

use crate::fixture::InCloud;
use crate::sqs::QUEUE;

/// The milliseconds that an invocation may take.
const INVOCATION_MS: u64 = 60_000;

/// The behaviour of a run.
#[derive(Clone, Copy)]
enum Does {
    Give(&'static str),
    Fail,
    Panic,
    TakeLong,
}

struct Calculation {
    does: Does,
    runs: Arc<AtomicU32>,
}

impl Calculate for Calculation {
    async fn calculate(&self, _: Task) -> Result<Output, CalculationError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        match self.does {
            Does::Give(output) => {
                let stderr_tail = b"a warning".into();
                Ok(Output { bytes: output.into(), stderr_tail, ..Output::default() })
            }
            Does::Fail => Err(CalculationError::Failed {
                reason: "no luck".to_owned(),
                stderr_tail: b"why".into(),
                facts: Facts::default(),
            }),
            Does::Panic => panic!("a calculation that panics"),
            Does::TakeLong => {
                tokio::time::sleep(Duration::from_mins(2)).await;
                Ok(Output::default())
            }
        }
    }
}

/// A worker and its queue.
struct Fleet {
    fixture: InCloud,
    handler: WorkerHandler<Calculation>,
    runs: Arc<AtomicU32>,
    now: u64,
}

impl Fleet {
    fn new(does: Does) -> Self {
        Self::with(does, &[])
    }

    fn with(does: Does, others: &[(&str, &str)]) -> Self {
        let fixture = InCloud::fresh();
        let mut variables = BTreeMap::from([
            ("TABLE", fixture.table.as_str()),
            ("QUEUE_URL", QUEUE),
            ("BUCKET", "concord"),
            ("KEEP_DAYS", "30"),
            ("CALC", "custom"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/23/[1]0123456789abcdef"),
        ]);
        variables.extend(others.iter().copied());
        let settings = WorkerSettings::read(|name| variables.get(name).map(OsString::from)).unwrap();
        let runs = Arc::<AtomicU32>::default();
        let calculation = Calculation { does, runs: Arc::clone(&runs) };
        let handler = WorkerHandler::new(&fixture.config, &fixture.sqs.config(), settings, calculation);
        let now = SystemClock.now().unix_ms;
        Self { fixture, handler, runs, now }
    }

    /// Submits a job now, and puts its copies on the queue.
    async fn job(&self, copies: u32, change: impl FnOnce(&mut NewJob)) -> JobId {
        let mut new = new_job("job", copies);
        new.spec.submitted_at.unix_ms = self.now;
        new.spec.policy.select = None;
        change(&mut new);
        assert_eq!(self.fixture.cloud.ledger.create_jobs(vec![new]).await.unwrap(), None);
        self.fixture.cloud.queue.enqueue_copies(&id("job"), 0, 0..copies).await.unwrap();
        id("job")
    }

    /// The event that Lambda sends for the visible messages.
    async fn event(&self) -> Value {
        let deliveries = self.fixture.cloud.receive_copies(10).await.unwrap();
        let records = deliveries.iter().map(|delivery| {
            let body =
                json!({"job": delivery.copy.job, "copy": delivery.copy.index, "round": delivery.round});
            message(&format!("copy-{}", delivery.copy.index), &body.to_string(), delivery)
        });
        json!({ "Records": records.collect::<Vec<_>>() })
    }

    /// Sends an event to the handler. Returns the ids of the messages to deliver again.
    async fn handle(&self, event: Value, remaining_ms: u64) -> Vec<String> {
        let reply = self.handler.handle(event, self.now + remaining_ms).await.unwrap();
        let failures = reply["batchItemFailures"].as_array().unwrap();
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
    }

    async fn outcomes(&self) -> Vec<Outcome> {
        self.fixture.cloud.ledger.read_outcomes(&id("job"), 0..100).await.unwrap()
    }

    fn block_on<F: Future>(&self, check: F) -> F::Output {
        self.fixture.block_on(check)
    }
}

fn message(id: &str, body: &str, delivery: &concord_protocol::ports::Delivery) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": delivery.receipt.to_string(),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": delivery.receive_count.to_string(),
            "AWSTraceHeader": "Root=1-6551f3c0-000000000000000000000001;Sampled=1",
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:concord-queue",
        "awsRegion": "eu-west-1",
    })
}

#[test]
fn a_malformed_record_does_not_fail_the_others() {
    let fleet = Fleet::with(Does::Give("a"), &[("NUM_WORKERS", "4")]);
    fleet.block_on(async {
        let job = fleet.job(1, |_| {}).await;
        let mut event = fleet.event().await;
        let good = event["Records"][0].clone();
        let with = |id: &str, field: &str, value: Value| {
            let mut record = good.clone();
            record["messageId"] = json!(id);
            record[field] = value;
            record
        };
        let bad = [
            with("no-json", "body", json!("<xml/>")),
            with("no-text", "body", json!(5)),
            with("unknown-job", "body", json!(r#"{"job":"other","copy":0,"round":0}"#)),
            with("no-copy", "body", json!(r#"{"job":"job","copy":-1,"round":0}"#)),
            with("no-such-copy", "body", json!(r#"{"job":"job","copy":1,"round":0}"#)),
            with("no-attributes", "attributes", json!(null)),
        ];
        event["Records"].as_array_mut().unwrap().extend(bad);
        let mut failed = fleet.handle(event, INVOCATION_MS).await;
        failed.sort();
        assert_eq!(failed, ["no-attributes", "no-copy", "no-json", "no-such-copy", "no-text", "unknown-job"]);
        let outcomes = fleet.outcomes().await;
        assert_eq!(outcomes.len(), 1);
        assert_eq!(outcomes[0].copy, copy(&job, 0));
        assert_eq!(outcomes[0].result.as_ref().unwrap().digest, Digest::of(b"a"));
        assert_eq!(outcomes[0].stderr_tail, "a warning");
        let environment = outcomes[0].environment.as_ref().unwrap();
        assert_eq!(environment.sandbox, "2026/11/23/[1]0123456789abcdef");
        let output = fleet.fixture.cloud.ledger.read_output(&job, Digest::of(b"a")).await.unwrap();
        assert_eq!(output.as_deref(), Some(b"a".as_slice()));
    });
}

#[test]
fn a_copy_that_is_delivered_twice_is_recorded_once() {
    let fleet = Fleet::new(Does::Give("a"));
    fleet.block_on(async {
        fleet.job(3, |_| {}).await;
        let mut event = fleet.event().await;
        let again = event.clone();
        event["Records"].as_array_mut().unwrap().reverse();
        assert_eq!(fleet.handle(event, INVOCATION_MS).await, Vec::<String>::new());
        assert_eq!(fleet.handle(again, INVOCATION_MS).await, Vec::<String>::new());
        assert_eq!(fleet.outcomes().await.len(), 3);
    });
}

#[test]
fn a_failed_copy_is_delivered_again_soon_until_its_attempts_are_used() {
    for (does, reason) in [(Does::Fail, "no luck"), (Does::Panic, "the calculation panicked")] {
        let fleet = Fleet::new(does);
        fleet.block_on(async {
            fleet.job(1, |_| {}).await;
            assert_eq!(fleet.handle(fleet.event().await, INVOCATION_MS).await, ["copy-0"]);
            assert_eq!(fleet.outcomes().await, []);
            assert_eq!(fleet.fixture.sqs.requests("ChangeMessageVisibility"), 1);
            fleet.fixture.clock().advance_ms(1_000);
            let event = fleet.event().await;
            assert_eq!(event["Records"][0]["attributes"]["ApproximateReceiveCount"], "2");
            assert_eq!(fleet.handle(event, INVOCATION_MS).await, Vec::<String>::new());
            let outcomes = fleet.outcomes().await;
            assert_eq!(outcomes[0].result.as_ref().unwrap_err().reason(), reason);
            assert_eq!(outcomes[0].attempt, 2);
        });
    }
}

#[test]
fn the_timeout_of_a_calculation_is_recorded_before_the_invocation_ends() {
    let fleet = Fleet::new(Does::TakeLong);
    fleet.block_on(async {
        fleet.job(1, |new| new.spec.policy.attempts = 1).await;
        assert_eq!(fleet.handle(fleet.event().await, 3_900).await, Vec::<String>::new());
        let outcomes = fleet.outcomes().await;
        let reason = "the calculation took longer than its timeout of 1s";
        assert_eq!(outcomes[0].result.as_ref().unwrap_err().reason(), reason);
    });
}

#[test]
fn no_run_is_started_when_too_little_time_remains() {
    let fleet = Fleet::new(Does::Give("a"));
    fleet.block_on(async {
        fleet.job(1, |_| {}).await;
        assert_eq!(fleet.handle(fleet.event().await, 1_000).await, ["copy-0"]);
        assert_eq!(fleet.runs.load(Ordering::SeqCst), 0);
        assert_eq!(
            fleet.event().await["Records"][0]["messageId"],
            "copy-0",
            "the message is visible at once"
        );
    });
}

#[test]
fn copies_of_ended_jobs_are_not_run() {
    for verdict in [Verdict::Cancelled, Verdict::Divergent] {
        let fleet = Fleet::new(Does::Give("a"));
        fleet.block_on(async {
            let job = fleet.job(2, |new| new.spec.policy.fail_fast = true).await;
            let event = fleet.event().await;
            let state = stored(&fleet.fixture, &job).await.unwrap().state;
            assert!(fleet.fixture.cloud.ledger.replace_state(&job, ended(&state, verdict)).await.unwrap());
            assert_eq!(fleet.handle(event, INVOCATION_MS).await, Vec::<String>::new());
            assert_eq!(fleet.runs.load(Ordering::SeqCst), 0);
            assert_eq!(fleet.outcomes().await, []);
        });
    }
}

/// The job would hold the sandbox for most of a minute.
#[test]
fn a_held_sandbox_is_released_when_its_job_ends() {
    let fleet = Fleet::with(Does::Give("a"), &[("NUM_WORKERS", "2")]);
    fleet.block_on(async {
        let job = fleet.job(2, |new| new.spec.policy.hold_ms = 60_000).await;
        let event = fleet.event().await;
        let ends = async {
            while fleet.outcomes().await.len() < 2 {
                tokio::task::yield_now().await;
            }
            let state = stored(&fleet.fixture, &job).await.unwrap().state;
            let ended = ended(&state, Verdict::Reproducible);
            assert!(fleet.fixture.cloud.ledger.replace_state(&job, ended).await.unwrap());
        };
        let (failed, ()) = futures::join!(fleet.handle(event, INVOCATION_MS), ends);
        assert_eq!(failed, Vec::<String>::new());
    });
}

#[test]
fn a_differing_second_outcome_is_kept() {
    let fleet = Fleet::new(Does::Give("b"));
    fleet.block_on(async {
        let job = fleet.job(1, |_| {}).await;
        let event = fleet.event().await;
        fleet.fixture.cloud.ledger.record_outcome(outcome(&job, 0, 0, Ok("a"))).await.unwrap();
        assert_eq!(fleet.handle(event, INVOCATION_MS).await, Vec::<String>::new());
        assert_eq!(fleet.outcomes().await.len(), 2);
    });
}

#[test]
fn with_hash_only_no_output_is_kept() {
    let fleet = Fleet::with(Does::Give("a"), &[("HASH_ONLY", "TRUE")]);
    fleet.block_on(async {
        let job = fleet.job(1, |_| {}).await;
        fleet.handle(fleet.event().await, INVOCATION_MS).await;
        assert_eq!(fleet.outcomes().await.len(), 1);
        let output = fleet.fixture.cloud.ledger.read_output(&job, Digest::of(b"a")).await.unwrap();
        assert_eq!(output, None);
    });
}

#[test]
fn the_function_replies_with_its_version_and_calculation() {
    let fleet = Fleet::new(Does::Give("a"));
    let reply = fleet.block_on(async { fleet.handler.handle(json!({"ask": "version"}), 0).await.unwrap() });
    assert_eq!(reply["calculation"], "custom");
    assert!(reply["version"].as_str().is_some_and(|version| !version.is_empty()));
    let stream = json!({"Records": [{"dynamodb": {"SequenceNumber": "1"}}]});
    assert!(fleet.block_on(async { fleet.handler.handle(stream, 0).await }).is_err());
}
