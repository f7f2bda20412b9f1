//! What a record of the table's stream says.

use std::ops::Range;

use concord_protocol::ports::{PortError, PortResult};
use concord_protocol::{Announcement, Change, JobId, Timestamp, Verdict};
use serde_dynamo::{AttributeValue, Item};

use super::{COPIES, ITEM, JOB_ITEM, job, outcome};

/// What a record of the stream asks of the aggregator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamChange {
    /// To fold a change.
    Fold(Change),
    /// To see that a round of a job ends by its deadline.
    Due {
        /// The job.
        job: JobId,
        /// The round that has begun.
        round: u32,
        /// When it ends.
        deadline_at: Timestamp,
    },
    /// To put the copies on the queue by which a job was extended.
    Extended {
        /// The job.
        job: JobId,
        /// The round that wants them.
        round: u32,
        /// The copies.
        copies: Range<u32>,
    },
}

/// What a record of the stream says, from the images of its item before and after: nothing, when the item was removed
/// or nobody waits for it.
///
/// # Errors
/// [`PortError::Permanent`] or [`PortError::Invalid`] when the images are not what stands under their key.
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
