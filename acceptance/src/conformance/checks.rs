use concord_protocol::ports::PortResult;
use futures::FutureExt;
use futures::future::LocalBoxFuture;

use super::fixture::Fixture;
use super::{
    announcements, embedded, fairness, feed, goldens, index, jobs, outcomes, outputs, queue, receipts,
    states, tallies,
};

/// A promise that an adapter keeps.
pub struct Check<F> {
    /// The file and the name of the check.
    pub name: &'static str,
    run: for<'a> fn(&'a F) -> LocalBoxFuture<'a, PortResult<()>>,
}

/// The checks with these names.
macro_rules! checks {
    ($($group:ident :: $check:ident,)+) => {
        vec![
            $(Check {
                name: concat!(stringify!($group), "::", stringify!($check)),
                run: |fixture| $group::$check(fixture).boxed_local(),
            },)+
        ]
    };
}

/// What every adapter promises.
#[must_use]
pub fn every_adapter<F: Fixture>() -> Vec<Check<F>> {
    checks![
        announcements::repeated_announcement_is_no_error,
        feed::acknowledged_changes_do_not_return,
        feed::unacknowledged_changes_return,
        feed::changes_come_in_bounded_batches,
        feed::every_outcome_that_is_kept_enters_once,
        goldens::golden_result_is_read_back,
        goldens::golden_result_replaces_the_one_before,
        index::job_is_found_by_its_id_and_by_the_beginning_of_it,
        index::submission_is_found_in_the_order_of_its_payloads,
        index::jobs_are_listed_newest_first,
        index::ended_job_is_not_open,
        jobs::created_job_is_read_back,
        jobs::jobs_are_created_all_or_none,
        jobs::unknown_job_is_absent,
        outcomes::outcomes_settle_by_the_rules,
        outcomes::outcome_is_read_back_whole,
        outcomes::differing_digests_are_all_kept,
        outcomes::failure_gives_way_to_a_digest,
        outcomes::outcomes_come_in_order_of_their_copies,
        outcomes::outcome_of_unknown_job_is_rejected,
        outputs::output_is_kept_once_for_each_digest,
        outputs::outputs_beyond_the_bound_are_not_kept,
        queue::received_message_is_hidden_until_its_time_is_over,
        queue::deliveries_are_counted,
        queue::deleted_message_does_not_return,
        queue::delayed_message_returns_after_its_delay,
        queue::copies_with_a_digest_are_not_enqueued,
        queue::copies_with_a_failure_are_enqueued,
        queue::message_delivered_too_often_becomes_a_dead_letter,
        receipts::stale_receipt_deletes_nothing,
        receipts::stale_receipt_delays_nothing,
        receipts::receipt_is_stale_once_its_message_was_put_back,
        states::state_is_replaced_only_from_the_revision_before,
        states::changed_verdict_enters_the_feed_once,
        states::same_verdict_does_not_enter_the_feed,
        states::extended_job_wants_more_copies,
        tallies::tallies_merge_by_union,
        tallies::each_chunk_has_its_own_tally,
        tallies::rollups_merge_by_union,
        tallies::sandboxes_are_kept_up_to_the_number_that_counts,
    ]
}

/// What an adapter promises in addition when its queue and ledger are one store: it does not deliver copies that are
/// no longer wanted. A queue without access to the ledger delivers them, and the worker drops them.
#[must_use]
pub fn embedded_adapter<F: Fixture>() -> Vec<Check<F>> {
    checks![
        embedded::ended_job_loses_its_messages,
        embedded::ended_job_takes_no_messages,
        embedded::older_round_takes_no_messages,
        fairness::small_job_is_not_starved_by_a_large_one,
        fairness::small_job_is_not_starved_when_copies_are_taken_singly,
        fairness::hidden_messages_of_one_job_hold_up_no_other,
        queue::enqueuing_twice_is_harmless,
        queue::newer_round_replaces_an_older_one,
        receipts::receipt_of_an_older_round_deletes_nothing,
        receipts::receipt_of_an_older_round_delays_nothing,
    ]
}

/// How many checks run at once.
const CHECKS_AT_ONCE: usize = 8;

/// Runs each check on a fixture of its own, in a thread with the name of the check.
///
/// # Panics
/// When an adapter does not conform. The message names every check that failed.
pub fn assert_conforms<F: Fixture>(checks: &[Check<F>], fresh: impl Fn() -> F + Sync) {
    let mut failed = Vec::new();
    for batch in checks.chunks(CHECKS_AT_ONCE) {
        std::thread::scope(|scope| {
            let running = batch.iter().map(|check| {
                let run = || {
                    let fixture = fresh();
                    fixture.block_on((check.run)(&fixture))
                };
                let thread = std::thread::Builder::new().name(check.name.to_owned());
                (check.name, thread.spawn_scoped(scope, run).expect("a thread for a check starts"))
            });
            for (name, thread) in running.collect::<Vec<_>>() {
                match thread.join() {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => failed.push(format!("{name}: {error:?}")),
                    Err(_) => failed.push(format!("{name}: it panicked, see above")),
                }
            }
        });
    }
    assert!(failed.is_empty(), "{} of {} checks failed:\n{}", failed.len(), checks.len(), failed.join("\n"));
}
