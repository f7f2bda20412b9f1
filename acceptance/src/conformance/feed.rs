//! The change feed.

use concord_protocol::ports::{PortResult, RecordOutcome};
use concord_protocol::{Change, SandboxHash};
use concord_testkit::{copy, outcome, produced};

use super::examples::given_job;
use super::fixture::{Fixture, Transport};

/// A change that was acknowledged does not come again.
pub(super) async fn acknowledged_changes_do_not_return(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 5).await?;
    for index in 0..5 {
        ports.record_outcome(outcome(&job, index, 0, Ok("a"))).await?;
    }
    let fed = fixture.transport().read_changes(10).await?;
    assert_eq!(fed.len(), 5);
    let every_other = fed.iter().step_by(2).map(|fed| fed.sequence).collect::<Vec<_>>();
    fixture.transport().acknowledge_changes(every_other.clone()).await?;
    fixture.transport().acknowledge_changes(every_other).await?;
    let rest: Vec<_> = fed.into_iter().skip(1).step_by(2).collect();
    assert_eq!(fixture.transport().read_changes(10).await?, rest);
    fixture.transport().acknowledge_changes(rest.iter().map(|fed| fed.sequence).collect()).await?;
    assert_eq!(fixture.transport().read_changes(10).await?, []);
    Ok(())
}

/// A change that was not acknowledged comes again, with the same sequence number.
pub(super) async fn unacknowledged_changes_return(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 2).await?;
    ports.record_outcome(outcome(&job, 0, 0, Ok("a"))).await?;
    ports.record_outcome(outcome(&job, 1, 0, Err("exit code 1"))).await?;
    let first = fixture.transport().read_changes(10).await?;
    fixture.transport().acknowledge_changes(Vec::new()).await?;
    assert_eq!(fixture.transport().read_changes(10).await?, first);
    let changes: Vec<_> = first.into_iter().map(|fed| fed.change).collect();
    let digest = produced("a").digest;
    let reason = "exit code 1".to_owned();
    let expected = [
        Change::Produced { copy: copy(&job, 0), digest, sandbox: Some(SandboxHash::of("sandbox-0")) },
        Change::Failed { copy: copy(&job, 1), round: 0, reason },
    ];
    assert_eq!(changes, expected);
    Ok(())
}

/// At most the requested number of changes comes at once, and every change comes.
pub(super) async fn changes_come_in_bounded_batches(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 7).await?;
    for index in 0..7 {
        ports.record_outcome(outcome(&job, index, 0, Ok("a"))).await?;
    }
    let mut sizes = Vec::new();
    loop {
        let fed = fixture.transport().read_changes(3).await?;
        if fed.is_empty() {
            break;
        }
        sizes.push(fed.len());
        fixture.transport().acknowledge_changes(fed.into_iter().map(|fed| fed.sequence).collect()).await?;
    }
    assert_eq!(sizes, [3, 3, 1]);
    Ok(())
}

/// An outcome that is kept enters the feed exactly once. An outcome that is dropped does not enter it.
pub(super) async fn every_outcome_that_is_kept_enters_once(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    let job = given_job(fixture, "job", 1).await?;
    let replays =
        [Err("exit code 1"), Err("timed out"), Ok("a"), Ok("a"), Ok("b"), Ok("b"), Ok("a"), Ok("c")];
    for gave in replays {
        ports.record_outcome(outcome(&job, 0, 0, gave)).await?;
    }
    let changes: Vec<_> =
        fixture.transport().read_changes(20).await?.into_iter().map(|fed| fed.change).collect();
    let sandbox = Some(SandboxHash::of("sandbox-0"));
    let of = |output| Change::Produced { copy: copy(&job, 0), digest: produced(output).digest, sandbox };
    let reason = "exit code 1".to_owned();
    let failed = Change::Failed { copy: copy(&job, 0), round: 0, reason };
    assert_eq!(changes, [failed, of("a"), of("b"), of("c")]);
    Ok(())
}
