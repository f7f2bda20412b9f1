use std::collections::BTreeMap;
use std::fmt;

use concord_protocol::Verdict;

/// A point between two durable steps of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallPoint {
    /// Before the call of a port with this name.
    Before(&'static str),
    /// After the call of a port with this name.
    After(&'static str),
}

/// An event that is counted, to show that the simulation really exercises it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// A job was submitted.
    Job,
    /// A job of more than one chunk was submitted.
    JobOfChunks,
    /// A process was killed.
    Kill,
    /// A process died during a call.
    CallKilled,
    /// A process died at this point.
    Killed(CallPoint),
    /// A process was stopped for a while.
    Stopped,
    /// The wall clock of a process was set forwards.
    ClockForwards,
    /// The wall clock of a process was set back.
    ClockBack,
    /// Another process held the lock of the store when a call began.
    Locked,
    /// A port failed before it acted.
    FaultBefore,
    /// A port failed after it acted.
    FaultAfter,
    /// A delivery reached two workers.
    DeliveryDoubled,
    /// A delivery reached no worker.
    DeliveryDropped,
    /// A message was lost for good.
    MessageLost,
    /// A change that had been folded was folded again.
    ChangeReplayed,
    /// All changes and deadlines of a fleet came again after a day.
    ReplayedAfterADay,
    /// A copy was run again.
    CopyRerun,
    /// A payload was damaged on its way to a worker.
    PayloadDamaged,
    /// A message named a copy that its job does not have.
    Stray,
    /// A worker refused a delivery, and the copy was given up.
    Refused,
    /// A worker got a delivery shortly before its time was over.
    TimeShort,
    /// A calculation panicked.
    Panic,
    /// A calculation was stopped.
    Stop,
    /// A differing digest was kept in addition to the first one of its copy.
    SecondOutcome,
    /// A digest replaced a failure.
    FailureSuperseded,
    /// An outcome said nothing new and was dropped.
    OutcomeDropped,
    /// The queue gave up a copy.
    GivenUp,
    /// A state could not be written, because another one was written before.
    StateConflict,
    /// A deadline ended a job.
    DeadlineMet,
    /// A divergence ended a job before all copies had given an outcome.
    FailedFast,
    /// A job gave a digest that is not the expected one.
    Drift,
    /// Every copy agreed, but in too few sandboxes.
    Coverage,
    /// Every copy gave an empty output.
    Empty,
    /// A job was extended for more sandboxes.
    ExtendedForSandboxes,
    /// A divergent job was extended to find out why.
    ExtendedForReasons,
    /// A reproducible job became divergent.
    LateDivergence,
    /// The user cancelled a job.
    Cancel,
    /// The user retried a job.
    Retry,
    /// A verdict was announced.
    Announcement,
    /// A job had this verdict at the end.
    Ended(Verdict),
}

/// How often each event happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Count, u64>);

impl Counts {
    /// Adds one event.
    pub fn add(&mut self, count: Count) {
        *self.0.entry(count).or_default() += 1;
    }

    /// Adds the counts of another simulation.
    pub fn merge(&mut self, other: &Self) {
        for (count, times) in &other.0 {
            *self.0.entry(*count).or_default() += times;
        }
    }

    /// How often this event happened.
    #[must_use]
    pub fn of(&self, count: Count) -> u64 {
        self.0.get(&count).copied().unwrap_or_default()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(count, times)| writeln!(formatter, "{times:>9}  {count:?}"))
    }
}
