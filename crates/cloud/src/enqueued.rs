//! Whether all copies of a round were put on the queue: what an interrupted submission is completed by.

use concord_protocol::JobId;
use concord_protocol::ports::PortResult;

use crate::fault;
use crate::item::{self, ENQUEUED_ITEM, EnqueuedAttributes, attributes};
use crate::ledger::Ledger;

impl Ledger {
    /// The latest round of which all copies were put on the queue.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn enqueued_round(&self, job: &JobId) -> PortResult<Option<u32>> {
        let Some(item) = self.get(job, ENQUEUED_ITEM).await? else { return Ok(None) };
        item::value(item).map(|stored: EnqueuedAttributes| Some(stored.round))
    }

    /// Records that all copies of a round were put on the queue.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn set_enqueued(&self, job: &JobId, round: u32) -> PortResult<()> {
        let stored = EnqueuedAttributes {
            job: job.clone(),
            item: ENQUEUED_ITEM.to_owned(),
            round,
            expires_at: self.expires_at(),
        };
        let put = self.dynamodb.put_item().table_name(&self.table).set_item(Some(attributes(&stored)?));
        put.send().await.map(|_| ()).map_err(fault::port("PutItem"))
    }
}
