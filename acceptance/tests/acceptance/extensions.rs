//! Extensions, on the production aggregator.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use concord_acceptance::Memory;
use concord_aggregator::Aggregator;
use concord_protocol::ports::{
    Clock, CreateJobs, MergeRollup, MergeTally, NewJob, PortResult, ReadJob, ReadOutcomes, ReadOutput,
    ReadTally, RecordOutcome, ReplaceState,
};
use concord_protocol::{
    Change, Digest, Job, JobId, JobSpec, JobState, JobTally, Outcome, Policy, Rollup, Settlement, Tally,
    Verdict,
};
use concord_testkit::{SUBMITTED_AT, TestClock, id, new_job, outcome, spec};
use futures::executor::block_on;

/// A store whose first answer about a job is older than the store: its reader was held up after it.
struct HeldUp {
    memory: Memory,
    first: Mutex<Option<Job>>,
}

impl ReadJob for HeldUp {
    async fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
        let first = self.first.lock().expect("nobody panics with it").take();
        if first.is_some() { Ok(first) } else { self.memory.read_job(job).await }
    }
}

impl MergeTally for HeldUp {
    async fn merge_tally(&self, job: &JobId, chunk: u32, delta: Tally) -> PortResult<Tally> {
        self.memory.merge_tally(job, chunk, delta).await
    }
}

impl MergeRollup for HeldUp {
    async fn merge_rollup(&self, job: &JobId, delta: Rollup) -> PortResult<Rollup> {
        self.memory.merge_rollup(job, delta).await
    }
}

impl ReplaceState for HeldUp {
    async fn replace_state(&self, job: &JobId, state: JobState) -> PortResult<bool> {
        self.memory.replace_state(job, state).await
    }
}

impl RecordOutcome for HeldUp {
    async fn record_outcome(&self, outcome: Outcome) -> PortResult<Settlement> {
        self.memory.record_outcome(outcome).await
    }
}

impl ReadTally for HeldUp {
    async fn read_tally(&self, job: &JobId) -> PortResult<JobTally> {
        self.memory.read_tally(job).await
    }
}

impl ReadOutcomes for HeldUp {
    async fn read_outcomes(&self, job: &JobId, copies: Range<u32>) -> PortResult<Vec<Outcome>> {
        self.memory.read_outcomes(job, copies).await
    }
}

impl ReadOutput for HeldUp {
    async fn read_output(&self, job: &JobId, digest: Digest) -> PortResult<Option<Vec<u8>>> {
        self.memory.read_output(job, digest).await
    }
}

/// The job as it is after it was decided with an aggregator that first reads `first`.
fn folded(memory: &Memory, first: Option<Job>, copies: Range<u32>) -> Job {
    let job = id("job");
    let clock: Arc<dyn Clock> = Arc::new(TestClock::at(SUBMITTED_AT));
    let changes: Vec<_> = copies
        .map(|index| {
            let outcome = outcome(&job, index, 0, Ok("a"));
            block_on(memory.record_outcome(outcome.clone())).expect("the memory answers");
            Change::of_outcome(&outcome)
        })
        .collect();
    let ledger = HeldUp { memory: memory.clone(), first: Mutex::new(first) };
    let failed = block_on(Aggregator::new(ledger, memory.clone(), clock).fold(&changes));
    assert!(failed.is_empty(), "{failed:?}");
    block_on(memory.read_job(&job)).expect("the memory answers").expect("the job was created")
}

#[test]
fn the_chunks_of_an_extended_job_are_counted_for_the_copies_that_it_wants_now() {
    let memory = Memory::new(Arc::new(TestClock::at(SUBMITTED_AT)));
    let policy = Policy { sandboxes_min: 2, copies_max: 2, ..Policy::bounds(1, 1_000, 1_000) };
    let new = NewJob { spec: JobSpec { policy, ..spec("job", 1) }, ..new_job("job", 1) };
    block_on(memory.create_jobs(vec![new])).unwrap();
    let before = block_on(memory.read_job(&id("job"))).unwrap();
    // The only copy ran in one sandbox. The job asks for two, so it is extended.
    let extended = folded(&memory, None, 0..1);
    assert_eq!((extended.state.verdict(), extended.state.copies()), (Verdict::Running, 2));
    let ended = folded(&memory, before, 1..2);
    assert_eq!(ended.state.verdict(), Verdict::Reproducible);
}
