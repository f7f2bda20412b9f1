//! What a seed determines: the jobs, what their calculations do, and how often each fault happens.

use std::sync::Arc;

use concord_protocol::limits::CHUNK_COPIES;
use concord_protocol::ports::NewJob;
use concord_protocol::{Calculation, Digest, JobSpec, Policy, Timestamp};
use concord_testkit::spec;

use super::chance::{Chance, mixed};

/// How the calculation of a job behaves, run by run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behaviour {
    /// Every run gives the same output.
    Same,
    /// Some copies give a different output.
    CopiesDiffer { per_mille: u64 },
    /// From this run on, a copy gives a different output.
    RerunsDiffer { from_run: u32 },
    /// The first runs of each copy fail.
    FirstRunsFail { runs: u32 },
    /// Some copies always fail.
    CopiesFail { per_mille: u64 },
    /// The first runs of each copy panic.
    FirstRunsPanic { runs: u32 },
    /// The first runs of each copy are stopped.
    FirstRunsStop { runs: u32 },
    /// Each run does something at random.
    Anything,
}

/// What one run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// The run gives the output with this number.
    Give(u64),
    Fail,
    Panic,
    Stop,
}

impl Behaviour {
    fn drawn(chance: &mut Chance) -> Self {
        let per_mille = chance.between(1, 300);
        let runs = chance.small(1, 6);
        match chance.below(12) {
            0..=2 => Self::Same,
            3 | 4 => Self::CopiesDiffer { per_mille },
            5 | 6 => Self::RerunsDiffer { from_run: chance.small(1, 2) },
            7 => Self::FirstRunsFail { runs },
            8 => Self::CopiesFail { per_mille: if chance.per_mille(200) { 1_000 } else { per_mille } },
            9 => Self::FirstRunsPanic { runs },
            10 => Self::FirstRunsStop { runs },
            _ => Self::Anything,
        }
    }

    /// What a run of a copy does, counted from 0. The same arguments always give the same act.
    pub(super) fn act(self, salt: u64, copy: u32, run: u32) -> Act {
        let of_copy = mixed(salt, copy.into());
        let hit = |per_mille| of_copy % 1_000 < per_mille;
        match self {
            Self::CopiesDiffer { per_mille } if hit(per_mille) => Act::Give(1 + of_copy / 1_000 % 2),
            Self::RerunsDiffer { from_run } if run >= from_run => Act::Give((run / from_run).min(3).into()),
            Self::FirstRunsFail { runs } if run < runs => Act::Fail,
            Self::CopiesFail { per_mille } if hit(per_mille) => Act::Fail,
            Self::FirstRunsPanic { runs } if run < runs => Act::Panic,
            Self::FirstRunsStop { runs } if run < runs => Act::Stop,
            Self::Anything => match mixed(of_copy, run.into()) % 20 {
                0..=2 => Act::Fail,
                3 => Act::Panic,
                4 => Act::Stop,
                5 => Act::Give(1),
                _ => Act::Give(0),
            },
            _ => Act::Give(0),
        }
    }
}

/// A job to be submitted.
#[derive(Clone)]
pub(super) struct JobPlan {
    pub(super) new: NewJob,
    pub(super) behaviour: Behaviour,
    pub(super) salt: u64,
}

/// How often each fault happens, in a thousand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Faults {
    pub(super) port_fails: u64,
    pub(super) delivery_doubled: u64,
    pub(super) delivery_dropped: u64,
    pub(super) message_lost: u64,
    pub(super) change_replayed: u64,
    pub(super) kill: u64,
    pub(super) cancel: u64,
    pub(super) retry: u64,
    pub(super) job_read_stale: u64,
    pub(super) payload_damaged: u64,
    /// A message names a copy that its job does not have.
    pub(super) stray: u64,
    /// The time of the worker ends soon.
    pub(super) time_short: u64,
    /// A process does nothing for a while.
    pub(super) stop: u64,
    /// Somebody sets the wall clock of a process.
    pub(super) clock_step: u64,
    /// Another process holds the lock of the store when a call begins.
    pub(super) locked: u64,
}

impl Faults {
    pub(super) const NONE: Self = Self {
        port_fails: 0,
        delivery_doubled: 0,
        delivery_dropped: 0,
        message_lost: 0,
        change_replayed: 0,
        kill: 0,
        cancel: 0,
        retry: 0,
        job_read_stale: 500,
        payload_damaged: 0,
        stray: 0,
        time_short: 0,
        stop: 0,
        clock_step: 0,
        locked: 0,
    };

