//! What becomes of events that come twice, not at all, or at a bad moment.

use std::time::Duration;

use chat_eventlog::EventLog;
use chat_schema::Rating;
use futures_util::StreamExt;

use super::log_double::LogDouble;
use super::{Following, PATIENCE, at, until_above};
use crate::prepared::Prepared;
use crate::store::Store;
use crate::{CaughtUp, Filter, ReadError, State};

/// Every kind of event.
fn a_story() -> LogDouble {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.answered("alice", 2_000, "m1", "good day");
    log.rated("alice", 2_500, "m1", Some(Rating::Up));
    log.rated("alice", 2_600, "m1", Some(Rating::Down));
    log.asks("bob", 3_000, "m1", "hello");
    log.fails("bob", 4_000, "m1");
    log.asks("bob", 5_000, "m2", "anyone?");
    log.retried("bob", 6_000, "m1");
    log.stopped("bob", 7_000, "m1", "good d");
    log.asks("carol", 8_000, "m1", "forget me");
    log.answered("carol", 9_000, "m1", "done");
    log.erased("carol", 10_000, 2);
    log.asks("dave", 11_000, "m1", "forget this");
    log.erased("dave", 12_000, 1);
    log.asks("dave", 13_000, "m1", "hello again");
    log
}

#[tokio::test]
async fn redelivering_the_whole_log_changes_nothing() {
    let models = Following::all_of(a_story()).await;
    let (before, delivered) = (models.rows(), models.log.delivered());

    models.log.redeliver_everything();
    let models = models.restart().await;
    models.log.asks("erin", 14_000, "m1", "the end");
    models.catch_up().await;
    assert_eq!(models.log.delivered(), 2 * delivered + 1, "the log was not redelivered");

    let story = a_story();
    story.asks("erin", 14_000, "m1", "the end");
    let once = Following::all_of(story).await;
    assert_eq!(models.rows(), once.rows());
    assert_ne!(models.rows(), before);
}

#[tokio::test]
async fn an_event_that_the_log_holds_twice_counts_once() {
    let models = Following::all_of(a_story()).await;
    let before = models.rows();
    for position in 1..=15 {
        models.log.repeats(at(position));
        models.catch_up().await;
        // But for the checkpoint.
        assert_eq!(models.rows()[1..], before[1..], "event {position}");
    }
}

#[tokio::test]
async fn a_batch_seen_before_does_not_move_the_checkpoint_back() {
    let log = a_story();
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), log.identity()).unwrap();
    let events: Vec<_> = log.subscribe(at(0)).take(15).map(|event| Prepared::from(event.unwrap())).collect().await;
    let models = store.current();
    assert_eq!(models.apply(&events, at(0), at(15)).unwrap().position, at(15));
    assert_eq!(models.apply(&events[..3], at(15), at(15)).unwrap().position, at(15));
    assert_eq!(models.checkpoint().unwrap().position, at(15));
}

#[tokio::test]
async fn rows_and_checkpoint_are_written_together_or_not_at_all() {
    let models = Following::start(LogDouble::new(1));
    models.until(|status| status.state == State::Live).await;
    let before = models.rows();
    models
        .database()
        .execute_batch(
            "CREATE TRIGGER fault BEFORE INSERT ON message WHEN NEW.content = 'second'
             BEGIN SELECT RAISE(ABORT, 'injected'); END",
        )
        .unwrap();

    let tries = *models.log.tries.borrow();
    models.log.asks("alice", 1_000, "m1", "second");
    until_above(&models.log.tries, tries + 1).await;
    assert_eq!(models.rows(), before, "the list was written, the thread was not");
    assert_eq!(models.status().position, at(0));

    models.database().execute_batch("DROP TRIGGER fault").unwrap();
    models.catch_up().await;
    assert_eq!(models.messages("alice").await.len(), 1);
    assert_eq!(models.page(1).await.total, 1);
}

#[tokio::test]
async fn a_failed_checkpoint_takes_its_rows_back() {
    let models = Following::start(LogDouble::new(1));
    models.until(|status| status.state == State::Live).await;
    let before = models.rows();
    models
        .database()
        .execute_batch(
            "CREATE TRIGGER fault BEFORE UPDATE ON checkpoint WHEN NEW.position > 0
             BEGIN SELECT RAISE(ABORT, 'injected'); END",
        )
        .unwrap();

    let tries = *models.log.tries.borrow();
    models.log.asks("alice", 1_000, "m1", "hello");
    until_above(&models.log.tries, tries + 1).await;
    assert_eq!(models.rows(), before);
    models.until(|status| status.waits_for.as_deref() == Some("injected")).await;
    models.database().execute_batch("DROP TRIGGER fault").unwrap();
    models.catch_up().await;
    assert_eq!((models.page(1).await.total, models.status().waits_for), (1, None));
}

