//! A fake SQS and a fake EventBridge behind the HTTP client of the SDK. They answer the requests of the SDK, and use the
//! clock of the test.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_config::SdkConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::default_async_sleep;
use aws_smithy_http_client::test_util::infallible_client_fn;
use concord_protocol::ports::Clock;
use concord_testkit::TestClock;
use serde_json::{Value, json};

/// The number of deliveries after which a message becomes a dead letter.
const RECEIVES_MAX: u32 = 3;

/// The milliseconds for which a delivered message is hidden.
const HIDDEN_MS: u64 = 6_000;

/// An error that a request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The request is refused, with a temporary error.
    Throttled,
    /// The entries of a batch at these positions fail because of an error of SQS.
    Entries(&'static [usize]),
    /// All entries of a batch fail because of an error of the sender.
    SenderFault,
}

#[derive(Default)]
struct Message {
    body: String,
    group: String,
    trace: Option<String>,
    visible_at_ms: u64,
    receives: u32,
    receipt: Option<String>,
}

#[derive(Default)]
struct State {
    queues: BTreeMap<&'static str, Vec<Message>>,
    receipts: u64,
    requests: BTreeMap<String, u32>,
    mishaps: VecDeque<Mishap>,
    deadlines: Vec<(String, u64)>,
    events: Vec<Value>,
    quarantine: Vec<Value>,
}

/// The queues of one test. A clone has the same queues.
#[derive(Clone)]
pub(crate) struct Sqs {
    state: Arc<Mutex<State>>,
    clock: TestClock,
}

pub(crate) const QUEUE: &str = "http://sqs/queue";
pub(crate) const QUARANTINE: &str = "http://sqs/quarantine";
pub(crate) const DEAD_LETTERS: &str = "http://sqs/dead-letters";

impl Sqs {
    pub(crate) fn new(clock: TestClock) -> Self {
        Self { state: Arc::default(), clock }
    }

    /// The settings with which an SDK client uses these queues.
    pub(crate) fn config(&self) -> SdkConfig {
        let sqs = self.clone();
        let client = infallible_client_fn(move |request| {
            let action = request.headers()["x-amz-target"].to_str().unwrap().to_owned();
            let action = action.split('.').next_back().unwrap().to_owned();
            let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
            let (status, reply) = sqs.answer(&action, &body);
            http::Response::builder().status(status).body(reply.to_string()).unwrap()
        });
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "id", "secret", None, None, "tests",
            )))
            .sleep_impl(default_async_sleep().unwrap())
            .http_client(client)
            .build()
    }

    /// Makes the next requests that send messages fail, in the order of `mishaps`.
    pub(crate) fn mishaps(&self, mishaps: &[Mishap]) {
        self.state().mishaps.extend(mishaps);
    }

    /// The number of requests with this action.
    pub(crate) fn requests(&self, action: &str) -> u32 {
        self.state().requests.get(action).copied().unwrap_or_default()
    }

    /// The groups, bodies and trace headers of all messages.
    pub(crate) fn messages(&self) -> Vec<(String, String, Option<String>)> {
        let state = self.state();
        let messages = state.queues.get("queue").into_iter().flatten();
        messages.map(|message| (message.group.clone(), message.body.clone(), message.trace.clone())).collect()
    }

    /// Removes and returns the messages of the queue of deadlines, with their delays in seconds.
    pub(crate) fn take_deadlines(&self) -> Vec<(String, u64)> {
        std::mem::take(&mut self.state().deadlines)
    }

    /// Removes and returns the quarantined records, oldest first.
    pub(crate) fn take_quarantine(&self) -> Vec<Value> {
        std::mem::take(&mut self.state().quarantine)
    }

    /// The events that EventBridge received, oldest first.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.state().events.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, action: &str, body: &Value) -> (u16, Value) {
        let now = self.clock.now().unix_ms;
        let mut state = self.state();
        *state.requests.entry(action.to_owned()).or_default() += 1;
        let queue = if body["QueueUrl"] == QUEUE { "queue" } else { "dead-letters" };
        match action {
            "SendMessageBatch" => state.send(body),
            "ReceiveMessage" => (200, state.receive(queue, body, now)),
            "DeleteMessage" => {
                let receipt = body["ReceiptHandle"].as_str();
                let messages = state.queues.entry(queue).or_default();
                messages.retain(|message| message.receipt.as_deref() != receipt);
                (200, json!({}))
            }
            "ChangeMessageVisibility" => {
                let receipt = body["ReceiptHandle"].as_str();
                let messages = state.queues.entry(queue).or_default();
                let is_held = |message: &&mut Message| {
                    message.receipt.as_deref() == receipt && message.visible_at_ms > now
                };
                let Some(message) = messages.iter_mut().find(is_held) else {
                    return (400, json!({"__type": "com.amazonaws.sqs#MessageNotInflight"}));
                };
                message.visible_at_ms = now + body["VisibilityTimeout"].as_u64().unwrap() * 1_000;
                message.receipt = None;
                (200, json!({}))
            }
            "SendMessage" if state.mishaps.pop_front().is_some() => {
                (400, json!({"__type": "com.amazonaws.sqs#RequestThrottled", "message": "slow down"}))
            }
            "SendMessage" if body["QueueUrl"] == QUARANTINE => {
                let quarantine = serde_json::from_str(body["MessageBody"].as_str().unwrap()).unwrap();
                state.quarantine.push(quarantine);
                (200, json!({"MessageId": "m", "MD5OfMessageBody": ""}))
            }
            "SendMessage" => {
                let delay = body["DelaySeconds"].as_u64().unwrap();
                assert!(delay <= 900, "SQS delays a message for at most 15 minutes");
                state.deadlines.push((body["MessageBody"].as_str().unwrap().to_owned(), delay));
                (200, json!({"MessageId": "m", "MD5OfMessageBody": ""}))
            }
            "PutEvents" => {
                let entries = body["Entries"].as_array().unwrap().clone();
                let given: Vec<_> = entries.iter().map(|_| json!({"EventId": "e"})).collect();
                state.events.extend(entries);
                (200, json!({"FailedEntryCount": 0, "Entries": given}))
            }
            other => panic!("unexpected action {other}"),
        }
    }
}

