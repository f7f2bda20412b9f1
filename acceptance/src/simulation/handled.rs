use std::time::Duration;

use concord_protocol::ports::Delivery;
use concord_protocol::{Digest, Job, Timestamp};
use concord_worker::Task;

use super::facts::{PromiseResult, promise};

/// A delivery in the hands of a worker.
#[derive(Clone)]
pub(super) struct Handled {
    pub(super) delivery: Delivery,
    /// When the time of the worker is over.
    pub(super) ends_at: Timestamp,
    /// Whether the worker has to refuse it: the copy is not of the job, or the payload was damaged.
    pub(super) is_refused: bool,
    /// The job, as the worker read it.
    pub(super) read: Option<JobRead>,
}

/// A job, as a worker read it.
#[derive(Clone)]
pub(super) struct JobRead {
    pub(super) job: Job,
    /// When it was read, by the clock of the worker.
    pub(super) at: Timestamp,
    /// How often a clock had been set until then.
    pub(super) clock_steps: u64,
}

impl Handled {
    pub(super) fn until(ends_at: Timestamp, delivery: Delivery) -> Self {
        Self { delivery, ends_at, is_refused: false, read: None }
    }

    /// Whether the worker may run the copy: it read a job that wants the copy in this round, it has the payload that was
    /// submitted, and at least a second is left. `now` is the time of the worker. If its clock was set since it read the
    /// job, it may have looked at the deadline by either time.
    pub(super) fn may_run(&self, task: &Task, now: Timestamp, clock_steps: u64) -> PromiseResult {
        let Handled { delivery, ends_at, read, .. } = self;
        let Some(JobRead { job, at: read_at, clock_steps: steps_before }) = read else {
            return Err("a worker ran a copy before it read the job".to_owned());
        };
        let copy = &delivery.copy;
        let what = |what: &str| format!("{}/{} was run {what}", copy.job, copy.index);
        promise(copy.index < job.state.copies(), || what("though its job does not have it"))?;
        promise(job.state.ended_at().is_none(), || what("after its job had ended"))?;
        promise(job.state.round() == delivery.round, || what("in another round than that of its job"))?;
        let was_set = *steps_before != clock_steps;
        promise(was_set || *read_at < job.state.deadline_at(), || what("after its deadline"))?;
        let submitted = Digest::of(task.payload.bytes()) == job.spec.payload_digest;
        promise(submitted, || what("on a payload that was not submitted"))?;
        let left_s = ends_at.unix_ms.saturating_sub(now.unix_ms) / 1_000;
        promise(left_s > 0, || what("with less than a second left"))?;
        let limit_ms = job.spec.policy.copy_timeout_ms.min(left_s.saturating_mul(1_000));
        promise(task.time_limit == Duration::from_millis(limit_ms), || what("with a wrong limit of time"))
    }
}
