//! Jobs and their payloads.

use concord_protocol::ports::{CreateJobs, PortResult, ReadJob, ReadPayload};
use concord_testkit::{PAYLOAD, id, new_job, spec};

use super::examples::{given_job, stored};
use super::fixture::Fixture;

/// A job is read back as it was submitted, its payload byte for byte.
pub(super) async fn created_job_is_read_back(fixture: &impl Fixture) -> PortResult<()> {
    let job = given_job(fixture, "job", 180).await?;
    let read = stored(fixture, &job).await?;
    assert_eq!(*read.spec, spec("job", 180));
    assert_eq!(read.state, spec("job", 180).first_state());
    assert_eq!(fixture.ports().read_payload(&job).await?.as_deref(), Some(PAYLOAD));
    Ok(())
}

/// When one id is taken, no job of the submission is created, and the job with that id is given back.
pub(super) async fn jobs_are_created_all_or_none(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    given_job(fixture, "taken", 3).await?;
    let wanted = vec![new_job("one", 1), new_job("taken", 7), new_job("two", 1)];
    let taken = ports.create_jobs(wanted).await?.expect("the id of one of the jobs is taken");
    assert_eq!(*taken.spec, spec("taken", 3));
    assert_eq!(ports.read_job(&id("one")).await?, None);
    assert_eq!(ports.read_job(&id("two")).await?, None);
    assert_eq!(ports.create_jobs(vec![new_job("one", 1), new_job("two", 1)]).await?, None);
    assert_eq!(*stored(fixture, &id("two")).await?.spec, spec("two", 1));
    Ok(())
}

/// A job that was never created has neither a record nor a payload.
pub(super) async fn unknown_job_is_absent(fixture: &impl Fixture) -> PortResult<()> {
    given_job(fixture, "job", 1).await?;
    assert_eq!(fixture.ports().read_job(&id("jo")).await?, None);
    assert_eq!(fixture.ports().read_payload(&id("jo")).await?, None);
    Ok(())
}
