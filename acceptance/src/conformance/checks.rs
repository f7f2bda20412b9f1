use concord_protocol::ports::PortResult;
use futures::FutureExt;
use futures::future::LocalBoxFuture;

use super::fixture::Fixture;
use super::{
    announcements, embedded, fairness, feed, goldens, index, jobs, outcomes, outputs, queue, receipts,
    states, tallies,
};

/// Hands what every adapter promises to the macro in brackets, after `$with`.
#[doc(hidden)]
#[macro_export]
macro_rules! every_adapter {
    ([$($then:tt)+] $($with:tt)*) => {
        $($then)+! {
            $($with)*
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
        }
    };
}

/// Hands what an adapter promises in addition, when its queue and ledger are one store, to the macro in brackets: it does
/// not deliver copies that are no longer wanted. A queue without access to the ledger delivers them, and the worker drops
/// them.
#[doc(hidden)]
#[macro_export]
macro_rules! embedded_adapter {
    ([$($then:tt)+] $($with:tt)*) => {
        $($then)+! {
            $($with)*
            embedded::ended_job_loses_its_messages,
            embedded::ended_job_takes_no_messages,
            embedded::older_round_takes_no_messages,
            fairness::small_job_is_not_starved_by_a_large_one,
            fairness::small_job_is_not_starved_when_copies_are_taken_singly,
            fairness::hidden_messages_of_one_job_hold_up_no_other,
            fairness::jobs_share_what_is_received_equally,
            queue::enqueuing_twice_is_harmless,
            queue::message_is_delivered_as_often_as_its_policy_says,
            queue::newer_round_replaces_an_older_one,
            receipts::receipt_of_an_older_round_deletes_nothing,
            receipts::receipt_of_an_older_round_delays_nothing,
        }
    };
}

/// Makes a test of each check, with the name of the check. `every_adapter` has the checks for all adapters, and
/// `embedded_adapter` those for an adapter whose queue and ledger are one store; `$fresh` makes a [`Fixture`].
#[macro_export]
macro_rules! conformance_tests {
    ($fresh:path; $($group:ident :: $check:ident,)+) => {
        $(
            #[test]
            fn $check() {
                $crate::conformance::assert_conforms(
                    concat!(stringify!($group), "::", stringify!($check)),
                    $fresh,
                );
            }
        )+
    };
    ($checks:ident, $fresh:path) => {
        $crate::$checks! { [$crate::conformance_tests] $fresh; }
    };
}

/// A promise that an adapter keeps.
struct Check<F> {
    /// The file and the name of the check.
    name: &'static str,
    run: for<'a> fn(&'a F) -> LocalBoxFuture<'a, PortResult<()>>,
}

/// The checks with these names.
macro_rules! checks {
    ($($group:ident :: $check:ident,)+) => {
        [
            $(Check {
                name: concat!(stringify!($group), "::", stringify!($check)),
                run: |fixture| $group::$check(fixture).boxed_local(),
            },)+
        ]
    };
}

/// Runs a check on a fixture of its own. Called by the tests that [`conformance_tests`](crate::conformance_tests) makes.
///
/// # Panics
/// When the adapter does not conform, and when there is no check of that name.
pub fn assert_conforms<F: Fixture>(name: &str, fresh: impl FnOnce() -> F) {
    let mut checks = every_adapter!([checks]).into_iter().chain(embedded_adapter!([checks]));
    let check = checks.find(|check| check.name == name).expect("a check has this name");
    let fixture = fresh();
    let kept = fixture.block_on((check.run)(&fixture));
    kept.expect("every port answers");
}
