//! Tests the methods of the ledger that no port has.

use concord_acceptance::conformance::Fixture;
use concord_acceptance::conformance::examples::{ended, given_job, stored};
use concord_cloud::StreamChange;
use concord_protocol::ports::{
    CreateJobs, MergeTally, NewJob, PortError, ReadJob, ReadPayload, ReadSubmission, RecordOutcome,
    ReplaceState,
};
use concord_protocol::{Change, Digest, Tally, Verdict};
use concord_testkit::{copy, id, new_job, outcome};

use crate::fixture::InCloud;

fn submission(name: &str, jobs: u32) -> Vec<NewJob> {
    let numbered = |place| {
        let mut new = new_job(&format!("{name}.{place}"), 2);
        new.spec.submission = id(name);
        new
    };
    (0..jobs).map(numbered).collect()
}

#[test]
fn a_submission_larger_than_a_transaction_is_created_as_a_whole() {
    let fixture = InCloud::fresh();
    fixture.block_on(async {
        let ledger = &fixture.cloud.ledger;
        assert_eq!(ledger.create_jobs(submission("many", 120)).await.unwrap(), None);
        let ids = ledger.read_submission(&id("many")).await.unwrap();
        assert_eq!(ids.len(), 120);
        assert_eq!(ids[119], id("many.119"));
        assert!(ledger.read_payload(&ids[119]).await.unwrap().is_some());
        let again = ledger.create_jobs(submission("many", 120)).await.unwrap();
        assert_eq!(again.unwrap().spec.job, id("many.0"), "the second time, all ids are taken");
    });
}

#[test]
fn if_one_of_many_ids_is_taken_no_job_is_created() {
    let fixture = InCloud::fresh();
    fixture.block_on(async {
        let ledger = &fixture.cloud.ledger;
        given_job(&fixture, "many.110", 1).await.unwrap();
        let taken = ledger.create_jobs(submission("many", 120)).await.unwrap();
        assert_eq!(taken.unwrap().spec.job, id("many.110"));
        assert_eq!(ledger.read_job(&id("many.0")).await.unwrap(), None);
        assert_eq!(ledger.read_submission(&id("many")).await.unwrap(), []);
    });
}

#[test]
fn an_interrupted_submission_is_completed_by_the_same_call() {
    let fixture = InCloud::fresh();
    fixture.block_on(async {
        let ledger = &fixture.cloud.ledger;
        // This is the state after a process died between its first and its second transaction.
        fixture.cloud.forget_completion(submission("many", 60)).await;
        assert_eq!(ledger.create_jobs(submission("many", 120)).await.unwrap(), None);
        assert!(ledger.read_job(&id("many.119")).await.unwrap().is_some());
        assert_eq!(ledger.read_submission(&id("many")).await.unwrap().len(), 120);
    });
}

#[test]
fn only_a_new_job_and_a_new_round_are_due() {
    let fixture = InCloud::fresh();
    fixture.block_on(async {
        let job = given_job(&fixture, "job", 1).await.unwrap();
        fixture.cloud.ledger.record_outcome(outcome(&job, 0, 0, Ok("a"))).await.unwrap();
        fixture.cloud.ledger.set_enqueued(&job, 0, 1).await.unwrap();
        let state = stored(&fixture, &job).await.unwrap().state;
        fixture.cloud.ledger.replace_state(&job, ended(&state, Verdict::Inconclusive)).await.unwrap();
        let retried = stored(&fixture, &job).await.unwrap().retried(state.deadline_at()).unwrap();
        fixture.cloud.ledger.replace_state(&job, retried.clone()).await.unwrap();
        let due: Vec<_> = fixture.cloud.changes().await.unwrap();
        let due: Vec<_> =
            due.into_iter().filter(|change| matches!(change, StreamChange::Due { .. })).collect();
        let expected = [(0, state.deadline_at()), (1, retried.deadline_at())]
            .map(|(round, deadline_at)| StreamChange::Due { job: job.clone(), round, deadline_at });
        assert_eq!(due, expected);
    });
}

