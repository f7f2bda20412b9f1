use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use concord_protocol::limits::OUTPUTS_KEPT_MAX;
use concord_protocol::ports::{
    CreateJobs, MergeRollup, MergeTally, NewJob, PortResult, ReadGolden, ReadJob, ReadOutcomes, ReadOutput,
    ReadPayload, ReadTally, RecordOutcome, ReplaceState, WriteGolden, WriteOutput,
};
use concord_protocol::{
    Announcement, Change, Digest, Golden, GoldenKey, Job, JobId, JobState, JobTally, Outcome, Rollup,
    Settlement, Tally, settle,
};

use super::messages::JobQueue;
use super::state::{Memory, NO_SUCH_JOB, StoredJob};

impl CreateJobs for Memory {
    async fn create_jobs(&self, jobs: Vec<NewJob>) -> PortResult<Option<Job>> {
        let mut state = self.state();
        if let Some(taken) = jobs.iter().find_map(|new| state.jobs.get(&new.spec.job)) {
            return Ok(Some(taken.job.clone()));
        }
        for NewJob { spec, payload } in jobs {
            let stored = StoredJob {
                job: Job { state: spec.first_state(), spec: Arc::new(spec) },
                payload,
                outcomes: BTreeMap::new(),
                outputs: BTreeMap::new(),
                tally: JobTally::default(),
                rollup: Rollup::default(),
                queue: JobQueue::default(),
                announced: BTreeMap::new(),
            };
            state.jobs.insert(stored.job.spec.job.clone(), stored);
        }
        Ok(None)
    }
}

impl ReadJob for Memory {
    async fn read_job(&self, job: &JobId) -> PortResult<Option<Job>> {
        Ok(self.state().jobs.get(job).map(|stored| stored.job.clone()))
    }
}

impl ReadPayload for Memory {
    async fn read_payload(&self, job: &JobId) -> PortResult<Option<Arc<[u8]>>> {
        Ok(self.state().jobs.get(job).map(|stored| Arc::clone(&stored.payload)))
    }
}

impl ReplaceState for Memory {
    async fn replace_state(&self, job: &JobId, new: JobState) -> PortResult<bool> {
        let mut state = self.state();
        let stored = state.jobs.get_mut(job).ok_or(NO_SUCH_JOB)?;
        if stored.job.state.revision() + 1 != new.revision() {
            return Ok(false);
        }
        if new.ended_at().is_some() || new.round() > stored.job.state.round() {
            stored.queue.clear();
        }
        let changed = stored.job.state.verdict() != new.verdict();
        let announcement = new.decided_at().filter(|_| changed).map(|decided_at| Announcement {
            job: job.clone(),
            verdict: new.verdict(),
            decided_at,
            revision: new.revision(),
        });
        stored.job.state = new;
        if let Some(announcement) = announcement {
            state.feed(Change::Decided(announcement));
        }
        Ok(true)
    }
}

impl RecordOutcome for Memory {
    async fn record_outcome(&self, outcome: Outcome) -> PortResult<Settlement> {
        let mut state = self.state();
        let stored = state.jobs.get_mut(&outcome.copy.job).ok_or(NO_SUCH_JOB)?;
        let outcomes = stored.outcomes.entry(outcome.copy.index).or_default();
        let settlement = match settle(outcomes.first(), &outcome) {
            Settlement::KeptBeside if outcomes.iter().any(|kept| same_digest(kept, &outcome)) => {
                Settlement::Dropped
            }
            settled => settled,
        };
        let change = Change::of_outcome(&outcome);
        match settlement {
            Settlement::Written => *outcomes = vec![outcome],
            Settlement::KeptBeside => outcomes.push(outcome),
            Settlement::Dropped => return Ok(settlement),
        }
        state.feed(change);
        Ok(settlement)
    }
}

fn same_digest(one: &Outcome, other: &Outcome) -> bool {
    matches!((&one.result, &other.result), (Ok(one), Ok(other)) if one.digest == other.digest)
}

impl ReadOutcomes for Memory {
    async fn read_outcomes(&self, job: &JobId, copies: Range<u32>) -> PortResult<Vec<Outcome>> {
        if copies.is_empty() {
            return Ok(Vec::new());
        }
        self.with(job, |stored| {
            stored.outcomes.range(copies).flat_map(|(_, outcomes)| outcomes).cloned().collect()
        })
    }
}

impl WriteOutput for Memory {
    async fn write_output(&self, job: &JobId, digest: Digest, bytes: Arc<[u8]>) -> PortResult<()> {
        self.with(job, |stored| {
            if stored.outputs.len() < OUTPUTS_KEPT_MAX {
                stored.outputs.entry(digest).or_insert(bytes);
            }
        })
    }
}

impl ReadOutput for Memory {
    async fn read_output(&self, job: &JobId, digest: Digest) -> PortResult<Option<Vec<u8>>> {
        self.with(job, |stored| stored.outputs.get(&digest).map(|bytes| bytes.to_vec()))
    }
}

impl MergeTally for Memory {
    async fn merge_tally(&self, job: &JobId, chunk: u32, delta: Tally) -> PortResult<Tally> {
        self.with(job, |stored| {
            let tally = stored.tally.chunks.entry(chunk).or_default();
            tally.merge(&delta);
            tally.clone()
        })
    }
}

impl MergeRollup for Memory {
    async fn merge_rollup(&self, job: &JobId, delta: Rollup) -> PortResult<Rollup> {
        self.with(job, |stored| {
            stored.rollup.merge(&delta);
            stored.rollup.clone()
        })
    }
}

impl ReadTally for Memory {
    async fn read_tally(&self, job: &JobId) -> PortResult<JobTally> {
        self.with(job, |stored| stored.tally.clone())
    }
}

impl WriteGolden for Memory {
    async fn write_golden(&self, golden: Golden) -> PortResult<()> {
        self.state().goldens.insert(golden.key.clone(), golden);
        Ok(())
    }
}

impl ReadGolden for Memory {
    async fn read_golden(&self, key: &GoldenKey) -> PortResult<Option<Golden>> {
        Ok(self.state().goldens.get(key).cloned())
    }
}
