//! What is told, and what may be read, while the models are behind.

use std::time::Duration;

use super::log_double::LogDouble;
use super::{Following, at};
use crate::{CaughtUp, Filter, ReadError, State};

#[tokio::test]
async fn nothing_is_read_until_the_log_s_end_was_reached_once() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.announce_end(at(2));
    let models = Following::all_of(log).await;

    assert_eq!((models.status().state, models.status().anew), (State::Building, true));
    assert!(matches!(models.models.conversations(Filter::default(), 10, None).await, Err(ReadError::Building)));
    assert!(matches!(models.models.thread(super::conversation("alice"), None, None).await, Err(ReadError::Building)));

    models.log.answered("alice", 2_000, "m1", "good day");
    models.catch_up().await;
    assert_eq!((models.status().state, models.status().anew), (State::Live, false));
    assert_eq!(models.page(10).await.total, 1);
}

#[tokio::test]
async fn models_that_were_whole_once_are_read_while_they_catch_up_after_a_restart() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    let models = Following::all_of(log).await;
    models.log.announce_end(at(2));
    let models = models.restart().await;

    assert_eq!((models.status().state, models.status().anew), (State::Building, false));
    assert_eq!(models.page(10).await.total, 1);
}

#[tokio::test]
async fn a_build_that_was_cut_off_is_still_a_build_after_a_restart() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.announce_end(at(2));
    let models = Following::all_of(log).await.restart().await;
    assert!(models.status().anew);
    assert!(matches!(models.models.conversations(Filter::default(), 10, None).await, Err(ReadError::Building)));
}

#[tokio::test]
async fn live_models_stay_live_when_new_events_come() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    let models = Following::all_of(log).await;
    for n in 0..100 {
        models.log.asks(&format!("visitor-{n}"), 2_000, "m1", "hello");
        assert_eq!(models.status().state, State::Live);
        tokio::task::yield_now().await;
    }
    models.catch_up().await;
    assert_eq!(models.page(1).await.total, 101);
}

#[tokio::test]
async fn waiting_for_an_event_ends_when_reads_see_it() {
    let models = Following::start(LogDouble::new(1));
    for n in 1..=50 {
        models.log.asks(&format!("visitor-{n}"), 1_000, "m1", "hello");
        models.catch_up().await;
        assert_eq!(models.page(1).await.total, n);
    }
}

#[tokio::test]
async fn waiting_for_what_does_not_come_ends_with_the_patience() {
    let models = Following::start(LogDouble::new(1));
    assert_eq!(models.models.caught_up(at(1), Duration::from_millis(1)).await, CaughtUp::Behind);
}
