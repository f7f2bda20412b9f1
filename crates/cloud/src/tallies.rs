//! Tallies and the rollup: sets that only grow.

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use concord_protocol::ports::{MergeRollup, MergeTally, PortResult, ReadTally};
use concord_protocol::{JobId, JobTally, Rollup, SandboxHash, Tally};

use crate::fault;
use crate::item::tally::{self, StoredRollup};
use crate::item::{self, Attributes, ROLLUP_ITEM, TALLIES, tally_item};
use crate::ledger::Ledger;

/// Sets merged by one request, at most: an expression has 4 KiB and these take 20 bytes each.
const SETS_AT_ONCE_MAX: usize = 100;

/// The reason under which failures are counted once so many reasons came that an item would go over its 400 KB.
const OTHER_REASONS: &str = "one of too many reasons to count apart";

impl MergeTally for Ledger {
    async fn merge_tally(&self, job: &JobId, chunk: u32, delta: Tally) -> PortResult<Tally> {
        let added = match self.add_sets(job, chunk, &delta).await {
            Err(error) if item_is_full(&error) => {
                let fewer = tally::with_one_reason(&delta, OTHER_REASONS);
                self.add_sets(job, chunk, &fewer).await
            }
            added => added,
        }
        .map_err(fault::port("UpdateItem"))?;
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

impl Ledger {
    /// Unites the sets of a tally's item with those of `delta`, in one atomic step for every [`SETS_AT_ONCE_MAX`]: each
    /// step only adds what is known, so a process that dies between two leaves nothing wrong.
    async fn add_sets(
        &self,
        job: &JobId,
        chunk: u32,
        delta: &Tally,
    ) -> Result<Attributes, SdkError<UpdateItemError, HttpResponse>> {
        let mut sets = tally::tally_sets(delta).into_iter().peekable();
        loop {
            let mut update = self
                .dynamodb
                .update_item()
                .table_name(&self.table)
                .set_key(Some(item::key(job, tally_item(chunk))))
                .return_values(ReturnValue::AllNew)
                .expression_attribute_names("#expires", "expires_at")
                .expression_attribute_values(":expires", AttributeValue::N(self.expires_at().to_string()));
            let mut expression = "SET #expires = :expires".to_owned();
            if !delta.sandboxes.is_empty() {
                update = update
                    .expression_attribute_names("#max", tally::SANDBOXES_MAX)
                    .expression_attribute_values(":max", item::number(delta.sandboxes.kept_max().into()));
                expression.push_str(", #max = :max");
            }
            let mut added = Vec::new();
            for (place, (name, set)) in sets.by_ref().take(SETS_AT_ONCE_MAX).enumerate() {
                update = update
                    .expression_attribute_names(format!("#n{place}"), name)
                    .expression_attribute_values(format!(":v{place}"), set);
                added.push(format!("#n{place} :v{place}"));
            }
            if !added.is_empty() {
                expression = format!("{expression} ADD {}", added.join(", "));
            }
            let updated = update.update_expression(expression).send().await?;
            if sets.peek().is_none() {
                return Ok(updated.attributes.unwrap_or_default());
            }
        }
    }
}

impl Ledger {
    /// Takes sandboxes out of a tally again which are not among the smallest: they never will be, since a set only
    /// grows, so it does no harm if somebody adds them meanwhile or if this is never done.
    async fn drop_sandboxes(&self, job: &JobId, chunk: u32, hashes: &[SandboxHash]) -> PortResult<()> {
        if hashes.is_empty() {
            return Ok(());
        }
        let update = self
            .dynamodb
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(job, tally_item(chunk))))
            .update_expression("DELETE #sandboxes :too_many")
            .expression_attribute_names("#sandboxes", tally::SANDBOXES)
            .expression_attribute_values(":too_many", tally::hashes(hashes.iter().copied()));
        update.send().await.map(|_| ()).map_err(fault::port("UpdateItem"))
    }
}

impl MergeRollup for Ledger {
    async fn merge_rollup(&self, job: &JobId, delta: Rollup) -> PortResult<Rollup> {
        loop {
            let item = self.get(job, ROLLUP_ITEM).await?;
            let StoredRollup { rollup, revision } = item.map(tally::rollup).transpose()?.unwrap_or_default();
            let mut merged = rollup.clone();
            merged.merge(&delta);
            if merged == rollup || self.replace_rollup(job, merged.clone(), revision).await? {
                return Ok(merged);
            }
            // Somebody else wrote the rollup in between.
        }
    }
}

impl Ledger {
    async fn replace_rollup(&self, job: &JobId, rollup: Rollup, before: u64) -> PortResult<bool> {
        let stored = StoredRollup { rollup, revision: before + 1 };
        let put = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(tally::rollup_attributes(job, &stored, self.expires_at())?))
            .expression_attribute_names("#revision", "revision");
        let put = if before == 0 {
            put.condition_expression("attribute_not_exists(#revision)")
        } else {
            put.condition_expression("#revision = :before")
                .expression_attribute_values(":before", AttributeValue::N(before.to_string()))
        };
        fault::held("PutItem", put.send().await)
    }
}

impl ReadTally for Ledger {
    async fn read_tally(&self, job: &JobId) -> PortResult<JobTally> {
        let items = self.between(job, TALLIES, &format!("{TALLIES}~")).await?;
        let mut tally = JobTally::default();
        for item in items {
            let chunk = item.get(item::ITEM).and_then(|item| item.as_s().ok());
            let Some(chunk) = chunk.and_then(|item| item.strip_prefix(TALLIES)?.parse().ok()) else {
                continue;
            };
            tally.chunks.insert(chunk, tally::tally(&item.into())?);
        }
        Ok(tally)
    }
}
