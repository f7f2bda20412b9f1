//! A stack on AWS: where it is, what it was deployed with, and how copies reach it.

use std::ops::Range;
use std::sync::Arc;

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::types::Output;
use concord_cloud::{Ledger, Place, Queue, trace_header};
use concord_protocol::ports::{Clock, EnqueueCopies};
use concord_protocol::{Calculation, Job, JobId};

use crate::args::{AwsArgs, StackArgs};
use crate::aws::Aws;
use crate::error::CliError;

/// Copies put on the queue between two looks at whether the user interrupted.
const ENQUEUED_AT_ONCE_MAX: u32 = 1_000;

/// Days until what is written expires, when no stack says.
const KEEP_DAYS: u32 = 30;

/// A stack that can be worked with.
pub(crate) struct Stack {
    /// How the user named it, as flags to go on with.
    pub(crate) flags: String,
    pub(crate) aws: Aws,
    pub(crate) ledger: Ledger,
    queue: Queue,
    /// What its outputs say.
    pub(crate) deployed: Deployed,
}

/// What a stack was deployed with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deployed {
    /// What its workers run, as the workers describe it themselves; empty when it is not known.
    pub(crate) calculation: String,
    /// Runs that a failing copy gets.
    pub(crate) attempts: Option<u32>,
    /// Deliveries before a message becomes a dead letter.
    pub(crate) receives_max: Option<u32>,
    /// Seconds that one run may take.
    pub(crate) timeout_s: Option<u64>,
    /// How its deployment stands; empty when it is not known.
    pub(crate) status: String,
    /// All outputs, by name.
    pub(crate) outputs: Vec<(String, String)>,
}

impl Deployed {
    /// An output, by its name.
    pub(crate) fn output(&self, name: &str) -> Option<&str> {
        self.outputs.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

impl Stack {
    /// The stack that the flags or the environment name; none when they name none.
    pub(crate) async fn open(
        args: &StackArgs,
        aws_args: &AwsArgs,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, CliError> {
        let aws = match (&args.stack, &args.queue_url) {
            (None, None) => return Ok(None),
            _ => Aws::connect(aws_args, None).await?,
        };
        // Without a region the first request would fail with less to say.
        aws.region()?;
        let (deployed, queue_url, place) = match (&args.stack, &args.queue_url, &args.table) {
            (Some(name), ..) => {
                let deployed = describe(&aws, name).await?;
                let output = |output: &str| {
                    deployed.output(output).map(str::to_owned).ok_or_else(|| not_ours(name, output))
                };
                let place = Place {
                    table: output("TableName")?,
                    bucket: Some(output("BucketName")?),
                    keep_days: output("KeepDays")?.parse().unwrap_or(KEEP_DAYS),
                };
                let queue_url = output("QueueUrl")?;
                (deployed, queue_url, place)
            }
            (None, Some(url), Some(table)) => {
                let place = Place { table: table.clone(), bucket: args.bucket.clone(), keep_days: KEEP_DAYS };
                (Deployed::default(), url.clone(), place)
            }
            _ => return Err(CliError::usage_text("--queue-url needs --table beside it")),
        };
        let ledger = Ledger::new(&aws.config, place, clock);
        let queue = Queue::new(&aws.config, queue_url, ledger.clone());
        Ok(Some(Self { flags: args.flags(aws_args), aws, ledger, queue, deployed }))
    }

    /// What runs in it, for a job.
    pub(crate) fn calculation(&self) -> Calculation {
        Calculation::Deployed { description: self.deployed.calculation.clone() }
    }

    /// Whether all copies of the job's round were put on the queue.
    pub(crate) async fn is_enqueued(&self, job: &Job) -> Result<bool, CliError> {
        Ok(self.ledger.is_enqueued(job).await?)
    }

    /// Has outcomes of a job that its tallies lack folded again; gives how many.
    pub(crate) async fn refold(&self, job: &Job) -> Result<usize, CliError> {
        Ok(self.ledger.refold(job).await?)
    }

    /// Puts the copies of the job's round that gave no digest on the queue, and records that when all are there.
    /// `part` hears of each part that is, and says whether to go on.
    pub(crate) async fn enqueue(
        &self,
        job: &Job,
        mut part: impl FnMut(&JobId, Range<u32>) -> bool,
    ) -> Result<bool, CliError> {
        let (id, round, copies) = (&job.spec.job, job.state.round(), job.state.copies());
        let queue = self.queue.clone().traced(trace_header(job));
        for from in (0..copies).step_by(ENQUEUED_AT_ONCE_MAX as usize) {
            let range = from..copies.min(from.saturating_add(ENQUEUED_AT_ONCE_MAX));
            queue.enqueue_copies(id, round, range.clone()).await?;
            if !part(id, range) {
                return Ok(false);
            }
        }
        self.ledger.set_enqueued(id, round, copies).await?;
        Ok(true)
    }
}

async fn describe(aws: &Aws, name: &str) -> Result<Deployed, CliError> {
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
    let deployed = Deployed { outputs, ..Deployed::default() };
    let number = |name: &str| deployed.output(name).and_then(|value| value.parse().ok());
    Ok(Deployed {
        calculation: deployed.output("Calculation").ok_or_else(|| not_ours(name, "Calculation"))?.to_owned(),
        attempts: number("Attempts"),
        receives_max: number("MaxReceives"),
        timeout_s: deployed.output("Timeout").and_then(|value| value.parse().ok()),
        status,
        outputs: deployed.outputs.clone(),
    })
}

fn not_ours(stack: &str, output: &str) -> CliError {
    CliError::usage_text(format!("the stack {stack:?} has no output {output}"))
        .hint("name a stack that make deploy has made, with this version; producer doctor says more")
}