impl State {
    fn send(&mut self, body: &Value) -> (u16, Value) {
        let entries = body["Entries"].as_array().unwrap();
        assert!((1..=10).contains(&entries.len()), "SQS takes 1 to 10 entries at once");
        let (failing, sender_fault) = match self.mishaps.pop_front() {
            Some(Mishap::Throttled) => {
                return (
                    400,
                    json!({"__type": "com.amazonaws.sqs#RequestThrottled", "message": "slow down"}),
                );
            }
            Some(Mishap::Entries(places)) => (places.to_vec(), false),
            Some(Mishap::SenderFault) => ((0..entries.len()).collect(), true),
            None => (Vec::new(), false),
        };
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for (place, entry) in entries.iter().enumerate() {
            if failing.contains(&place) {
                failed.push(json!({"Id": entry["Id"], "SenderFault": sender_fault, "Code": "InternalError"}));
                continue;
            }
            let trace = &entry["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"];
            self.queues.entry("queue").or_default().push(Message {
                body: entry["MessageBody"].as_str().unwrap().to_owned(),
                group: entry["MessageGroupId"].as_str().unwrap().to_owned(),
                trace: trace.as_str().map(str::to_owned),
                ..Message::default()
            });
            successful.push(json!({"Id": entry["Id"], "MessageId": "m", "MD5OfMessageBody": ""}));
        }
        (200, json!({"Successful": successful, "Failed": failed}))
    }

    fn receive(&mut self, queue: &'static str, body: &Value, now: u64) -> Value {
        let count_max = usize::try_from(body["MaxNumberOfMessages"].as_u64().unwrap()).unwrap();
        let mut received = Vec::new();
        let (kept, dead): (Vec<_>, Vec<_>) =
            self.queues.remove(queue).unwrap_or_default().into_iter().partition(|message| {
                queue == "dead-letters" || message.visible_at_ms > now || message.receives < RECEIVES_MAX
            });
        self.queues.insert(queue, kept);
        let dead = dead.into_iter().map(|message| Message { receipt: None, ..message });
        self.queues.entry("dead-letters").or_default().extend(dead);
        for message in self.queues.entry(queue).or_default() {
            if received.len() == count_max || message.visible_at_ms > now {
                continue;
            }
            self.receipts += 1;
            message.receives += 1;
            message.visible_at_ms = now + HIDDEN_MS;
            message.receipt = Some(self.receipts.to_string());
            received.push(json!({
                "MessageId": "m",
                "ReceiptHandle": message.receipt,
                "Body": message.body,
                "Attributes": {"ApproximateReceiveCount": message.receives.to_string()},
            }));
        }
        json!({"Messages": received})
    }
}
