//! A state is replaced on condition, and a changed verdict enters the feed.

use concord_protocol::ports::{EnqueueCopies, MergeRollup, PortResult, ReceiveCopies, ReplaceState};
use concord_protocol::{Change, CopySet, JobId, Rollup, Verdict};

use super::examples::{DECIDED_AT, decided, ended, given_job, retried, stored, with};
use super::fixture::{Fixture, Transport};

/// A state replaces only the revision before it. A second writer learns that its state was not written.
pub(super) async fn state_is_replaced_only_from_the_revision_before(
    fixture: &impl Fixture,
) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 2).await?;
    let first = stored(fixture, &job).await?.state;
    let divergent = ended(&first, Verdict::Divergent);
    assert!(ports.replace_state(&job, divergent.clone()).await?);
    assert!(!ports.replace_state(&job, ended(&first, Verdict::Inconclusive)).await?);
    let skipping = with(&divergent, |record| record.revision += 2);
    assert!(!ports.replace_state(&job, skipping).await?);
    assert_eq!(stored(fixture, &job).await?.state, divergent);
    let again = retried(&divergent);
    assert!(ports.replace_state(&job, again.clone()).await?);
    assert_eq!(stored(fixture, &job).await?.state, again);
    Ok(())
}

async fn verdicts_fed(fixture: &impl Fixture, job: &JobId) -> PortResult<Vec<(Verdict, u64)>> {
    let mut verdicts = Vec::new();
    for fed in fixture.transport().read_changes(10).await? {
        let Change::Decided(announcement) = fed.change else { continue };
        assert_eq!(announcement.job, *job);
        assert_eq!(announcement.decided_at, DECIDED_AT);
        verdicts.push((announcement.verdict, announcement.revision));
    }
    Ok(verdicts)
}

/// A changed verdict enters the feed once, together with the state. A state that was not written does not enter it.
pub(super) async fn changed_verdict_enters_the_feed_once(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 2).await?;
    let first = stored(fixture, &job).await?.state;
    let inconclusive = ended(&first, Verdict::Inconclusive);
    assert!(ports.replace_state(&job, inconclusive.clone()).await?);
    assert!(!ports.replace_state(&job, inconclusive.clone()).await?);
    assert!(ports.replace_state(&job, decided(&inconclusive, Verdict::Divergent)).await?);
    let expected = [(Verdict::Inconclusive, 1), (Verdict::Divergent, 2)];
    assert_eq!(verdicts_fed(fixture, &job).await?, expected);
    Ok(())
}

/// A state holds the number of copies that are wanted. When it grows, the new copies can be enqueued, and the last
/// chunk of the rollup is not complete any more.
pub(super) async fn extended_job_wants_more_copies(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 2).await?;
    let first = stored(fixture, &job).await?.state;
    assert_eq!(first.copies(), 2);
    let extended = with(&first, |record| (record.copies, record.revision) = (1_500, 1));
    assert!(ports.replace_state(&job, extended.clone()).await?);
    let stored = stored(fixture, &job).await?;
    assert_eq!((stored.spec.copies, &stored.state), (2, &extended));
    ports.enqueue_copies(&job, 0, 2..4).await?;
    let mut delivered: Vec<_> =
        ports.receive_copies(10).await?.into_iter().map(|delivery| delivery.copy.index).collect();
    delivered.sort_unstable();
    assert_eq!(delivered, [2, 3]);
    let rollup = Rollup { copies: 2, produced: CopySet::of(0), ..Rollup::default() };
    ports.merge_rollup(&job, rollup).await?;
    let outgrown = Rollup { copies: 1_500, ..Rollup::default() };
    assert_eq!(ports.merge_rollup(&job, outgrown.clone()).await?, outgrown);
    Ok(())
}

/// A state with the same verdict does not enter the feed, whatever else it changes.
pub(super) async fn same_verdict_does_not_enter_the_feed(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 2).await?;
    let first = stored(fixture, &job).await?.state;
    let divergent = decided(&first, Verdict::Divergent);
    assert!(ports.replace_state(&job, divergent.clone()).await?);
    let ended = ended(&divergent, Verdict::Divergent);
    assert!(ports.replace_state(&job, ended.clone()).await?);
    assert_eq!(verdicts_fed(fixture, &job).await?, [(Verdict::Divergent, 1)]);
    let other = given_job(fixture, "other", 2).await?;
    let first = stored(fixture, &other).await?.state;
    let later = with(&first, |record| {
        record.deadline_at = record.deadline_at.plus_ms(1);
        record.revision = 1;
    });
    assert!(ports.replace_state(&other, later).await?);
    assert_eq!(verdicts_fed(fixture, &job).await?, [(Verdict::Divergent, 1)]);
    Ok(())
}
