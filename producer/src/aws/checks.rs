//! The parts of a stack, and what must be true of each.

use aws_sdk_dynamodb::types::{IndexStatus, StreamViewType, TableStatus, TimeToLiveStatus};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_sqs::types::QueueAttributeName;
use concord_cloud::BY_STATUS;
use serde_json::Value;

use super::stack::Stack;
use crate::error::CliError;
use crate::render::words::counted;
use crate::result::finding::CheckFinding;

/// A description of a healthy part, or what is wrong with the part.
type Seen = Result<String, Wrong>;

/// What is wrong with a part, and how to repair it.
#[derive(Debug)]
struct Wrong {
    found: String,
    hint: String,
}

impl Wrong {
    fn new(found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { found: found.into(), hint: hint.into() }
    }

    /// A part that could not be read, perhaps because the caller does not have `permission`.
    fn unreadable(error: impl Into<anyhow::Error>, permission: &str) -> Self {
        Self::new(
            format!("could not be read: {:#}", error.into()),
            format!("see that it was not deleted, and that you may {permission}"),
        )
    }
}

/// A part of a stack.
#[derive(Clone, Copy)]
enum Part {
    Stack,
    Queue,
    /// The worker whose name is this output.
    Worker(&'static str),
    Aggregator,
    /// The event source mapping whose id is this output.
    Mapping(&'static str),
    Table,
    TimeToLive,
    Quarantine,
    Alarm,
}

/// The parts, in the order in which data flows through them.
const PARTS: [(&str, Part); 14] = [
    ("stack", Part::Stack),
    ("queue", Part::Queue),
    ("worker", Part::Worker("WorkerFunction")),
    ("worker arm64", Part::Worker("WorkerArm64Function")),
    ("copies", Part::Mapping("WorkerMappingId")),
    ("copies arm64", Part::Mapping("WorkerArm64MappingId")),
    ("table", Part::Table),
    ("time to live", Part::TimeToLive),
    ("changes", Part::Mapping("StreamMappingId")),
    ("aggregator", Part::Aggregator),
    ("deadlines", Part::Mapping("DeadlineMappingId")),
    ("dead letters", Part::Mapping("DeadLetterMappingId")),
    ("quarantine", Part::Quarantine),
    ("alarm", Part::Alarm),
];

/// Examines every part of a stack, in the order of the data, and hands each finding to `report`.
pub(crate) async fn examine(
    stack: &Stack,
    mut report: impl FnMut(CheckFinding) -> Result<(), CliError>,
) -> Result<(), CliError> {
    for (check, part) in PARTS {
        let (ok, found, hint) = match part.check(stack).await {
            Ok(None) => continue,
            Ok(Some(found)) => (true, found, None),
            Err(Wrong { found, hint }) => (false, found, Some(hint)),
        };
        report(CheckFinding { check, ok, found, hint })?;
    }
    Ok(())
}

impl Part {
    /// Reads and checks the part; `None` when the stack does not have it.
    async fn check(self, stack: &Stack) -> Result<Option<String>, Wrong> {
        match self {
            Self::Stack => status(stack).map(Some),
            Self::Queue => queue(stack).await.map(Some),
            Self::Worker(output) => function(stack, output, true).await,
            Self::Aggregator => function(stack, "AggregatorFunction", false).await,
            Self::Mapping(output) => mapping(stack, output).await,
            Self::Table => table(stack).await.map(Some),
            Self::TimeToLive => time_to_live(stack).await.map(Some),
            Self::Quarantine => quarantine(stack).await.map(Some),
            Self::Alarm => alarm(stack).map(Some),
        }
    }
}

const REDEPLOY: &str = "make deploy STACK=NAME puts it right";

fn output<'a>(stack: &'a Stack, name: &str) -> Result<&'a str, Wrong> {
    let missing = || {
        Wrong::new(format!("the stack has no output {name}"), format!("it is of another version: {REDEPLOY}"))
    };
    stack.description.output(name).ok_or_else(missing)
}

