//! Where jobs are kept: in the store of this machine, or in a stack.

use std::ops::Range;
use std::sync::Arc;

use concord_local::{Found, Listed, Store};
use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::{
    CreateJobs, NewJob, PortResult, ReadGolden, ReadJob, ReadOutcomes, ReadOutput, ReadTally, ReplaceState,
    WriteGolden, WriteOutput,
};
use concord_protocol::{Digest, Golden, GoldenKey, Job, JobId, JobState, JobTally, Outcome};
use futures::executor::block_on;

use crate::stack::Stack;

/// Copies whose outcomes are looked at in a stack, at most: each read costs.
const COPIES_READ_MAX: u32 = 20 * CHUNK_COPIES;

/// Copies whose outcomes are looked at in a store of this machine, at most: they are held in memory.
const COPIES_READ_HERE_MAX: u32 = 200 * CHUNK_COPIES;

/// Copies whose outcomes are read in one step.
const COPIES_AT_ONCE: u32 = 20 * CHUNK_COPIES;

/// Candidates that are named when a name is ambiguous, at most.
const CANDIDATES_MAX: usize = 10;

/// The ledger that a verb works on. Every method waits for its answer.
pub(crate) enum Home {
    /// A store on this machine, which also does the work.
    Local(Store),
    /// A stack on AWS, which does the work by itself.
    Stack(Box<Stack>),
}

/// The same question to whichever ledger it is.
macro_rules! ask {
    ($home:expr, $ledger:ident => $question:expr) => {
        match $home {
            Home::Local($ledger) => block_on($question),
            Home::Stack(stack) => {
                let $ledger = &stack.ledger;
                stack.aws.block_on($question)
            }
        }
    };
}

impl Home {
    /// The stack, when it is one.
    pub(crate) fn stack(&self) -> Option<&Stack> {
        match self {
            Self::Local(_) => None,
            Self::Stack(stack) => Some(stack),
        }
    }

    pub(crate) fn create_jobs(&self, jobs: Vec<NewJob>) -> PortResult<Option<Job>> {
        ask!(self, ledger => ledger.create_jobs(jobs))
    }

    pub(crate) fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
        ask!(self, ledger => ledger.read_job(job))
    }

    pub(crate) fn read_tally(&self, job: &JobId) -> PortResult<JobTally> {
        ask!(self, ledger => ledger.read_tally(job))
    }

    pub(crate) fn read_outcomes(&self, job: &JobId, copies: Range<u32>) -> PortResult<Vec<Outcome>> {
        ask!(self, ledger => ledger.read_outcomes(job, copies))
    }

    pub(crate) fn read_output(&self, job: &JobId, digest: Digest) -> PortResult<Option<Vec<u8>>> {
        ask!(self, ledger => ledger.read_output(job, digest))
    }

    pub(crate) fn read_golden(&self, key: &GoldenKey) -> PortResult<Option<Golden>> {
        ask!(self, ledger => ledger.read_golden(key))
    }

    pub(crate) fn write_golden(&self, golden: Golden) -> PortResult<()> {
        ask!(self, ledger => ledger.write_golden(golden))
    }

    pub(crate) fn write_output(&self, job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> PortResult<()> {
        ask!(self, ledger => ledger.write_output(job, digest, bytes))
    }

    pub(crate) fn replace_state(&self, job: &JobId, state: JobState) -> PortResult<bool> {
        ask!(self, ledger => ledger.replace_state(job, state))
    }

    /// The jobs of a submission, in the order of its payloads; none when there is no such submission.
    pub(crate) fn submitted(&self, submission: &JobId) -> PortResult<Vec<JobId>> {
        match self {
            Self::Local(store) => store.submitted(submission),
            Self::Stack(stack) => stack.aws.block_on(stack.ledger.submitted(submission)),
        }
    }

    /// The jobs, newest first.
    pub(crate) fn list(&self, listed: Listed) -> PortResult<Vec<Job>> {
        match self {
            Self::Local(store) => store.list(listed),
            Self::Stack(stack) => stack.aws.block_on(stack.ledger.list(listed.verdict, listed.count_max)),
        }
    }

    /// The jobs that have not ended, oldest first.
    pub(crate) fn open_jobs(&self) -> PortResult<Vec<JobId>> {
        match self {
            Self::Local(store) => store.open_jobs(),
            Self::Stack(stack) => stack.aws.block_on(stack.ledger.open_jobs()),
        }
    }

    /// The jobs that a user means by a name: the id of a job, of a submission, or the beginning of one job's.
    pub(crate) fn find(&self, name: &str) -> PortResult<Found> {
        let stack = match self {
            Self::Local(store) => return store.find(name),
            Self::Stack(stack) => stack,
        };
        let Ok(id) = name.parse::<JobId>() else { return Ok(Found::Nothing) };
        let submitted = self.submitted(&id)?;
        if !submitted.is_empty() {
            return Ok(Found::Jobs(submitted));
        }
        let mut found = stack.aws.block_on(stack.ledger.beginning_with(name))?;
        Ok(match found.len() {
            0 => Found::Nothing,
            1 => Found::Jobs(found),
            count => {
                found.truncate(CANDIDATES_MAX);
                Found::Ambiguous(found, count)
            }
        })
    }

    /// The outcomes of the first copies of a job, with how many copies were looked at: [`COPIES_READ_MAX`] in a stack,
    /// where each read costs, and [`COPIES_READ_HERE_MAX`] here.
    pub(crate) fn outcomes(&self, job: &Job) -> PortResult<(Vec<Outcome>, u32)> {
        let copies_max = if self.stack().is_some() { COPIES_READ_MAX } else { COPIES_READ_HERE_MAX };
        let copies = job.state.copies.min(copies_max);
        let mut outcomes = Vec::new();
        for from in (0..copies).step_by(COPIES_AT_ONCE as usize) {
            outcomes.extend(self.read_outcomes(&job.spec.job, from..copies.min(from + COPIES_AT_ONCE))?);
        }
        Ok((outcomes, copies))
    }
}
