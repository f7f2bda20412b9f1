//! How jobs are found by name, and listed.

use std::fmt::Display;

use concord_protocol::ports::{
    CreateJobs, FindJobs, ListJobs, ListOpenJobs, NewJob, PortResult, ReadSubmission, ReplaceState,
};
use concord_protocol::{ListFilter, Lookup, Verdict};
use concord_testkit::{SUBMITTED_AT, id, new_job};

use super::examples::{decided, ended, stored};
use super::fixture::Fixture;

/// Creates jobs, each a second after the one before.
async fn given_jobs(fixture: &impl Fixture, names: &[&str]) -> PortResult<()> {
    for (place, name) in (0..).zip(names) {
        let mut new = new_job(name, 1);
        new.spec.submission = id(name);
        new.spec.submitted_at = SUBMITTED_AT.plus_ms(place * 1_000);
        assert_eq!(fixture.ports().create_jobs(vec![new]).await?, None);
    }
    Ok(())
}

fn names(ids: impl IntoIterator<Item = impl Display>) -> Vec<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}

/// A whole id comes before an id that begins with it. A beginning stands for a job only if one id begins with it.
pub(super) async fn job_is_found_by_its_id_and_by_the_beginning_of_it(
    fixture: &impl Fixture,
) -> PortResult<()> {
    let ports = fixture.ports();
    given_jobs(fixture, &["alpha", "alphabet", "beta"]).await?;
    assert_eq!(ports.find_jobs("alpha").await?, Lookup::Jobs(vec![id("alpha")]));
    assert_eq!(ports.find_jobs("b").await?, Lookup::Jobs(vec![id("beta")]));
    for unknown in ["gamma", "lpha", "beta beta", "%"] {
        assert_eq!(ports.find_jobs(unknown).await?, Lookup::Nothing, "{unknown}");
    }
    let Lookup::Ambiguous(mut some, 2) = ports.find_jobs("al").await? else {
        panic!("two ids begin with al")
    };
    some.sort();
    assert_eq!(names(some), ["alpha", "alphabet"]);
    Ok(())
}

/// A submission is all its jobs. The one job of a submission may have the same id.
pub(super) async fn submission_is_found_in_the_order_of_its_payloads(
    fixture: &impl Fixture,
) -> PortResult<()> {
    let ports = fixture.ports();
    let numbered = |place| {
        let mut new: NewJob = new_job(&format!("many.{place}"), 1);
        new.spec.submission = id("many");
        new
    };
    assert_eq!(ports.create_jobs((0..12).map(numbered).collect()).await?, None);
    given_jobs(fixture, &["one"]).await?;
    let wanted: Vec<_> = (0..12).map(|place| id(&format!("many.{place}"))).collect();
    assert_eq!(ports.read_submission(&id("many")).await?, wanted);
    assert_eq!(ports.find_jobs("many").await?, Lookup::Jobs(wanted));
    assert_eq!(ports.read_submission(&id("one")).await?, [id("one")]);
    assert_eq!(ports.read_submission(&id("man")).await?, []);
    Ok(())
}

/// A list has the newest jobs, of one verdict or of all.
pub(super) async fn jobs_are_listed_newest_first(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    given_jobs(fixture, &["c", "a", "b", "d"]).await?;
    for name in ["a", "d"] {
        let state = stored(fixture, &id(name)).await?.state;
        assert!(ports.replace_state(&id(name), ended(&state, Verdict::Reproducible)).await?);
    }
    for (verdict, count_max, wanted) in [
        (None, 10, &["d", "b", "a", "c"][..]),
        (None, 2, &["d", "b"][..]),
        (Some(Verdict::Reproducible), 10, &["d", "a"][..]),
        (Some(Verdict::Running), 1, &["b"][..]),
        (Some(Verdict::Cancelled), 10, &[][..]),
    ] {
        let jobs = ports.list_jobs(ListFilter { verdict, count_max }).await?;
        assert_eq!(names(jobs.iter().map(|job| &job.spec.job)), wanted, "{verdict:?}, {count_max}");
    }
    Ok(())
}

/// A job is open until it has ended, also when it is divergent already.
pub(super) async fn ended_job_is_not_open(fixture: &impl Fixture) -> PortResult<()> {
    let ports = fixture.ports();
    given_jobs(fixture, &["c", "ended", "divergent", "a"]).await?;
    let state = stored(fixture, &id("ended")).await?.state;
    assert!(ports.replace_state(&id("ended"), ended(&state, Verdict::Divergent)).await?);
    let state = stored(fixture, &id("divergent")).await?.state;
    assert!(ports.replace_state(&id("divergent"), decided(&state, Verdict::Divergent)).await?);
    assert_eq!(names(ports.list_open_jobs().await?), ["c", "divergent", "a"]);
    Ok(())
}