fn status(stack: &Stack) -> Seen {
    let status = &stack.description.status;
    let settled = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"];
    if settled.contains(&status.as_str()) {
        return Ok(format!("{status}, in {}", stack.aws.region_or_empty()));
    }
    Err(Wrong::new(
        status.clone(),
        "wait for the deployment, or see its events in the CloudFormation console",
    ))
}

async fn attributes(
    stack: &Stack,
    url: &str,
) -> Result<impl Fn(&QueueAttributeName) -> Option<String> + use<>, Wrong> {
    let client = aws_sdk_sqs::Client::new(&stack.aws.brief);
    let asked = client.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All).send();
    let attributes = asked
        .await
        .map_err(|error| Wrong::unreadable(error, "sqs:GetQueueAttributes"))?
        .attributes
        .unwrap_or_default();
    Ok(move |name: &QueueAttributeName| attributes.get(name).cloned())
}

async fn queue(stack: &Stack) -> Seen {
    let attribute = attributes(stack, output(stack, "QueueUrl")?).await?;
    if attribute(&QueueAttributeName::RedrivePolicy).is_none() {
        return Err(Wrong::new(
            "it has no dead letters: a copy that kills its worker comes again for ever",
            REDEPLOY,
        ));
    }
    let seconds = attribute(&QueueAttributeName::VisibilityTimeout).and_then(|text| text.parse::<u64>().ok());
    if let (Some(hidden), Some(timeout)) = (seconds, stack.deployed.timeout_s)
        && hidden < timeout
    {
        let found = format!("a copy is delivered again after {hidden} s, while it may run for {timeout} s");
        return Err(Wrong::new(found, REDEPLOY));
    }
    let count = |name| attribute(&name).unwrap_or_else(|| "?".to_owned());
    Ok(format!(
        "{} copies wait, {} are being run",
        count(QueueAttributeName::ApproximateNumberOfMessages),
        count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
    ))
}

async fn quarantine(stack: &Stack) -> Seen {
    let attribute = attributes(stack, output(stack, "QuarantineQueueUrl")?).await?;
    // A message that somebody is reading still counts.
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    let counts = names.iter().filter_map(|name| attribute(name)?.parse::<usize>().ok());
    let count: usize = counts.sum();
    if count == 0 {
        return Ok("nothing".to_owned());
    }
    let hint = "read them in the SQS console: each is a message that nothing could handle, or names records of the stream";
    let messages = counted(count, "message", "messages");
    Err(Wrong::new(format!("{messages} must be handled by a person"), hint))
}

async fn table(stack: &Stack) -> Seen {
    let client = aws_sdk_dynamodb::Client::new(&stack.aws.brief);
    let described = client.describe_table().table_name(output(stack, "TableName")?).send().await;
    let described = described.map_err(|error| Wrong::unreadable(error, "dynamodb:DescribeTable"))?;
    let table = described.table.ok_or_else(|| Wrong::new("it is gone", REDEPLOY))?;
    if table.table_status != Some(TableStatus::Active) {
        return Err(Wrong::new(
            format!("it is {:?}", table.table_status),
            "wait, and run producer doctor again",
        ));
    }
    let stream = table.stream_specification.as_ref();
    if !stream.is_some_and(|stream| {
        stream.stream_enabled && stream.stream_view_type == Some(StreamViewType::NewAndOldImages)
    }) {
        return Err(Wrong::new(
            "its stream does not give new and old images: no verdict is reached",
            REDEPLOY,
        ));
    }
    let indexes = table.global_secondary_indexes.unwrap_or_default();
    let jobs_index = indexes.iter().find(|index| index.index_name.as_deref() == Some(BY_STATUS));
    let jobs_index = jobs_index.ok_or_else(|| {
        Wrong::new(format!("its index {BY_STATUS} is missing, so list finds nothing"), REDEPLOY)
    })?;
    if let Some(status) = jobs_index.index_status.as_ref().filter(|status| **status != IndexStatus::Active) {
        return Err(Wrong::new(
            format!("its index {BY_STATUS} is {}", status.as_str()),
            "wait, and run producer doctor again",
        ));
    }
    Ok(format!("active, with stream and index: {}", table.table_name.unwrap_or_default()))
}

