//! The backend of a verb: the store of this machine, or a stack on AWS. Implements the ports over either.

use std::fs::DirBuilder;
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;

use concord_explain::SampleLimits;
use concord_local::{OpenError, Store};
use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{
    Clock, CreateJobs, FindJobs, ListJobs, ListOpenJobs, NewJob, PortResult, ReadGolden, ReadJob,
    ReadOutcomes, ReadOutput, ReadSubmission, ReadTally, ReplaceState, WriteGolden, WriteOutput,
};
use concord_protocol::{
    Digest, Golden, GoldenKey, Job, JobId, JobState, JobTally, ListFilter, Lookup, Outcome, Timestamp,
};

use crate::aws::Stack;
use crate::error::CliError;
use crate::settings::Settings;

/// Copies whose outcomes are read in one step, and for one explanation, at most. They are held in memory.
pub(crate) const COPIES_PER_READ_MAX: u32 = 10 * CHUNK_COPIES;

/// How many copies of a job in a store of this machine have their outcomes read.
const LOCAL_SAMPLE: SampleLimits =
    SampleLimits { copies_max: COPIES_PER_READ_MAX, singles_max: COPIES_PER_READ_MAX / 2, block_copies: 1 };

/// The same of a job in a stack, where each read costs.
const STACK_SAMPLE: SampleLimits =
    SampleLimits { copies_max: COPIES_PER_READ_MAX, singles_max: 100, block_copies: CHUNK_COPIES };

/// Where a verb reads and writes jobs.
pub(crate) enum Backend {
    /// A store on this machine. This process also runs its copies.
    Local(Store),
    /// A stack on AWS, which runs the copies itself.
    Stack(Box<Stack>),
}

impl Backend {
    /// Opens the stack that the settings name, or else the store; `None` when there is no store yet.
    pub(crate) async fn open(settings: &Settings) -> Result<Option<Self>, CliError> {
        if let Some(stack) = open_stack(settings).await? {
            return Ok(Some(Self::Stack(Box::new(stack))));
        }
        let exists = settings.store.try_exists().unwrap_or(true);
        if exists { create_store(settings).await.map(Self::Local).map(Some) } else { Ok(None) }
    }

    /// The same for verbs that only read. The store is not written to.
    pub(crate) async fn open_to_read(settings: &Settings) -> Result<Option<Self>, CliError> {
        if let Some(stack) = open_stack(settings).await? {
            return Ok(Some(Self::Stack(Box::new(stack))));
        }
        if !settings.store.try_exists().unwrap_or(true) {
            return Ok(None);
        }
        let store = match Store::open_to_read(&settings.store, settings.opening.clone()) {
            Err(OpenError::Empty { .. }) => return Ok(None),
            opened => opened?,
        };
        Ok(Some(Self::Local(concord_local::up_to_date(store).await?)))
    }

    /// The present time for the jobs of this backend: `clock` shows it, but the processes that use one store at the same time
    /// agree on it even if somebody sets the clock.
    pub(crate) fn now(&self, clock: &dyn Clock) -> Timestamp {
        match self {
            Self::Local(store) => store.clock().now(),
            Self::Stack(_) => clock.now(),
        }
    }

    /// The stack, if `self` is one.
    pub(crate) fn stack(&self) -> Option<&Stack> {
        match self {
            Self::Local(_) => None,
            Self::Stack(stack) => Some(stack),
        }
    }

    /// How many copies of a job have their outcomes read for an explanation.
    pub(crate) fn sample(&self) -> SampleLimits {
        if self.stack().is_some() { STACK_SAMPLE } else { LOCAL_SAMPLE }
    }
}

/// Opens the stack that the settings name, if they name one.
pub(crate) async fn open_stack(settings: &Settings) -> Result<Option<Stack>, CliError> {
    let Some(choice) = &settings.stack else { return Ok(None) };
    Stack::open(choice, &settings.aws, Arc::clone(&settings.clock)).await.map(Some)
}

/// Opens the store, and creates it if there is none.
pub(crate) async fn create_store(settings: &Settings) -> Result<Store, CliError> {
    if settings.is_default_store
        && let Some(folder) = settings.store.parent()
    {
        // Programs, payloads and outputs are in the store: others need not read it. A folder that exists keeps its mode.
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
            let cause = anyhow::Error::new(error).context(format!("cannot create {}", folder.display()));
            CliError::failed(cause).hint("name another place with --store PATH")
        })?;
    }
    let store = Store::open(&settings.store, settings.opening.clone())?;
    concord_local::catch_up(&store).await?;
    Ok(store)
}

/// Implements a port by the same method of the store or of the stack's ledger.
macro_rules! port {
    ($port:ident: fn $method:ident(&self $(, $argument:ident: $type:ty)*) -> $result:ty) => {
        impl $port for Backend {
            async fn $method(&self $(, $argument: $type)*) -> PortResult<$result> {
                match self {
                    Self::Local(store) => store.$method($($argument),*).await,
                    Self::Stack(stack) => stack.ledger().$method($($argument),*).await,
                }
            }
        }
    };
}

port!(CreateJobs: fn create_jobs(&self, jobs: Vec<NewJob>) -> Option<Job>);
port!(FindJobs: fn find_jobs(&self, name: &str) -> Lookup);
port!(ListJobs: fn list_jobs(&self, filter: ListFilter) -> Vec<Job>);
port!(ListOpenJobs: fn list_open_jobs(&self) -> Vec<JobId>);
port!(ReadSubmission: fn read_submission(&self, submission: &JobId) -> Vec<JobId>);
port!(ReadJob: fn read_job(&self, job: &JobId) -> Option<Job>);
port!(ReadTally: fn read_tally(&self, job: &JobId) -> JobTally);
port!(ReadOutcomes: fn read_outcomes(&self, job: &JobId, copies: Range<u32>) -> Vec<Outcome>);
port!(ReadOutput: fn read_output(&self, job: &JobId, digest: Digest) -> Option<Vec<u8>>);
port!(WriteOutput: fn write_output(&self, job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> ());
port!(ReadGolden: fn read_golden(&self, key: &GoldenKey) -> Option<Golden>);
port!(WriteGolden: fn write_golden(&self, golden: Golden) -> ());
port!(ReplaceState: fn replace_state(&self, job: &JobId, state: JobState) -> bool);
