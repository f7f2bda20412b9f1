//! Whether all copies of a round were put on the queue: what an interrupted submission, or extension, is completed by.

use std::cmp::Ordering;

use concord_protocol::ports::PortResult;
use concord_protocol::{Job, JobId};

use crate::aws_error;
use crate::item::{self, ENQUEUED_ITEM, EnqueuedAttributes, attributes, expression};
use crate::ledger::DynamoLedger;

impl DynamoLedger {
    /// How many copies of a job, from the first one on, were put on the queue in its round; more than it wants when a
    /// later round has begun.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn enqueued_copies(&self, job: &Job) -> PortResult<u32> {
        let Some(item) = self.get(&job.spec.job, ENQUEUED_ITEM).await? else { return Ok(0) };
        let EnqueuedAttributes { round, copies, .. } = item::value(item)?;
        Ok(match round.cmp(&job.state.round()) {
            Ordering::Less => 0,
            Ordering::Equal => copies,
            Ordering::Greater => u32::MAX,
        })
    }

    /// Whether all copies that a job wants now were put on the queue in its round.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn is_enqueued(&self, job: &Job) -> PortResult<bool> {
        Ok(self.enqueued_copies(job).await? >= job.state.copies())
    }

    /// Records that the first `copies` of a job were put on the queue in a round. A record of more, or of a later
    /// round, stays: a submission may end after the job that it began was extended.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn set_enqueued(&self, job: &JobId, round: u32, copies: u32) -> PortResult<()> {
        let stored = EnqueuedAttributes {
            job: job.clone(),
            item: ENQUEUED_ITEM.to_owned(),
            round,
            copies,
            expires_at: self.expires_at(),
        };
        let put = self.put(attributes(&stored)?, expression::fewer_enqueued(round, copies));
        aws_error::held("PutItem", put.send().await).map(|_| ())
    }
}
