//! A stack on AWS: its table and queue, the settings of its workers, and how copies are enqueued.

use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::Output;
use concord_cloud::{DynamoLedger, LedgerSettings, SqsQueue, trace_header};
use concord_protocol::ports::{Clock, EnqueueCopies};
use concord_protocol::{Calculation, Job, JobId, copy_ranges};

use super::access::Aws;
use super::settings::StackSettings;
use crate::error::CliError;
use crate::settings::{AwsChoice, StackChoice};

/// Copies that are enqueued between two checks for an interrupt.
const COPIES_PER_CHECK_MAX: u32 = 1_000;

/// Days until written items expire, when no stack says otherwise.
const KEEP_DAYS_DEFAULT: u32 = 30;

/// A stack, ready to use.
pub(crate) struct Stack {
    /// The flags that name it, for the command of a hint.
    pub(crate) flags: String,
    /// The settings of its workers.
    pub(crate) deployed: StackSettings,
    /// Its outputs and the status of its deployment; empty when no stack describes the fleet.
    pub(super) description: Description,
    pub(super) aws: Aws,
    ledger: DynamoLedger,
    queue: SqsQueue,
}

/// What `CloudFormation` says of a stack.
#[derive(Debug, Default)]
pub(super) struct Description {
    /// The status of its deployment.
    pub(super) status: String,
    /// All outputs, by name.
    outputs: Vec<(String, String)>,
}

impl Description {
    /// The output of that name.
    pub(super) fn output(&self, name: &str) -> Option<&str> {
        self.outputs.iter().find(|(output, _)| output == name).map(|(_, value)| value.as_str())
    }

    fn deployed(&self) -> StackSettings {
        StackSettings {
            calculation: self.output("Calculation").unwrap_or_default().to_owned(),
            attempts: self.number("Attempts"),
            receives_max: self.number("MaxReceives"),
            timeout_s: self.number("Timeout"),
        }
    }

    fn number<N: FromStr>(&self, name: &str) -> Option<N> {
        self.output(name).and_then(|value| value.parse().ok())
    }
}

impl Stack {
    /// Opens the stack that the user chose.
    pub(crate) async fn open(
        choice: &StackChoice,
        aws_choice: &AwsChoice,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CliError> {
        let aws = Aws::connect(aws_choice, None).await?;
        // Without this check the first request would fail with a less helpful error.
        aws.region()?;
        let (description, queue_url, ledger_settings) = match choice {
            StackChoice::Named(name) => described(&aws, name).await?,
            StackChoice::Parts { queue_url, table, bucket } => {
                let (table, bucket) = (table.clone(), bucket.clone());
                let ledger_settings = LedgerSettings { table, bucket, keep_days: KEEP_DAYS_DEFAULT };
                (Description::default(), queue_url.clone(), ledger_settings)
            }
        };
        let ledger = DynamoLedger::new(&aws.config, ledger_settings, clock);
        let queue = SqsQueue::new(&aws.config, queue_url, ledger.clone());
        let deployed = description.deployed();
        Ok(Self { flags: choice.flags(aws_choice), deployed, description, aws, ledger, queue })
    }

    /// The ledger of its jobs.
    pub(crate) fn ledger(&self) -> &DynamoLedger {
        &self.ledger
    }

    /// The calculation of a job in this stack.
    pub(crate) fn calculation(&self) -> Calculation {
        Calculation::Deployed { description: self.deployed.calculation.clone() }
    }

    /// Whether all copies of the job's round were put on the queue.
    pub(crate) async fn is_enqueued(&self, job: &Job) -> Result<bool, CliError> {
        Ok(self.ledger.is_enqueued(job).await?)
    }

    /// Folds the outcomes of a job that its tallies lack; gives how many there were.
    pub(crate) async fn refold(&self, job: &Job) -> Result<usize, CliError> {
        Ok(self.ledger.refold(job).await?)
    }

    /// Enqueues the copies of the job's round that gave no digest, and records when all are enqueued. Calls `part`
    /// with each range of copies that was enqueued; stops when `part` gives `false`. Gives whether all are enqueued.
    pub(crate) async fn enqueue(
        &self,
        job: &Job,
        mut part: impl FnMut(&JobId, Range<u32>) -> bool,
    ) -> Result<bool, CliError> {
        let (id, round, copies) = (&job.spec.job, job.state.round(), job.state.copies());
        let queue = self.queue.clone().traced(trace_header(job));
        for range in copy_ranges(0..copies, COPIES_PER_CHECK_MAX) {
            queue.enqueue_copies(id, round, range.clone()).await?;
            if !part(id, range) {
                return Ok(false);
            }
        }
        self.ledger.set_enqueued(id, round, copies).await?;
        Ok(true)
    }
}

/// The description of a stack, with its queue, and the settings of its ledger.
async fn described(aws: &Aws, name: &str) -> Result<(Description, String, LedgerSettings), CliError> {
    let description = describe(aws, name).await?;
    let output =
        |output: &str| description.output(output).map(str::to_owned).ok_or_else(|| not_ours(name, output));
    let ledger_settings = LedgerSettings {
        table: output("TableName")?,
        bucket: Some(output("BucketName")?),
        keep_days: output("KeepDays")?.parse().unwrap_or(KEEP_DAYS_DEFAULT),
    };
    let queue_url = output("QueueUrl")?;
    output("Calculation")?;
    Ok((description, queue_url, ledger_settings))
}

async fn describe(aws: &Aws, name: &str) -> Result<Description, CliError> {
    let client = aws_sdk_cloudformation::Client::new(&aws.brief);
    let described = client.describe_stacks().stack_name(name).send().await;
    let described = described.map_err(|error| {
        let unknown = error.message().is_some_and(|message| message.contains("does not exist"));
        let cause = anyhow::Error::new(error).context(format!("cannot read the stack {name:?}"));
        if unknown {
            CliError::usage(cause).hint("make deploy STACK=NAME deploys one; --region and --profile say where it is")
        } else {
            CliError::failed(cause).hint("see that the network, --region, --profile and --endpoint-url are right, and that you may cloudformation:DescribeStacks")
        }
    })?;
    let stack = described.stacks.unwrap_or_default().into_iter().next();
    let stack = stack.ok_or_else(|| CliError::usage_text(format!("there is no stack {name:?}")))?;
    let status = stack.stack_status.map_or_else(String::new, |status| status.as_str().to_owned());
    let outputs = stack.outputs;
    let pair = |output: Output| Some((output.output_key?, output.output_value?));
    let outputs: Vec<_> = outputs.unwrap_or_default().into_iter().filter_map(pair).collect();
    Ok(Description { status, outputs })
}

fn not_ours(stack: &str, output: &str) -> CliError {
    CliError::usage_text(format!("the stack {stack:?} has no output {output}"))
        .hint("name a stack that make deploy has made, with this version; producer doctor says more")
}
