//! Tests the handler of the aggregator with events in the form of Lambda: duplicated, reordered, split and malformed.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

use concord_acceptance::conformance::Fixture;
use concord_acceptance::conformance::examples::{given_job, stored, with};
use concord_aggregator::lambda::{AggregatorHandler, AggregatorSettings};
use concord_clock::SystemClock;
use concord_protocol::ports::{Clock, CreateJobs, ReadTally, RecordOutcome, ReplaceState};
use concord_protocol::{JobId, Outcome, Verdict};
use concord_testkit::{copy, id, new_job, outcome};
use serde_dynamo::Item;
use serde_json::{Value, json};

use crate::fixture::InCloud;
use crate::sqs::{Mishap, QUARANTINE, QUEUE};

/// The log of the function.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

const QUEUES: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012";

fn handler(fixture: &InCloud, log: Log) -> AggregatorHandler<Log> {
    let variables = BTreeMap::from([
        ("TABLE", fixture.table.clone()),
        ("QUEUE_URL", QUEUE.to_owned()),
        ("DEADLINE_QUEUE_URL", format!("{QUEUES}/concord-deadlines")),
        ("DEAD_LETTER_QUEUE_URL", format!("{QUEUES}/concord-dead-letters")),
        ("QUARANTINE_QUEUE_URL", QUARANTINE.to_owned()),
        ("EVENT_BUS", "default".to_owned()),
        ("KEEP_DAYS", "30".to_owned()),
        ("CONCORD_STACK", "checks".to_owned()),
    ]);
    let settings = AggregatorSettings::read(|name| variables.get(name).cloned()).unwrap();
    AggregatorHandler::new(&fixture.config, &fixture.sqs.config(), settings, log)
}

/// The records of the stream, in the form of Lambda's events for DynamoDB streams.
async fn records(fixture: &InCloud) -> Vec<Value> {
    let mut events = Vec::new();
    for record in fixture.cloud.records().await {
        let change = record.dynamodb.unwrap();
        let item = |image: Option<_>| Item::from(image.unwrap_or_default());
        let mut images = json!({
            "ApproximateCreationDateTime": 1_700_000_000.0,
            "Keys": item(change.keys),
            "SequenceNumber": change.sequence_number,
            "SizeBytes": 300,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        });
        for (name, image) in [("NewImage", change.new_image), ("OldImage", change.old_image)] {
            if image.is_some() {
                images[name] = json!(item(image));
            }
        }
        events.push(json!({
            "eventID": "c81e728d9d4c2f636f067f89cc14862c",
            "eventName": record.event_name.map(|name| name.as_str().to_owned()),
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "eu-west-1",
            "dynamodb": images,
            "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/concord/stream/2026-11-23T00:00:00.000",
        }));
    }
    events
}

fn message(queue: &str, id: &str, body: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "4",
            "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1545082649185",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:eu-west-1:123456789012:{queue}"),
        "awsRegion": "eu-west-1",
    })
}

fn failed(reply: &Value) -> Vec<&str> {
    let failures = reply["batchItemFailures"].as_array().unwrap();
    failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap()).collect()
}

/// Sends the records to the handler in batches. The handler must accept all of them.
async fn handle_all(handler: &AggregatorHandler<Log>, records: &[Value], at_once: usize) {
    for batch in records.chunks(at_once) {
        let reply = handler.handle(json!({"Records": batch})).await.unwrap();
        assert_eq!(failed(&reply), Vec::<&str>::new());
    }
}

async fn verdict(fixture: &InCloud, job: &JobId) -> Verdict {
    stored(fixture, job).await.unwrap().state.verdict()
}

#[test]
fn duplicated_reordered_and_split_batches_do_not_change_the_verdict() {
    for (differing, expect) in [(false, Verdict::Reproducible), (true, Verdict::Divergent)] {
        for at_once in [1, 7, 100] {
            let fixture = InCloud::fresh();
            let handler = handler(&fixture, Log::default());
            fixture.block_on(async {
                let job = given_job(&fixture, "job", 20).await.unwrap();
                for index in 0..20 {
                    let output = if differing && index == 13 { "b" } else { "a" };
                    fixture.cloud.ledger.record_outcome(outcome(&job, index, 0, Ok(output))).await.unwrap();
                }
                let mut events = records(&fixture).await;
                events.reverse();
                events.extend_from_within(3..11);
                handle_all(&handler, &events, at_once).await;
                assert_eq!(verdict(&fixture, &job).await, expect);
                handle_all(&handler, &events, 5).await;
                assert_eq!(verdict(&fixture, &job).await, expect);
                let tally = fixture.cloud.ledger.read_tally(&job).await.unwrap();
                assert_eq!(tally.produced(), 20, "a replayed record counts only once");
            });
        }
    }
}