    fn drawn(chance: &mut Chance) -> Self {
        let mut up_to = |most| if chance.per_mille(250) { 0 } else { chance.between(0, most) };
        Self {
            port_fails: up_to(60),
            delivery_doubled: up_to(300),
            delivery_dropped: up_to(200),
            message_lost: up_to(20),
            change_replayed: up_to(400),
            kill: up_to(12),
            cancel: up_to(3),
            retry: up_to(12),
            job_read_stale: up_to(1_000),
            payload_damaged: up_to(20),
            stray: up_to(20),
            time_short: up_to(100),
            stop: up_to(10),
            clock_step: up_to(6),
            locked: up_to(10),
        }
    }
}

/// Everything that is decided before the fleet starts.
pub(super) struct SimulationPlan {
    pub(super) jobs: Vec<JobPlan>,
    pub(super) workers: usize,
    pub(super) steps: u64,
    pub(super) faults: Faults,
    /// The usual time step in milliseconds, at most.
    pub(super) pace_ms: u64,
}

impl SimulationPlan {
    pub(super) fn drawn(seed: u64, chance: &mut Chance, now: Timestamp) -> Self {
        let large = chance.per_mille(10);
        let jobs = (0..chance.between(1, 4)).map(|number| {
            let copies = match chance.below(10) {
                _ if large && number == 0 => chance.small(CHUNK_COPIES, 2_100),
                0..=5 => chance.small(1, 8),
                6..=8 => chance.small(1, 24),
                _ => chance.small(1, 60),
            };
            job(chance, mixed(seed, number), number, copies, now)
        });
        Self {
            jobs: jobs.collect(),
            workers: usize::try_from(chance.between(1, 4)).unwrap_or(1),
            steps: chance.between(50, 1_000),
            faults: Faults::drawn(chance),
            pace_ms: [20, 500, 10_000][usize::try_from(chance.below(3)).unwrap_or(0)],
        }
    }
}

/// The job whose usual output is empty.
const EMPTY_JOB: &str = "job-3";

/// This job and [`TWIN_JOB`] give the same outputs. Each has to keep its own.
const TWIN_OF: &str = "job-1";

/// This job and [`TWIN_OF`] give the same outputs.
const TWIN_JOB: &str = "job-2";

/// The text of the output with a number, or of the selected part of it.
pub(super) fn output(job: &str, number: u64) -> String {
    let job = if job == TWIN_JOB { TWIN_OF } else { job };
    if job == EMPTY_JOB && number == 0 { String::new() } else { format!("{job}.{number}") }
}

fn policy(chance: &mut Chance, job: &str, copies: u32) -> Policy {
    let attempts = chance.small(1, 3);
    let timeout_ms = if chance.per_mille(300) { chance.between(1_000, 200_000) } else { 36_000_000 };
    let copy_timeout_ms = chance.between(100, 5_000);
    let fail_fast = chance.per_mille(300);
    let select = chance.per_mille(200).then(|| "/value".to_owned());
    let expected = chance.per_mille(250).then(|| output(job, u64::from(chance.per_mille(400))));
    let expect = expected.map(|text| {
        let digested = if select.is_some() { format!("\"{text}\"") } else { text };
        Digest::of(digested.as_bytes())
    });
    // A large job does not even get twice as many copies. Otherwise it would take all steps of the seed.
    let most = if copies >= CHUNK_COPIES { copies + CHUNK_COPIES } else { copies * 5 };
    let copies_max = if chance.per_mille(250) { chance.small(copies, most) } else { 0 };
    let sandboxes_min = if chance.per_mille(250) { chance.small(1, 4) } else { 0 };
    Policy {
        fail_fast,
        select,
        expect,
        allow_empty: chance.per_mille(300),
        sandboxes_min,
        copies_max,
        ..Policy::bounds(attempts, timeout_ms, copy_timeout_ms)
    }
}

fn job(chance: &mut Chance, salt: u64, number: u64, copies: u32, now: Timestamp) -> JobPlan {
    let name = format!("job-{number}");
    let payload: Arc<[u8]> = name.as_bytes().into();
    let spec = JobSpec {
        submitted_at: now,
        payload_digest: Digest::of(&payload),
        payload_bytes: payload.len() as u64,
        calculation: Calculation::Probe { name: "simulated".to_owned() },
        policy: policy(chance, &name, copies),
        ..spec(&name, copies)
    };
    JobPlan { new: NewJob { spec, payload }, behaviour: Behaviour::drawn(chance), salt }
}