async fn time_to_live(stack: &Stack) -> Seen {
    let client = aws_sdk_dynamodb::Client::new(&stack.aws.brief);
    let asked = client.describe_time_to_live().table_name(output(stack, "TableName")?).send();
    let described = asked.await.map_err(|error| Wrong::unreadable(error, "dynamodb:DescribeTimeToLive"))?;
    let described = described.time_to_live_description;
    let status = described.as_ref().and_then(|described| described.time_to_live_status.clone());
    if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
        return Ok(format!(
            "items expire after {} days",
            stack.description.output("KeepDays").unwrap_or("?")
        ));
    }
    Err(Wrong::new("off: the table grows for ever", REDEPLOY))
}

async fn mapping(stack: &Stack, name: &str) -> Result<Option<String>, Wrong> {
    let Some(id) = stack.description.output(name) else {
        return if name.contains("Arm64") { Ok(None) } else { output(stack, name).map(|_| None) };
    };
    let client = aws_sdk_lambda::Client::new(&stack.aws.brief);
    let asked = client.get_event_source_mapping().uuid(id).send();
    let mapping = asked.await.map_err(|error| Wrong::unreadable(error, "lambda:GetEventSourceMapping"))?;
    let state = mapping.state.unwrap_or_default();
    if state != "Enabled" {
        let found = format!("the event source mapping {id} is {state}: it delivers nothing");
        let hint = format!("aws lambda update-event-source-mapping --uuid {id} --enabled");
        return Err(Wrong::new(found, hint));
    }
    let last = mapping.last_processing_result.filter(|last| !last.is_empty());
    Ok(Some(last.map_or_else(|| "enabled".to_owned(), |last| format!("enabled; last time: {last}"))))
}

/// A function that answers with its version was started with valid settings.
async fn function(stack: &Stack, name: &str, is_worker: bool) -> Result<Option<String>, Wrong> {
    let Some(function) = stack.description.output(name) else {
        return if name.contains("Arm64") { Ok(None) } else { output(stack, name).map(|_| None) };
    };
    let client = aws_sdk_lambda::Client::new(&stack.aws.brief);
    let question = Blob::new(br#"{"ask":"version"}"#.as_slice());
    let asked = client.invoke().function_name(function).qualifier("live").payload(question).send();
    let reply = asked.await.map_err(|error| Wrong::unreadable(error, "lambda:InvokeFunction"))?;
    let body = reply.payload.as_ref().map(AsRef::as_ref).unwrap_or_default();
    if reply.function_error.is_some() {
        let found = format!("it failed: {}", String::from_utf8_lossy(body));
        return Err(Wrong::new(found, format!("its log says more; if a setting is wrong, {REDEPLOY}")));
    }
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let here = env!("CARGO_PKG_VERSION");
    let there = said["version"].as_str().unwrap_or("unknown");
    if there != here {
        let found = format!("it has version {there}; this program has version {here}");
        return Err(Wrong::new(found, "make deploy STACK=NAME, or use the program of that version"));
    }
    if is_worker && said["calculation"] != stack.deployed.calculation.as_str() {
        let found =
            format!("it runs {}, the stack says {:?}", said["calculation"], stack.deployed.calculation);
        return Err(Wrong::new(found, REDEPLOY));
    }
    let runs = if is_worker { format!(", runs: {}", stack.deployed.calculation) } else { String::new() };
    Ok(Some(format!("{function}, version {there}{runs}")))
}

/// The alarm as the outputs of the stack name it. The alarm itself is not read.
fn alarm(stack: &Stack) -> Seen {
    let (name, topic) = (output(stack, "DivergenceAlarm")?, output(stack, "TopicArn")?);
    Ok(format!(
        "{name} sends to {topic}, according to the outputs of the stack; its state and its subscribers were not checked"
    ))
}