/// A job that was extended: it has 3 copies and may have 5, and it needs two sandboxes but its copies ran in one.
async fn given_extended_job(fixture: &InCloud, handler: &AggregatorHandler<Log>) -> JobId {
    let mut new = new_job("job", 3);
    new.spec.submitted_at = SystemClock.now();
    (new.spec.policy.sandboxes_min, new.spec.policy.copies_max) = (2, 5);
    assert_eq!(fixture.cloud.ledger.create_jobs(vec![new]).await.unwrap(), None);
    for index in 0..3 {
        // Copies with an even index share a sandbox, so this is the sandbox of copy 0.
        let outcome = Outcome { copy: copy(&id("job"), index), ..outcome(&id("job"), 0, 0, Ok("a")) };
        fixture.cloud.ledger.record_outcome(outcome).await.unwrap();
    }
    handle_all(handler, &records(fixture).await, 100).await;
    let state = stored(fixture, &id("job")).await.unwrap().state;
    assert_eq!((state.verdict(), state.copies(), state.ended_at()), (Verdict::Running, 5, None));
    id("job")
}

fn queued(fixture: &InCloud) -> Vec<String> {
    let mut bodies: Vec<_> = fixture.sqs.messages().into_iter().map(|(_, body, _)| body).collect();
    bodies.sort();
    bodies
}

