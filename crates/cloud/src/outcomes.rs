//! Stores outcomes. The first outcome of a copy wins; a second outcome that differs is stored beside it.

use std::ops::Range;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use concord_protocol::ports::{PortError, PortResult, ReadOutcomes, RecordOutcome};
use concord_protocol::{JobId, Outcome, Settlement, settle};

use crate::aws_error;
use crate::item::expression::{self, Expression};
use crate::item::{Attributes, all_facts, beside_item, copies_between, copy_item, outcome};
use crate::ledger::DynamoLedger;

/// The condition for writing an outcome.
enum Condition<'a> {
    /// No item has the key of the outcome.
    Absent,
    /// The item with the key of the outcome is still this failure.
    Failure(&'a Outcome),
}

/// The result of a conditional write.
enum Put {
    Done,
    /// The condition was false, because this item has the key.
    Occupied(Attributes),
}

impl RecordOutcome for DynamoLedger {
    async fn record_outcome(&self, new: Outcome) -> PortResult<Settlement> {
        self.check_known(&new.copy.job).await?;
        self.keep_facts(&new).await?;
        let first = copy_item(new.copy.index);
        let mut put = self.put_outcome(&new, first.clone(), Condition::Absent).await?;
        loop {
            let Put::Occupied(item) = put else { return Ok(Settlement::Written) };
            let stored = outcome::outcome(item)?;
            let settlement = settle(Some(&stored), &new);
            match (settlement, &new.result) {
                (Settlement::Written, _) => {
                    put = self.put_outcome(&new, first.clone(), Condition::Failure(&stored)).await?;
                }
                (Settlement::KeptBeside, Ok(produced)) => {
                    let beside = beside_item(new.copy.index, produced.digest);
                    return Ok(match self.put_outcome(&new, beside, Condition::Absent).await? {
                        Put::Done => Settlement::KeptBeside,
                        Put::Occupied(_) => Settlement::Dropped,
                    });
                }
                _ => return Ok(Settlement::Dropped),
            }
        }
    }
}

impl DynamoLedger {
    /// Stores the facts of an environment, before any outcome names their digest. Each process stores them once for
    /// each job; other processes write the same item.
    async fn keep_facts(&self, outcome: &Outcome) -> PortResult<()> {
        let Some(environment) = &outcome.environment else { return Ok(()) };
        let job = &outcome.copy.job;
        let digest = outcome::facts_digest(&environment.facts)?;
        if self.has_kept_facts(job, digest) {
            return Ok(());
        }
        let attributes = outcome::facts_attributes(job, digest, &environment.facts, self.expires_at())?;
        let put = self.put(attributes, Expression::default());
        put.send().await.map_err(aws_error::port::<PutItemError>("PutItem"))?;
        self.remember_facts(job, digest);
        Ok(())
    }

    async fn put_outcome(
        &self,
        outcome: &Outcome,
        item: String,
        condition: Condition<'_>,
    ) -> PortResult<Put> {
        let attributes = outcome::outcome_attributes(outcome, item, self.expires_at())?;
        let expression = match condition {
            Condition::Absent => expression::absent(),
            Condition::Failure(stored) => expression::failure_of(stored.round),
        };
        let put = self
            .put(attributes, expression)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.send().await {
            Ok(_) => Ok(Put::Done),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    let occupied = failed.item().cloned();
                    occupied.map(Put::Occupied).ok_or(PortError::Transient(Box::new(error)))
                }
                _ => Err(aws_error::port("PutItem")(error)),
            },
        }
    }
}

impl ReadOutcomes for DynamoLedger {
    async fn read_outcomes(&self, job: &JobId, copies: Range<u32>) -> PortResult<Vec<Outcome>> {
        let Some((from, to)) = copies_between(&copies) else { return Ok(Vec::new()) };
        let items = self.between(job, &from, &to).await?;
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let (from, to) = all_facts();
        let known = outcome::known_facts(self.between(job, &from, &to).await?)?;
        items.into_iter().map(|item| outcome::outcome_with_facts(item, &known)).collect()
    }
}
