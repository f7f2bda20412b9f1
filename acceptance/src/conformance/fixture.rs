use std::future::Future;

use concord_protocol::Change;
use concord_protocol::ports::{
    Announce, CreateJobs, DelayMessage, DeleteMessage, Delivery, EnqueueCopies, FindJobs, ListJobs,
    ListOpenJobs, MergeRollup, MergeTally, PortResult, ReadGolden, ReadJob, ReadOutcomes, ReadOutput,
    ReadPayload, ReadSubmission, ReadTally, ReceiveCopies, ReceiveDeadLetters, RecordOutcome, ReplaceState,
    WriteGolden, WriteOutput,
};
use concord_testkit::TestClock;

/// Every port of the protocol.
pub trait AllPorts:
    Announce
    + CreateJobs
    + DelayMessage
    + DeleteMessage
    + EnqueueCopies
    + FindJobs
    + ListJobs
    + ListOpenJobs
    + MergeRollup
    + MergeTally
    + ReadGolden
    + ReadJob
    + ReadOutcomes
    + ReadOutput
    + ReadPayload
    + ReadSubmission
    + ReadTally
    + ReceiveCopies
    + ReceiveDeadLetters
    + RecordOutcome
    + ReplaceState
    + WriteGolden
    + WriteOutput
{
}

impl<P> AllPorts for P where
    P: Announce
        + CreateJobs
        + DelayMessage
        + DeleteMessage
        + EnqueueCopies
        + FindJobs
        + ListJobs
        + ListOpenJobs
        + MergeRollup
        + MergeTally
        + ReadGolden
        + ReadJob
        + ReadOutcomes
        + ReadOutput
        + ReadPayload
        + ReadSubmission
        + ReadTally
        + ReceiveCopies
        + ReceiveDeadLetters
        + RecordOutcome
        + ReplaceState
        + WriteGolden
        + WriteOutput
{
}

/// A change as the feed delivered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FedChange {
    /// The place of the change in the feed.
    pub sequence: u64,
    /// The change.
    pub change: Change,
}

/// The surroundings of the worker and the aggregator: the change feed and the dead letters. On AWS, the event sources
/// of Lambda provide them; on one machine, the local fleet does. Neither the worker nor the aggregator calls them, so
/// this trait is not a port.
pub trait Transport {
    /// Reads at most `count_max` changes that were not acknowledged yet.
    fn read_changes(&self, count_max: usize) -> impl Future<Output = PortResult<Vec<FedChange>>> + Send;

    /// Acknowledges the changes with these sequence numbers.
    fn acknowledge_changes(&self, sequences: Vec<u64>) -> impl Future<Output = PortResult<()>> + Send;

    /// Removes a dead letter whose copy is accounted for.
    fn delete_dead_letter(&self, delivery: &Delivery) -> impl Future<Output = PortResult<()>> + Send;
}

/// An empty adapter, and the clock that it reads.
pub trait Fixture {
    /// The adapter.
    type Ports: AllPorts;

    /// What delivers the changes and the dead letters of the adapter.
    type Transport: Transport;

    /// The adapter.
    fn ports(&self) -> &Self::Ports;

    /// What delivers the changes and the dead letters of the adapter.
    fn transport(&self) -> &Self::Transport;

    /// The clock that the adapter reads.
    fn clock(&self) -> &TestClock;

    /// Runs a check to its end, in the runtime that the adapter needs.
    fn block_on<F: Future>(&self, check: F) -> F::Output {
        futures::executor::block_on(check)
    }
}
