//! A database that others use too.

use chat_eventlog::conformance::{Author, history, store, take};
use chat_eventlog::{EventLog, LogError, Position};
use tokio::time::timeout;

use crate::settings::{PATIENCE, open, start};

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_others_are_passed_over() {
    let (database, node) = start();
    let log = open(&node).await;
    assert_eq!(log.end().await.unwrap(), Position::START);
    let mut author = Author::new();
    let mut subscription = log.subscribe(Position::START);
    for round in 0..40 {
        for other in ["orders-1", "conversation-42", "conversation-", "$stats-127.0.0.1"] {
            database.append_foreign(other, "Happened", "{}");
        }
        if round % 4 == 3 {
            let position = store(&*log, &author.events(1)).await;
            assert_eq!(take(&mut subscription, 1).await[0].position, position);
            assert_eq!(log.end().await.unwrap(), position);
        }
    }
    assert_eq!(history(&*log).await.len(), 10);
    let end = log.end().await.unwrap();
    let reopened = open(&node).await;
    assert_eq!(reopened.end().await.unwrap(), end);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_event_in_a_stream_of_ours_ends_the_subscription_and_is_named() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    database.append_foreign(&format!("conversation-{}", author.conversation), "Happened", r#"{"secret":"word"}"#);
    let mut subscription = log.subscribe(Position::START);
    take(&mut subscription, 1).await;
    let next = timeout(PATIENCE, futures_util::StreamExt::next(&mut subscription)).await.unwrap().unwrap();
    let Err(error @ LogError::Unreadable { .. }) = next else { panic!("{next:?}") };
    assert!(!error.to_string().contains("word"), "{error}");
    assert!(futures_util::StreamExt::next(&mut subscription).await.is_none());
}
