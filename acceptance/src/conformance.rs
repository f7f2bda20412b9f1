//! What every adapter of the ports has to do, as checks that run on any of them.
//!
//! A check is a function over a [`Fixture`]. It panics when the adapter does not conform, and gives the error of a port
//! that failed.

#![expect(
    clippy::missing_panics_doc,
    reason = "to panic is how a check says that an adapter does not conform"
)]

pub mod announcements;
pub mod embedded;
pub mod examples;
pub mod fairness;
pub mod feed;
mod fixture;
pub mod goldens;
pub mod jobs;
pub mod outcomes;
pub mod outputs;
pub mod queue;
pub mod receipts;
pub mod states;
pub mod tallies;

pub use fixture::{AllPorts, FedChange, Fixture, Transport};

/// Makes a test of every check. `$fixture` is an expression that gives a fresh [`Fixture`].
#[macro_export]
macro_rules! conformance_tests {
    ($fixture:expr) => {
        $crate::conformance_tests! { @each $fixture;
            announcements::repeated_announcement_is_no_error,
            feed::acknowledged_changes_do_not_return,
            feed::unacknowledged_changes_return,
            feed::changes_come_in_bounded_batches,
            feed::every_outcome_that_is_kept_enters_once,
            goldens::golden_result_is_read_back,
            goldens::golden_result_replaces_the_one_before,
            jobs::created_job_is_read_back,
            jobs::jobs_are_created_all_or_none,
            jobs::unknown_job_is_absent,
            outcomes::outcomes_settle_by_the_rules,
            outcomes::outcome_is_read_back_whole,
            outcomes::differing_digests_are_all_kept,
            outcomes::failure_gives_way_to_a_digest,
            outcomes::outcomes_come_in_order_of_their_copies,
            outcomes::outcome_of_unknown_job_is_rejected,
            outputs::output_is_kept_once_a_digest,
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
            tallies::chunks_have_tallies_of_their_own,
            tallies::rolls_merge_by_union,
            tallies::sandboxes_are_kept_as_far_as_they_count,
        }
    };
    (@each $fixture:expr; $($group:ident :: $check:ident,)+) => {
        $(
            #[test]
            fn $check() {
                let fixture = $fixture;
                $crate::conformance::Fixture::block_on(&fixture, $crate::conformance::$group::$check(&fixture)).unwrap();
            }
        )+
    };
}

/// Makes a test of every check for adapters whose queue and ledger are one store, and which therefore promise more of
/// the queue: see [`embedded`](crate::conformance::embedded).
#[macro_export]
macro_rules! embedded_conformance_tests {
    ($fixture:expr) => {
        $crate::conformance_tests! { @each $fixture;
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
        }
    };
}
