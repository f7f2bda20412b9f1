//! Converts the records of the table's stream to changes.

use std::ops::Range;

use concord_protocol::ports::{PortError, PortResult};
use concord_protocol::{Announcement, Change, JobId, Timestamp, Verdict};
use serde_dynamo::{AttributeValue, Item};

use super::{COPIES, ITEM, JOB_ITEM, job, outcome};

/// A change in the table to which the aggregator reacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamChange {
    /// The aggregator must fold this change.
    Fold(Change),
    /// A round of a job has begun. The aggregator must end it by its deadline.
    Due {
        /// The job.
        job: JobId,
        /// The round.
        round: u32,
        /// The deadline of the round.
        deadline_at: Timestamp,
    },
    /// A job was extended. The aggregator must put the new copies on the queue.
    Extended {
        /// The job.
        job: JobId,
        /// The round that wants the new copies.
        round: u32,
        /// The new copies.
        copies: Range<u32>,
    },
}

/// The changes in a record of the stream, from the images of the item before and after the change. Empty when the item
/// was removed, or when the aggregator does not react to this kind of item.
///
/// # Errors
/// [`PortError::Permanent`] or [`PortError::Invalid`] when the attributes of an image do not match its key.
pub fn stream_changes(old: Item, new: Item) -> PortResult<Vec<StreamChange>> {
    let Some(AttributeValue::S(key)) = new.get(ITEM) else {
        return if new.is_empty() {
            Ok(Vec::new())
        } else {
            Err(PortError::Invalid("a record of the stream has no sort key"))
        };
    };
    if key.starts_with(COPIES) {
        return produced_or_failed(new).map(|change| vec![StreamChange::Fold(change)]);
    }
    if key != JOB_ITEM {
        return Ok(Vec::new());
    }
    let before = if old.is_empty() { None } else { Some(job::job(old)?.state) };
    let after = job::job(new)?;
    let (id, state) = (&after.spec.job, &after.state);
    let mut changes = Vec::new();
    if before.as_ref().is_none_or(|before| before.round() != state.round()) {
        changes.push(StreamChange::Due {
            job: id.clone(),
            round: state.round(),
            deadline_at: state.deadline_at(),
        });
    }
    if let Some(before) = &before
        && before.round() == state.round()
        && before.copies() < state.copies()
    {
        let copies = before.copies()..state.copies();
        changes.push(StreamChange::Extended { job: id.clone(), round: state.round(), copies });
    }
    if before.is_some_and(|before| before.verdict() != state.verdict())
        && state.verdict() != Verdict::Running
        && let Some(decided_at) = state.decided_at()
    {
        changes.push(StreamChange::Fold(Change::Decided(Announcement {
            job: id.clone(),
            verdict: state.verdict(),
            decided_at,
            revision: state.revision(),
        })));
    }
    Ok(changes)
}

fn produced_or_failed(new: Item) -> PortResult<Change> {
    outcome::outcome(new).map(|outcome| Change::of_outcome(&outcome))
}
