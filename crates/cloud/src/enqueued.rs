//! Whether all copies of a round were put on the queue: what an interrupted submission, or extension, is completed by.

use std::cmp::Ordering;

use aws_sdk_dynamodb::types::AttributeValue;
use concord_protocol::ports::PortResult;
use concord_protocol::{Job, JobId};

use crate::fault;
use crate::item::{self, ENQUEUED_ITEM, EnqueuedAttributes, attributes};
use crate::ledger::Ledger;

impl Ledger {
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
            Ordering::Equal if copies == 0 => job.spec.copies,
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
        let put = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(attributes(&stored)?))
            .condition_expression(
                "attribute_not_exists(#round) OR #round < :round \
                 OR (#round = :round AND (attribute_not_exists(#copies) OR #copies < :copies))",
            )
            .expression_attribute_names("#round", "round")
            .expression_attribute_names("#copies", "copies")
            .expression_attribute_values(":round", AttributeValue::N(round.to_string()))
            .expression_attribute_values(":copies", AttributeValue::N(copies.to_string()));
        fault::held("PutItem", put.send().await).map(|_| ())
    }
}