/// If each copy fails with another reason of the greatest length, the reasons of more than one round do not fit into an
/// item.
#[test]
fn a_tally_with_too_many_reasons_still_counts_every_failure() {
    let fixture = InCloud::fresh();
    fixture.block_on(async {
        let job = given_job(&fixture, "job", 1_000).await.unwrap();
        let mut whole = Tally::default();
        for round in 0..3 {
            for part in (0..1_000).step_by(100) {
                let mut delta = Tally::default();
                for index in part..part + 100 {
                    let reason = format!("{index:0>200}");
                    delta.absorb(&Change::Failed { copy: copy(&job, index), round, reason });
                }
                whole = fixture.cloud.ledger.merge_tally(&job, 0, delta).await.unwrap();
            }
        }
        assert_eq!((0..3).map(|round| whole.failed(round).len()).collect::<Vec<_>>(), [1_000; 3]);
        assert!(whole.failures.len() < 3_000, "the item was never full");
        let digest = Change::Produced { copy: copy(&job, 7), digest: Digest::of(b"a"), sandbox: None };
        let mut delta = Tally::default();
        delta.absorb(&digest);
        let whole = fixture.cloud.ledger.merge_tally(&job, 0, delta).await.unwrap();
        assert_eq!(whole.produced().len(), 1, "a digest still fits into the item");
    });
}

/// Time to live removes the items of a job one by one. The remaining items must never count for a later job
/// with the same id.
#[test]
fn an_id_cannot_be_used_again_while_an_item_of_its_job_exists() {
    let fixture = InCloud::fresh();
    fixture.block_on(async {
        let job = given_job(&fixture, "job", 1).await.unwrap();
        fixture.cloud.ledger.record_outcome(outcome(&job, 0, 0, Ok("a"))).await.unwrap();
        fixture.cloud.lose(&job, "job").await;
        fixture.cloud.lose(&job, "payload").await;
        let again = fixture.cloud.ledger.create_jobs(vec![new_job("job", 1)]).await;
        assert!(matches!(again, Err(PortError::Invalid(_))), "{again:?}");
        fixture.cloud.lose(&job, "copy#000000").await;
        let again = fixture.cloud.ledger.create_jobs(vec![new_job("job", 1)]).await;
        assert!(matches!(again, Err(PortError::Invalid(_))), "{again:?}");
        let facts = outcome(&job, 0, 0, Ok("a")).environment.unwrap().facts.clone();
        let facts = Digest::of(&serde_json::to_vec(&facts).unwrap());
        fixture.cloud.lose(&job, &format!("facts#{facts}")).await;
        assert_eq!(fixture.cloud.ledger.create_jobs(vec![new_job("job", 1)]).await.unwrap(), None);
    });
}

#[test]
fn outcomes_that_the_tallies_lack_are_folded_again() {
    let fixture = InCloud::fresh();
    fixture.block_on(async {
        let job = given_job(&fixture, "job", 4).await.unwrap();
        let ledger = &fixture.cloud.ledger;
        let mut known = Tally::default();
        for (index, gave) in [(0, Ok("a")), (1, Ok("a")), (1, Ok("b")), (2, Err("no luck")), (3, Ok("a"))] {
            ledger.record_outcome(outcome(&job, index, 0, gave)).await.unwrap();
            if index == 0 {
                let digest = Digest::of(b"a");
                known.absorb(&Change::Produced { copy: copy(&job, 0), digest, sandbox: None });
            }
        }
        ledger.merge_tally(&job, 0, known).await.unwrap();
        let before = fixture.cloud.changes().await.unwrap().len();
        let stored = stored(&fixture, &job).await.unwrap();
        assert_eq!(ledger.refold(&stored).await.unwrap(), 4);
        let mut tally = Tally::default();
        for change in fixture.cloud.changes().await.unwrap().split_off(before) {
            let StreamChange::Fold(change) = change else { panic!("{change:?}") };
            tally.absorb(&change);
        }
        ledger.merge_tally(&job, 0, tally).await.unwrap();
        assert_eq!(ledger.refold(&stored).await.unwrap(), 0, "the tallies lack nothing now");
    });
}
