//! A job becomes divergent only if stored outcomes prove it.

use std::sync::Arc;

use concord_acceptance::Memory;
use concord_aggregator::Aggregator;
use concord_protocol::ports::{
    CreateJobs, MergeRollup, MergeTally, PortError, PortResult, ReadJob, RecordOutcome,
};
use concord_protocol::{Change, CopySet, Digest, Rollup, Tally, Verdict};
use concord_testkit::{SUBMITTED_AT, TestClock, id, new_job, outcome};
use futures::executor::block_on;

/// Folds the first copy of a job. `tally` and `rollup` are stored already, and the second copy gave `second`.
/// Gives the verdict, and whether the error says that the store is damaged.
async fn folded(second: Option<&str>, tally: Tally, rollup: Rollup) -> PortResult<(Verdict, bool)> {
    let clock = TestClock::at(SUBMITTED_AT);
    let memory = Memory::new(Arc::new(clock.clone()));
    let job = id("job");
    let first = outcome(&job, 0, 0, Ok("a"));
    memory.create_jobs(vec![new_job("job", 2)]).await?;
    memory.record_outcome(first.clone()).await?;
    if let Some(output) = second {
        memory.record_outcome(outcome(&job, 1, 0, Ok(output))).await?;
    }
    memory.merge_tally(&job, 0, tally).await?;
    memory.merge_rollup(&job, rollup).await?;
    let aggregator = Aggregator::new(memory.clone(), memory.clone(), clock);
    let failed = aggregator.fold(&[Change::of_outcome(&first)]).await;
    let state = memory.read_job(&job).await?.expect("the job was created").state;
    Ok((state.verdict(), matches!(failed.get(&job), Some(PortError::Damaged(_)))))
}

#[test]
fn a_divergence_needs_two_outcomes_that_differ() {
    let check = |second, tally, rollup, expect| {
        assert_eq!(block_on(folded(second, tally, rollup)).unwrap(), expect, "{second:?}");
    };
    let tallied = |copy, output: &str| Tally {
        digests: [(Digest::of(output.as_bytes()), CopySet::of(copy))].into(),
        ..Tally::default()
    };
    let nothing = Rollup::default;
    check(None, Tally::default(), nothing(), (Verdict::Running, false));
    check(Some("b"), tallied(1, "b"), nothing(), (Verdict::Divergent, false));
    // The tally has a digest of a copy without an outcome, or of a copy whose outcome has another.
    check(None, tallied(1, "b"), nothing(), (Verdict::Running, true));
    check(Some("a"), tallied(1, "b"), nothing(), (Verdict::Running, true));
    check(None, tallied(0, "b"), nothing(), (Verdict::Running, true));
    // The rollup has a digest that no tally has.
    let forged = Rollup { witnesses: [Digest::of(b"b")].into(), ..nothing() };
    check(Some("a"), Tally::default(), forged, (Verdict::Running, true));
}
