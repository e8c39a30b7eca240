//! Closing the log: what was sent is written, and who listens hears the end.

use chat_eventlog::conformance::{Author, history, store, take};
use chat_eventlog::embedded::EmbeddedLog;
use chat_eventlog::{EventLog, Position};
use futures_util::StreamExt;

#[tokio::test]
async fn dropping_the_log_writes_what_is_queued() {
    let directory = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(directory.path()).unwrap();
    for _ in 0..100 {
        let mut author = Author::new();
        let events = author.events(2);
        let mut sent = log.append(author.conversation, 0, &events);
        let _ = futures_util::poll!(sent.as_mut());
        tokio::task::yield_now().await;
    }
    drop(log);

    let log = EmbeddedLog::open(directory.path()).unwrap();
    assert_eq!(history(&log).await.len(), 200);
}

#[tokio::test]
async fn a_subscription_brings_what_was_written_and_ends_with_its_log() {
    let directory = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(directory.path()).unwrap();
    let mut subscription = log.subscribe(Position::START);
    let mut author = Author::new();
    store(&log, &author.events(1)).await;
    take(&mut subscription, 1).await;
    store(&log, &author.events(2500)).await;
    drop(log);

    take(&mut subscription, 2500).await;
    assert!(subscription.next().await.is_none());
}

#[tokio::test]
async fn a_subscription_that_outlives_its_log_does_not_keep_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let log = EmbeddedLog::open(directory.path()).unwrap();
    store(&log, &Author::new().events(10)).await;
    let mut subscription = log.subscribe(Position::START);
    take(&mut subscription, 1).await;
    drop(log);

    let log = EmbeddedLog::open(directory.path()).unwrap();
    store(&log, &Author::new().events(1)).await;
    take(&mut subscription, 9).await;
    assert!(subscription.next().await.is_none(), "it belongs to the log that is gone");
}
