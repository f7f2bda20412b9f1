//! Records how many copies of a round were put on the queue, so that an interrupted submission or extension is
//! completed.

use std::cmp::Ordering;

use concord_protocol::ports::PortResult;
use concord_protocol::{Job, JobId};

use crate::aws_error;
use crate::item::{self, ENQUEUED_ITEM, EnqueuedAttributes, attributes, expression};
use crate::ledger::DynamoLedger;

impl DynamoLedger {
    /// How many copies of a job, counted from the first, were put on the queue in the round of `job`. When the table
    /// has a later round, the result is larger than any number of copies.
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

    /// Whether all copies that `job` wants were put on the queue in its round.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn is_enqueued(&self, job: &Job) -> PortResult<bool> {
        Ok(self.enqueued_copies(job).await? >= job.state.copies())
    }

    /// Records that the first `copies` of a job were put on the queue in `round`. Does not replace a record of more
    /// copies or of a later round: a job may be extended before the submission that created it ends.
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
        aws_error::condition_held("PutItem", put.send().await).map(|_| ())
    }
}