#[tokio::test]
async fn a_gap_stops_the_models_at_the_event_before_it() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.loses("alice", 1);
    log.asks("alice", 3_000, "m2", "anyone?");
    log.asks("bob", 4_000, "m1", "hello");
    let models = Following::start(log);

    let reason = models.until_stopped().await;
    assert!(reason.contains("position 2") && reason.contains("version 2 is missing"), "{reason}");
    assert_eq!(models.status().position, at(1));
    let stored: u64 = models.database().query_row("SELECT count(*) FROM message", (), |row| row.get(0)).unwrap();
    assert_eq!(stored, 1, "what came before the gap is kept, nothing after it is applied");
    assert!(matches!(models.models.conversations(Filter::default(), 10, None).await, Err(ReadError::Stopped)));
    assert!(matches!(models.models.thread(super::conversation("alice"), None, None).await, Err(ReadError::Stopped)));
}

#[tokio::test]
async fn nobody_waits_for_models_that_have_stopped() {
    let log = LogDouble::new(1);
    log.loses("alice", 1);
    log.asks("alice", 1_000, "m1", "hello");
    let models = Following::start(log);
    models.until_stopped().await;

    let years = Duration::from_secs(1 << 30);
    let waited = tokio::time::timeout(PATIENCE, models.models.caught_up(at(1), years)).await;
    assert_eq!(waited.expect("it waits for what will never come"), CaughtUp::Behind);
    tokio::time::timeout(PATIENCE, models.task).await.expect("the runner goes on").unwrap();
}

#[tokio::test]
async fn a_gap_while_somebody_waits_wakes_them() {
    let models = Following::start(LogDouble::new(1));
    models.until(|status| status.state == State::Live).await;
    let waiting = tokio::spawn({
        let models = models.models.clone();
        async move { models.caught_up(at(1), Duration::from_secs(1 << 30)).await }
    });
    models.log.loses("alice", 1);
    models.log.asks("alice", 1_000, "m1", "hello");
    let woken = tokio::time::timeout(PATIENCE, waiting).await.expect("it still waits");
    assert_eq!(woken.unwrap(), CaughtUp::Behind);
}

#[tokio::test]
async fn an_unreadable_event_stops_the_models_after_those_before_it() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.holds_something_unreadable();
    log.asks("bob", 2_000, "m1", "hello");
    let models = Following::start(log);

    let reason = models.until_stopped().await;
    assert!(reason.contains("position 2") && reason.contains("upgrade open-chat"), "{reason}");
    assert_eq!(models.status().position, at(1));
    assert!(matches!(models.models.conversations(Filter::default(), 10, None).await, Err(ReadError::Stopped)));
}

#[tokio::test]
async fn events_missing_before_an_erasure_are_no_gap() {
    let log = LogDouble::new(1);
    log.loses("alice", 7);
    log.erased("alice", 1_000, 7);
    log.asks("alice", 2_000, "m1", "me again");
    log.asks("bob", 3_000, "m1", "hello");
    log.loses("bob", 3);
    log.erased("bob", 4_000, 4);
    let models = Following::all_of(log).await;
    assert_eq!(models.messages("alice").await.len(), 1);
    assert_eq!(models.page(10).await.total, 1);

    models.log.loses("bob", 1);
    models.log.asks("bob", 5_000, "m1", "hello");
    models.until_stopped().await;
}

#[tokio::test]
async fn after_the_log_was_away_following_goes_on_where_it_was() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    let models = Following::all_of(log).await;

    let tries = *models.log.tries.borrow();
    models.log.set_away(true);
    until_above(&models.log.tries, tries).await;
    assert_eq!(models.status().state, State::Live);
    assert_eq!(models.page(1).await.total, 1, "reads need no log");

    models.log.asks("bob", 2_000, "m1", "hello");
    models.log.set_away(false);
    models.catch_up().await;
    assert_eq!(models.page(1).await.total, 2);
    assert_eq!(models.log.delivered(), 2);
}
