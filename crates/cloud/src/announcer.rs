//! Announces verdicts: each becomes an event on EventBridge, and metrics for the alarms.

use std::io::Write;
use std::sync::Mutex;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use concord_protocol::ports::{Announce, PortError, PortResult, ReadJob, ReadTally};
use concord_protocol::{Announcement, Cause, Digest, Evidence, Job, JobId, JobTally, Timestamp, Verdict};
use serde::Serialize;
use serde_json::{Value, json};

use crate::aws_error;
use crate::item::rfc3339::Rfc3339;
use crate::ledger::DynamoLedger;

/// The source of the events.
pub const EVENT_SOURCE: &str = "concord";

/// The detail type of the events.
pub const EVENT_DETAIL_TYPE: &str = "Concord Verdict";

/// The namespace of the metrics.
pub const METRIC_NAMESPACE: &str = "Concord";

/// The version of the event's detail. Raise it when a field is removed or changes its meaning.
const DETAIL_VERSION: u32 = 1;

/// The most digests, and the most failure reasons, that an event names.
const NAMED_MAX: usize = 10;

/// Announces verdicts on EventBridge, and writes metrics to a log in CloudWatch's embedded metric format.
pub struct Announcer<W> {
    events: aws_sdk_eventbridge::Client,
    bus: String,
    stack: String,
    ledger: DynamoLedger,
    log: Mutex<W>,
}

impl<W: Write> Announcer<W> {
    /// An announcer for the jobs in `ledger`. CloudWatch Logs must receive `log`: in a function, `log` is standard
    /// output.
    pub fn new(
        config: &aws_config::SdkConfig,
        bus: String,
        stack: String,
        ledger: DynamoLedger,
        log: W,
    ) -> Self {
        Self { events: aws_sdk_eventbridge::Client::new(config), bus, stack, ledger, log: Mutex::new(log) }
    }

    async fn put_event(&self, detail: &Detail<'_>) -> PortResult<()> {
        let refused = |error| PortError::Permanent(Box::new(error));
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(EVENT_SOURCE)
            .detail_type(EVENT_DETAIL_TYPE)
            .detail(serde_json::to_string(detail).map_err(refused)?)
            .build();
        let put =
            self.events.put_events().entries(entry).send().await.map_err(aws_error::port("PutEvents"))?;
        let failed = put.entries().iter().find_map(|entry| entry.error_code());
        failed.map_or(Ok(()), |code| Err(PortError::Transient(format!("PutEvents: {code}").into())))
    }
}

impl<W: Write + Send> Announce for Announcer<W> {
    /// Writes the metrics after EventBridge has accepted the event. Both happen at least once: when a batch of the
    /// stream is delivered again, they happen again. The sums of the metrics are therefore upper bounds.
    async fn announce(&self, announcement: &Announcement) -> PortResult<()> {
        let job = self.ledger.read_job(&announcement.job).await?;
        let job = job.ok_or(PortError::Invalid("a verdict names a job that is not in the ledger"))?;
        let tally = self.ledger.read_tally(&announcement.job).await?;
        let detail = Detail::new(&self.stack, announcement, &job, &tally);
        self.put_event(&detail).await?;
        let line = format!("{}\n", metrics(&detail, self.ledger.now()));
        let mut log = self.log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        log.write_all(line.as_bytes()).map_err(|error| PortError::Transient(Box::new(error)))
    }
}

/// The detail of an event, as JSON.
#[derive(Serialize)]
struct Detail<'a> {
    version: u32,
    stack: &'a str,
    job: &'a JobId,
    submission: &'a JobId,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<Cause>,
    revision: u64,
    submitted_at: Rfc3339,
    decided_at: Rfc3339,
    time_to_verdict_ms: u64,
    copies: u32,
    succeeded: u32,
    failed: u32,
    distinct_digests: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<Digest>,
    digests: Vec<NamedDigest>,
    failures: Vec<NamedFailure>,
    /// The evidence for the verdict; absent when the job's state has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a Evidence>,
}

#[derive(Serialize)]
struct NamedDigest {
    digest: Digest,
    copies: u32,
    first_copy: u32,
}

#[derive(Serialize)]
struct NamedFailure {
    reason: String,
    copies: u32,
}

impl<'a> Detail<'a> {
    fn new(stack: &'a str, announcement: &'a Announcement, job: &'a Job, tally: &JobTally) -> Self {
        let digests = tally.digests();
        let failures = tally.failures(job.state.round(), job.state.copies()).into_iter();
        // If the state has changed since the announcement, its cause belongs to another verdict.
        let cause = job.state.cause().filter(|_| job.state.revision() == announcement.revision);
        Self {
            version: DETAIL_VERSION,
            stack,
            job: &announcement.job,
            submission: &job.spec.submission,
            verdict: announcement.verdict,
            cause,
            revision: announcement.revision,
            submitted_at: Rfc3339(job.spec.submitted_at),
            decided_at: Rfc3339(announcement.decided_at),
            time_to_verdict_ms: announcement.decided_at.ms_since(job.spec.submitted_at),
            copies: job.state.copies(),
            succeeded: tally.produced(),
            failed: tally.failed(job.state.round(), job.state.copies()),
            distinct_digests: digests.len(),
            expected: job.spec.policy.expect,
            digests: digests
                .into_iter()
                .take(NAMED_MAX)
                .map(|count| NamedDigest {
                    digest: count.digest,
                    copies: count.copies,
                    first_copy: count.first_copy,
                })
                .collect(),
            evidence: job.state.evidence(),
            failures: failures
                .take(NAMED_MAX)
                .map(|(reason, copies)| NamedFailure { reason, copies })
                .collect(),
        }
    }
}

/// A line in the embedded metric format. It has few dimensions, because AWS bills each combination of values as a
/// metric.
fn metrics(detail: &Detail<'_>, now: Timestamp) -> Value {
    let metric = |name: &str, unit: &str| json!({"Name": name, "Unit": unit});
    json!({
        "_aws": {
            // The time of the announcement, not of the verdict: an alarm does not evaluate the past.
            "Timestamp": now.unix_ms,
            "CloudWatchMetrics": [
                {
                    "Namespace": METRIC_NAMESPACE,
                    "Dimensions": [["Stack", "Verdict"]],
                    "Metrics": [metric("Jobs", "Count")],
                },
                {
                    "Namespace": METRIC_NAMESPACE,
                    "Dimensions": [["Stack"]],
                    "Metrics": [
                        metric("Copies", "Count"),
                        metric("Failures", "Count"),
                        metric("DistinctDigests", "Count"),
                        metric("TimeToVerdict", "Milliseconds"),
                    ],
                },
            ],
        },
        "Stack": detail.stack,
        "Verdict": detail.verdict,
        "Jobs": 1,
        "Copies": detail.copies,
        "Failures": detail.failed,
        "DistinctDigests": detail.distinct_digests,
        "TimeToVerdict": detail.time_to_verdict_ms,
        "job": detail.job,
    })
}
