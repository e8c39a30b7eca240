//! What every log does, whatever it is made of. A backend's own test file says how to open one ([`Backend`]) and calls
//! [`conformance_suite!`](crate::conformance_suite).

#![allow(clippy::unwrap_used, reason = "these are tests, though other crates call them")]

use std::sync::Arc;

use async_trait::async_trait;

use crate::log::EventLog;

pub mod appending;
pub mod erasing;
pub mod expecting;
pub mod racing;
pub mod reopening;
pub mod repeating;
pub mod subscribing;

mod author;
mod history;

pub use author::Author;
pub use history::{append, assert_chained, history, store, take};

/// A log under test.
#[async_trait]
pub trait Backend: Sized + Send + Sync {
    /// A new, empty log, which is gone when this is dropped.
    async fn start() -> Self;

    /// Opens the log as a process does when it starts. What was opened before has been dropped by then.
    async fn open(&self) -> Arc<dyn EventLog>;
}

/// Defines one test for every case of the suite, run on the given [`Backend`].
#[macro_export]
macro_rules! conformance_suite {
    ($backend:ty) => {
        $crate::conformance_suite! { @cases $backend;
            appending {
                what_was_appended_is_read_back_byte_for_byte
                a_read_begins_after_the_given_version
                versions_and_positions_increase
                several_events_are_appended_all_or_none
                conversations_do_not_mix
                what_is_acknowledged_can_be_read_at_once
                the_end_is_the_position_of_the_last_event
            }
            expecting {
                an_expectation_below_the_end_conflicts
                an_expectation_beyond_the_end_conflicts
                an_append_without_events_checks_its_expectation
            }
            erasing {
                erased_events_cannot_be_read
                an_erased_conversation_goes_on
                an_erasure_may_be_repeated_and_followed_by_another
                an_erasure_that_is_not_stored_erases_nothing
                a_restored_conversation_may_begin_with_its_erasure
                a_subscription_meets_no_gap_that_is_not_erased
            }
            repeating {
                a_repeated_append_is_stored_once
                a_repeated_append_is_known_after_later_events
                a_repeated_append_is_known_after_reopening
                identical_appends_at_the_same_time_are_stored_once
                another_append_in_the_same_place_conflicts
                an_append_that_lost_its_acknowledgement_is_stored_once
            }
            racing {
                of_two_writers_at_the_same_time_exactly_one_wins
                writers_of_different_conversations_all_win
            }
            subscribing {
                a_subscription_brings_every_event_in_the_order_of_the_log
                a_subscription_from_the_middle_brings_only_what_is_later
                a_subscription_goes_live_without_gap_or_double
                a_subscription_to_an_empty_log_waits_for_the_first_event
                a_cut_subscription_resumes_where_it_was
            }
            reopening {
                a_log_is_the_same_after_reopening
                every_log_has_an_identity_of_its_own
            }
        }
    };
    (@cases $backend:ty; $($group:ident { $($case:ident)* })*) => {
        $($(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let case = $crate::conformance::$group::$case::<$backend>();
                let limit = std::time::Duration::from_secs(120);
                tokio::time::timeout(limit, case).await.expect("the case waits for something that never comes");
            }
        )*)*
    };
}
