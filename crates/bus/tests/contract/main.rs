//! The stories that the bus must pass within one process and over Redis alike, and those of a Redis that fails.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a story that cannot go on has failed"
)]

mod follow;
mod journal;
mod limits;
mod outage;
mod stand;
mod topics;

/// Runs each story on both.
macro_rules! stories {
    ($($family:ident: $($story:ident),* $(,)?;)*) => {
        mod memory {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                crate::$family::$story(&crate::stand::Stand::memory()).await;
            })*)*
        }
        mod redis {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                crate::$family::$story(&crate::stand::Stand::redis().await).await;
            })*)*
        }
    };
}

stories! {
    topics:
        what_is_published_reaches_every_subscription_in_order,
        topics_are_apart,
        a_subscription_that_falls_behind_is_told,
        leaving_and_coming_back_misses_nothing_published_afterwards,
        the_end_of_the_bus_closes_subscriptions;
    journal:
        what_a_named_position_brings,
        a_later_attempt_starts_over_and_the_earlier_one_is_refused,
        nothing_follows_the_last_event,
        several_events_share_one_step,
        concurrent_appends_leave_no_gap,
        of_two_attempts_written_at_once_the_later_wins,
        the_text_is_the_joined_deltas_of_the_current_attempt,
        every_kind_of_event_survives_the_trip,
        a_forgotten_journal_starts_at_seq_one;
    follow:
        a_follower_sees_what_was_and_what_comes_to_the_end,
        a_reader_that_comes_at_any_moment_sees_every_event_once_and_in_order,
        a_slow_reader_loses_nothing,
        a_reader_at_the_last_event_is_told_that_it_is_over,
        without_a_journal_the_database_has_the_last_word,
        an_end_in_the_database_hides_nothing_of_the_journal,
        a_lost_end_is_found_in_the_database,
        a_forgotten_journal_that_is_begun_anew_starts_over,
        a_new_attempt_is_passed_on,
        the_end_of_the_bus_ends_followers,
        a_dropped_follower_leaves_nothing_behind;
    limits:
        the_limit_passes_at_once_and_the_rest_is_told_when_to_come_back,
        of_a_thousand_that_race_exactly_the_limit_passes,
        what_was_charged_comes_back,
        buckets_are_charged_together_or_not_at_all,
        a_race_for_several_buckets_charges_nothing_for_those_refused,
        subjects_kinds_and_costs_are_apart,
        looking_charges_nothing,
        a_filled_bucket_has_forgotten_what_was_charged,
        a_rate_may_change_between_two_steps;
}
