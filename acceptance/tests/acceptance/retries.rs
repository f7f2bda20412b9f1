//! Retries, on the production local fleet and the SQLite adapter.

use std::sync::Arc;
use std::time::Duration;

use concord_aggregator::Aggregator;
use concord_local::{FleetSettings, LocalFleet, Opening, Store};
use concord_protocol::ports::{Clock, CreateJobs, PortResult, ReadJob, RecordOutcome, ReplaceState};
use concord_protocol::{Environment, Facts, Job, JobId, Verdict};
use concord_testkit::{SUBMITTED_AT, TestClock, id, new_job, outcome};
use concord_worker::{Calculate, CalculationError, Output, Runs, Task};
use futures::executor::block_on;

/// A calculation that must not run.
struct NeverRun;

impl Calculate for NeverRun {
    async fn calculate(&self, _: Task) -> Result<Output, CalculationError> {
        Err(CalculationError::Stopped)
    }
}

/// How long an idle local fleet may take until it sees that no copy is left to run.
const PROMPT: Duration = Duration::from_secs(5);

/// A divergent job of two copies, both with a digest, that was retried.
async fn given_retried_job(store: &Store, clock: &Arc<dyn Clock>) -> PortResult<JobId> {
    let job = id("job");
    store.create_jobs(vec![new_job("job", 2)]).await?;
    store.record_outcome(outcome(&job, 0, 0, Ok("a"))).await?;
    store.record_outcome(outcome(&job, 1, 0, Ok("b"))).await?;
    let aggregator = Aggregator::new(store.clone(), store.clone(), Arc::clone(clock));
    loop {
        let (sequences, changes): (Vec<_>, Vec<_>) = store.read_changes(10)?.into_iter().unzip();
        if changes.is_empty() {
            break;
        }
        assert!(aggregator.fold(&changes).await.is_empty());
        store.acknowledge_changes(sequences).await?;
    }
    let divergent = read(store, &job).await?;
    assert_eq!(divergent.state.verdict(), Verdict::Divergent);
    assert!(divergent.state.ended_at().is_some());
    let retried = divergent.retried(clock.now()).expect("a divergent job can be retried");
    assert!(store.replace_state(&job, retried).await?);
    Ok(job)
}

async fn read(store: &Store, job: &JobId) -> PortResult<Job> {
    Ok(store.read_job(job).await?.expect("the job was created"))
}

/// Regression: such a job once stayed open until its deadline, an hour later, although nothing was left to do.
#[test]
fn retried_job_without_a_copy_to_run_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(TestClock::at(SUBMITTED_AT));
    let store = Store::open(&folder.path().join("store"), Opening::new(Arc::clone(&clock))).unwrap();
    let job = block_on(given_retried_job(&store, &clock)).unwrap();
    let environment =
        Environment { sandbox: "retries".to_owned(), identity: Facts::default(), facts: Facts::default() };
    let settings = FleetSettings { threads: 1, remote: None, environment };
    let is_open = || block_on(read(&store, &job)).unwrap().state.ended_at().is_none();
    let fleet = LocalFleet::start(store.clone(), NeverRun, Arc::new(Runs::default()), settings).unwrap();
    fleet.wait_for_decision(PROMPT, is_open);
    let open = is_open();
    fleet.stop().unwrap();
    assert!(!open, "the job has no copy to run, and still waits for its deadline");
}