#[test]
fn the_copies_of_an_extension_are_put_on_the_queue_once() {
    let fixture = InCloud::fresh();
    let handler = handler(&fixture, Log::default());
    fixture.block_on(async {
        let job = given_extended_job(&fixture, &handler).await;
        assert_eq!(
            queued(&fixture),
            Vec::<String>::new(),
            "the state is written before the copies are put on the queue"
        );
        let events = records(&fixture).await;
        // Every attempt to reach the queue fails, so the record must be delivered again.
        fixture.sqs.mishaps(&[Mishap::Throttled; 3]);
        let is_job = |event: &&Value| event["dynamodb"]["Keys"]["item"]["S"] == "job";
        let extended = events.iter().rfind(is_job).unwrap().clone();
        let reply = handler.handle(json!({"Records": [extended.clone()]})).await.unwrap();
        assert_eq!(failed(&reply), [extended["dynamodb"]["SequenceNumber"].as_str().unwrap()]);
        let expected = [3, 4].map(|copy| format!(r#"{{"job":"job","copy":{copy},"round":0}}"#));
        for _ in 0..2 {
            handle_all(&handler, &events, 100).await;
            assert_eq!(queued(&fixture), expected, "replayed records put no more copies on the queue");
        }
        assert!(fixture.cloud.ledger.is_enqueued(&stored(&fixture, &job).await.unwrap()).await.unwrap());
        // The process that submitted the job records its copies only now.
        fixture.cloud.ledger.set_enqueued(&job, 0, 3).await.unwrap();
        assert!(fixture.cloud.ledger.is_enqueued(&stored(&fixture, &job).await.unwrap()).await.unwrap());
        for index in 3..5 {
            fixture.cloud.ledger.record_outcome(outcome(&job, index, 0, Ok("a"))).await.unwrap();
        }
        handle_all(&handler, &records(&fixture).await, 100).await;
        assert_eq!(verdict(&fixture, &job).await, Verdict::Reproducible);
    });
}

#[test]
fn only_the_malformed_records_are_quarantined() {
    let fixture = InCloud::fresh();
    let handler = handler(&fixture, Log::default());
    fixture.block_on(async {
        let job = given_job(&fixture, "job", 3).await.unwrap();
        for index in 0..3 {
            fixture.cloud.ledger.record_outcome(outcome(&job, index, 0, Ok("a"))).await.unwrap();
        }
        let mut events = records(&fixture).await;
        let is_copy =
            |event: &&Value| event["dynamodb"]["Keys"]["item"]["S"].as_str().unwrap().starts_with("copy#");
        let copies: Vec<_> = events.iter().filter(is_copy).cloned().collect();
        let mut malformed = copies[0].clone();
        malformed["dynamodb"]["NewImage"]["digest"] = json!({"S": "sha256:short"});
        malformed["dynamodb"]["SequenceNumber"] = json!("7");
        let mut unreadable = copies[1].clone();
        unreadable["dynamodb"]["NewImage"] = json!(5);
        unreadable["dynamodb"]["SequenceNumber"] = json!("30");
        events.splice(1..1, [unreadable, malformed]);
        let no_such_job = json!({"S": "nobody"});
        let mut unknown = copies[2].clone();
        unknown["dynamodb"]["NewImage"]["job"] = no_such_job;
        events.push(unknown);
        handle_all(&handler, &events, 100).await;
        assert_eq!(verdict(&fixture, &job).await, Verdict::Reproducible, "the other records were folded");
        let quarantined = fixture.sqs.take_quarantine();
        let sequences: Vec<_> =
            quarantined.iter().map(|record| record["sequence_numbers"][0].clone()).collect();
        assert_eq!(sequences[..2], [json!("30"), json!("7")]);
        assert_eq!(quarantined[1]["what"]["dynamodb"]["NewImage"]["digest"]["S"], "sha256:short");
        assert_eq!(quarantined[2]["what"]["job"], "nobody");
    });
}

#[test]
fn after_a_temporary_error_the_stream_is_delivered_again_from_the_lowest_failed_record() {
    let fixture = InCloud::fresh();
    let handler = handler(&fixture, Log::default());
    fixture.block_on(async {
        let jobs =
            [given_job(&fixture, "one", 1).await.unwrap(), given_job(&fixture, "two", 1).await.unwrap()];
        for job in &jobs {
            fixture.cloud.ledger.record_outcome(outcome(job, 0, 0, Ok("a"))).await.unwrap();
        }
        // Every attempt to send a deadline fails.
        fixture.sqs.mishaps(&[Mishap::Throttled; 6]);
        let events = records(&fixture).await;
        let reply = handler.handle(json!({"Records": events})).await.unwrap();
        let of_jobs = events.iter().filter(|event| event["dynamodb"]["Keys"]["item"]["S"] == "job");
        let first = of_jobs.map(|event| event["dynamodb"]["SequenceNumber"].as_str().unwrap()).next();
        assert_eq!(failed(&reply), [first.unwrap()]);
        for job in &jobs {
            assert_eq!(
                verdict(&fixture, job).await,
                Verdict::Reproducible,
                "an error of one record does not delay others"
            );
        }
        handle_all(&handler, &events, 100).await;
        assert_eq!(fixture.sqs.take_deadlines().len(), 2);
    });
}

#[test]
fn a_verdict_is_announced_when_its_own_record_arrives() {
    let fixture = InCloud::fresh();
    let log = Log::default();
    let handler = handler(&fixture, log.clone());
    fixture.block_on(async {
        let job = given_job(&fixture, "job", 3).await.unwrap();
        for (index, gave) in [(0, Ok("a")), (1, Ok("a")), (2, Ok("b"))] {
            fixture.cloud.ledger.record_outcome(outcome(&job, index, 0, gave)).await.unwrap();
        }
        let outcomes = records(&fixture).await;
        handle_all(&handler, &outcomes, 100).await;
        assert_eq!(
            fixture.sqs.events(),
            Vec::<Value>::new(),
            "a verdict is not announced before it is recorded"
        );
        let verdicts = records(&fixture).await.split_off(outcomes.len());
        handle_all(&handler, &verdicts, 100).await;
    });
    let events = fixture.sqs.events();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (&events[0]["Source"], &events[0]["DetailType"]),
        (&json!("concord"), &json!("Concord Verdict"))
    );
    let detail: Value = serde_json::from_str(events[0]["Detail"].as_str().unwrap()).unwrap();
    let field = |name: &str| detail[name].clone();
    assert_eq!(
        [
            field("version"),
            field("stack"),
            field("job"),
            field("verdict"),
            field("copies"),
            field("succeeded")
        ],
        [json!(1), json!("checks"), json!("job"), json!("divergent"), json!(3), json!(3)]
    );
    assert_eq!((field("failed"), field("distinct_digests")), (json!(0), json!(2)));
    assert_eq!(detail["digests"][0]["copies"], 2);
    assert_eq!(detail["submitted_at"], "2023-11-14T22:13:20.000Z");
    let metrics = log.lines();
    assert_eq!(metrics.len(), 1);
    assert_eq!((&metrics[0]["Verdict"], &metrics[0]["Jobs"]), (&json!("divergent"), &json!(1)));
    let dimensions = &metrics[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
    assert_eq!(dimensions, &json!([["Stack", "Verdict"]]));
}

#[test]
fn a_deadline_is_sent_again_until_it_has_passed() {
    let fixture = InCloud::fresh();
    let handler = handler(&fixture, Log::default());
    fixture.block_on(async {
        // For the clock of the function, the example job was submitted long ago, so its deadline has passed.
        let job = given_job(&fixture, "job", 3).await.unwrap();
        let events = records(&fixture).await;
        handle_all(&handler, &events, 100).await;
        let sent = fixture.sqs.take_deadlines();
        assert_eq!(sent, [(r#"{"job":"job","round":0}"#.to_owned(), 0)]);
        let later = stored(&fixture, &job).await.unwrap().state;
        let far = later.deadline_at().plus_ms(100 * 365 * 24 * 3_600_000);
        let later = with(&later, |record| (record.deadline_at, record.revision) = (far, 1));
        assert!(fixture.cloud.ledger.replace_state(&job, later.clone()).await.unwrap());
        let deadline = |body: &str| json!({"Records": [message("concord-deadlines", "m", body)]});
        let body = sent[0].0.as_str();
        assert_eq!(failed(&handler.handle(deadline(body)).await.unwrap()), Vec::<&str>::new());
        assert_eq!(fixture.sqs.take_deadlines(), [(body.to_owned(), 900)], "the new deadline has not passed");
        let submitted_at = stored(&fixture, &job).await.unwrap().spec.submitted_at;
        let due = with(&later, |record| (record.deadline_at, record.revision) = (submitted_at, 2));
        assert!(fixture.cloud.ledger.replace_state(&job, due).await.unwrap());
        assert_eq!(
            failed(&handler.handle(deadline(r#"{"job":"job","round":1}"#)).await.unwrap()),
            Vec::<&str>::new()
        );
        assert_eq!(
            verdict(&fixture, &job).await,
            Verdict::Running,
            "the deadline of another round does not end this round"
        );
        handler.handle(deadline(body)).await.unwrap();
        assert_eq!(verdict(&fixture, &job).await, Verdict::Inconclusive);
        handler.handle(deadline(body)).await.unwrap();
        assert_eq!(fixture.sqs.take_deadlines(), [], "the deadline of an ended round is not sent again");
    });
}

#[test]
fn a_dead_letter_becomes_a_failed_outcome_and_an_invalid_one_is_delivered_again() {
    let fixture = InCloud::fresh();
    let handler = handler(&fixture, Log::default());
    fixture.block_on(async {
        let job = given_job(&fixture, "job", 1).await.unwrap();
        let queue = "concord-dead-letters";
        let letters = [
            message(queue, "no-json", "<xml/>"),
            message(queue, "good", r#"{"job":"job","copy":0,"round":0}"#),
            message(queue, "no-such-copy", r#"{"job":"job","copy":1,"round":0}"#),
            message(queue, "unknown", r#"{"job":"other","copy":0,"round":0}"#),
            message("concord-other", "stray", r#"{"job":"job","copy":0,"round":0}"#),
        ];
        let reply = handler.handle(json!({"Records": letters})).await.unwrap();
        assert_eq!(failed(&reply), ["no-json", "no-such-copy", "unknown", "stray"]);
        handle_all(&handler, &records(&fixture).await, 100).await;
        assert_eq!(verdict(&fixture, &job).await, Verdict::Inconclusive);
        let tally = fixture.cloud.ledger.read_tally(&id("job")).await.unwrap();
        assert_eq!(tally.failures(0, 1), [(concord_aggregator::GIVEN_UP.to_owned(), 1)]);
    });
}

#[test]
fn the_function_replies_with_its_version() {
    let fixture = InCloud::fresh();
    let handler = handler(&fixture, Log::default());
    let reply = fixture.block_on(async { handler.handle(json!({"ask": "version"})).await.unwrap() });
    assert!(reply["version"].as_str().is_some_and(|version| !version.is_empty()));
}
