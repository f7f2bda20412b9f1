//! Stores tallies and the rollup as sets that only grow.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::ReturnValue;
use concord_protocol::ports::{MergeRollup, MergeTally, PortResult, ReadTally};
use concord_protocol::{JobId, JobTally, Rollup, SandboxHash, Tally};

use crate::aws_error;
use crate::item::tally::{self, StoredRollup};
use crate::item::{self, Attributes, ROLLUP_ITEM, tally_item};
use crate::ledger::DynamoLedger;

/// The most sets that one request merges. An expression has at most 4 KiB, and each set takes about 20 bytes of it.
const SETS_AT_ONCE_MAX: usize = 100;

/// The reason under which further failures are counted when an item with all reasons would be larger than 400 KB.
const OTHER_REASONS: &str = "one of too many reasons to count separately";

impl MergeTally for DynamoLedger {
    async fn merge_tally(&self, job: &JobId, chunk: u32, delta: Tally) -> PortResult<Tally> {
        let added = match self.add_sets(job, chunk, &delta).await {
            Err(error) if item_is_full(&error) => {
                let fewer = tally::with_one_reason(&delta, OTHER_REASONS);
                self.add_sets(job, chunk, &fewer).await
            }
            added => added,
        }
        .map_err(aws_error::port("UpdateItem"))?;
        let item = added.into();
        let tally = tally::tally(&item)?;
        self.drop_sandboxes(job, chunk, &tally::sandboxes_too_many(&item, &tally.sandboxes)?).await?;
        Ok(tally)
    }
}

fn item_is_full(error: &SdkError<UpdateItemError, HttpResponse>) -> bool {
    error.code() == Some("ValidationException")
        && error.message().is_some_and(|message| message.to_ascii_lowercase().contains("item size"))
}

impl DynamoLedger {
    /// Merges the sets of `delta` into those of the tally's item, with one atomic request for every
    /// [`SETS_AT_ONCE_MAX`] sets. Each request only adds to the sets, so the item stays correct if the process dies
    /// between two requests.
    async fn add_sets(
        &self,
        job: &JobId,
        chunk: u32,
        delta: &Tally,
    ) -> Result<Attributes, SdkError<UpdateItemError, HttpResponse>> {
        let mut sets = tally::tally_sets(delta).into_iter().peekable();
        loop {
            let batch = sets.by_ref().take(SETS_AT_ONCE_MAX);
            let expression = tally::add_sets(batch, &delta.sandboxes, self.expires_at());
            let update = self.update(job, tally_item(chunk), expression).return_values(ReturnValue::AllNew);
            let updated = update.send().await?;
            if sets.peek().is_none() {
                return Ok(updated.attributes.unwrap_or_default());
            }
        }
    }
}

impl DynamoLedger {
    /// Removes from a tally the sandbox hashes that are not among the smallest. A set only grows, so these hashes will
    /// never be among the smallest again. The tally stays correct if another process adds them again, or if this step
    /// never runs.
    async fn drop_sandboxes(&self, job: &JobId, chunk: u32, hashes: &[SandboxHash]) -> PortResult<()> {
        if hashes.is_empty() {
            return Ok(());
        }
        let update = self.update(job, tally_item(chunk), tally::drop_sandboxes(hashes));
        update.send().await.map(|_| ()).map_err(aws_error::port("UpdateItem"))
    }
}

impl MergeRollup for DynamoLedger {
    async fn merge_rollup(&self, job: &JobId, delta: Rollup) -> PortResult<Rollup> {
        loop {
            let item = self.get(job, ROLLUP_ITEM).await?;
            let StoredRollup { rollup, revision } = item.map(tally::rollup).transpose()?.unwrap_or_default();
            let mut merged = rollup.clone();
            merged.merge(&delta);
            if merged == rollup || self.replace_rollup(job, merged.clone(), revision).await? {
                return Ok(merged);
            }
            // Another process wrote the rollup in between.
        }
    }
}

impl DynamoLedger {
    async fn replace_rollup(&self, job: &JobId, rollup: Rollup, before: u64) -> PortResult<bool> {
        let stored = StoredRollup { rollup, revision: before + 1 };
        let attributes = tally::rollup_attributes(job, &stored, self.expires_at())?;
        let put = self.put(attributes, tally::rollup_of_revision(before));
        aws_error::condition_held("PutItem", put.send().await)
    }
}

impl ReadTally for DynamoLedger {
    async fn read_tally(&self, job: &JobId) -> PortResult<JobTally> {
        let (from, to) = item::all_tallies();
        let items = self.between(job, &from, &to).await?;
        let mut tally = JobTally::default();
        for item in items {
            let Some(chunk) = item::chunk_of(&item) else { continue };
            tally.chunks.insert(chunk, tally::tally(&item.into())?);
        }
        Ok(tally)
    }
}
