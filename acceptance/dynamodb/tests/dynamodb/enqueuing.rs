//! Copies reach the queue even if requests fail.

use concord_acceptance::conformance::Fixture;
use concord_acceptance::conformance::examples::given_job;
use concord_protocol::ports::{EnqueueCopies, PortError};

use crate::fixture::InCloud;
use crate::sqs::Mishap;

#[test]
fn the_failed_entries_of_a_batch_are_sent_again() {
    let fixture = InCloud::fresh();
    fixture.sqs.mishaps(&[Mishap::Entries(&[0, 3, 9]), Mishap::Throttled, Mishap::Entries(&[1])]);
    fixture.block_on(async {
        let job = given_job(&fixture, "job", 25).await.unwrap();
        fixture.cloud.queue.enqueue_copies(&job, 0, 0..25).await.unwrap();
    });
    let mut copies: Vec<_> = fixture.sqs.messages().into_iter().map(|(_, body, _)| body).collect();
    copies.sort();
    let mut expected: Vec<_> =
        (0..25).map(|copy| format!(r#"{{"job":"job","copy":{copy},"round":0}}"#)).collect();
    expected.sort();
    assert_eq!(copies, expected, "every copy is on the queue once");
    assert!(fixture.sqs.requests("SendMessageBatch") >= 6);
}

#[test]
fn an_entry_with_a_sender_fault_is_an_error_at_once() {
    let fixture = InCloud::fresh();
    fixture.sqs.mishaps(&[Mishap::SenderFault]);
    let sent = fixture.block_on(async {
        let job = given_job(&fixture, "job", 1).await.unwrap();
        fixture.cloud.queue.enqueue_copies(&job, 0, 0..1).await
    });
    assert!(matches!(sent, Err(PortError::Permanent(_))), "{sent:?}");
    assert_eq!(fixture.sqs.requests("SendMessageBatch"), 1);
}

#[test]
fn one_request_sends_ten_copies_and_each_names_its_job_and_trace() {
    let fixture = InCloud::fresh();
    let trace = "Root=1-6551f3c0-000000000000000000000001;Sampled=1";
    fixture.block_on(async {
        let job = given_job(&fixture, "job", 180).await.unwrap();
        let queue = fixture.cloud.queue.clone().traced(trace.to_owned());
        queue.enqueue_copies(&job, 0, 0..180).await.unwrap();
    });
    assert_eq!(fixture.sqs.requests("SendMessageBatch"), 18);
    for (group, _, header) in fixture.sqs.messages() {
        assert_eq!((group.as_str(), header.as_deref()), ("job", Some(trace)));
    }
}
