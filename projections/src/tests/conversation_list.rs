use chat_schema::Rating;

use super::log_double::LogDouble;
use super::{Following, conversation};
use crate::{Cursor, Filter};

#[tokio::test]
async fn a_conversation_is_listed_from_its_first_message_on() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    let models = Following::all_of(log).await;

    let page = models.page(10).await;
    let [summary] = &page.conversations[..] else { panic!("{page:?}") };
    assert_eq!(summary.id, conversation("alice"));
    assert_eq!(summary.session_id.as_str(), "alice");
    assert_eq!((summary.creation_time, summary.created_at, summary.updated_at), (1_000, 1_000, 1_000));
    assert_eq!(summary.last_message, "hello");
    assert_eq!((page.total, page.next_cursor), (1, None));
}

#[tokio::test]
async fn the_newest_message_counts_whoever_sent_it() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.answered("alice", 2_000, "m1", "good day");
    log.asks("bob", 1_000, "m1", "hello");
    log.stopped("bob", 3_000, "m1", "good d");
    log.asks("carol", 1_000, "m1", "hello");
    log.answered("carol", 2_000, "m1", "good day");
    log.asks("carol", 4_000, "m2", "goodbye");
    let models = Following::all_of(log).await;

    for (session, updated_at, last_message) in
        [("alice", 2_000, "good day"), ("bob", 3_000, "good d"), ("carol", 4_000, "goodbye")]
    {
        let summary = models.summary(session).await;
        assert_eq!((summary.created_at, summary.updated_at), (1_000, updated_at), "{session}");
        assert_eq!(summary.last_message, last_message);
    }
}

#[tokio::test]
async fn what_is_no_message_does_not_touch_the_list() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.fails("alice", 2_000, "m1");
    log.retried("alice", 3_000, "m1");
    log.stopped("alice", 4_000, "m1", "");
    log.rated("alice", 5_000, "m1", Some(Rating::Up));
    let models = Following::all_of(log).await;

    let summary = models.summary("alice").await;
    assert_eq!((summary.updated_at, summary.last_message.as_str()), (1_000, "hello"));
}

#[tokio::test]
async fn the_last_message_is_cut_after_500_characters() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", &"\u{1F980}".repeat(501));
    let models = Following::all_of(log).await;
    assert_eq!(models.summary("alice").await.last_message, "\u{1F980}".repeat(500));
    assert_eq!(models.messages("alice").await[0].content, "\u{1F980}".repeat(501));
}

#[tokio::test]
async fn the_conversation_updated_last_comes_first() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.asks("bob", 2_000, "m1", "hello");
    log.asks("carol", 3_000, "m1", "hello");
    log.answered("alice", 4_000, "m1", "good day");
    let models = Following::all_of(log).await;

    let page = models.page(10).await;
    let sessions: Vec<_> = page.conversations.iter().map(|summary| summary.session_id.as_str()).collect();
    assert_eq!(sessions, ["alice", "carol", "bob"]);
}

#[tokio::test]
async fn a_cursor_leads_through_every_conversation_once_whatever_was_updated_at_the_same_time() {
    let log = LogDouble::new(1);
    let sessions: Vec<String> = (0..20).map(|n| format!("visitor-{n}")).collect();
    for (n, session) in (0..).zip(&sessions) {
        log.asks(session, 1_000 + n / 7, "m1", "hello");
    }
    let models = Following::all_of(log).await;
    let all = models.page(200).await.conversations;
    assert_eq!(all.len(), 20);

    for limit in [1, 2, 3, 7, 10, 19, 20, 21] {
        let mut walked = Vec::new();
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = models.models.conversations(Filter::default(), limit, cursor).await.unwrap();
            assert_eq!(page.total, 20);
            assert!(page.conversations.len() <= limit as usize);
            assert!(!page.conversations.is_empty(), "a cursor to an empty page, limit {limit}");
            walked.extend(page.conversations);
            assert!(walked.len() <= all.len(), "it goes round in circles, limit {limit}");
            match page.next_cursor {
                Some(next) => cursor = Some(next.parse().unwrap()),
                None => break,
            }
        }
        assert_eq!(walked, all, "limit {limit}");
    }
}

#[tokio::test]
async fn the_total_counts_conversations_not_messages_and_not_the_erased() {
    let log = LogDouble::new(1);
    for session in ["alice", "bob", "carol"] {
        log.asks(session, 1_000, "m1", "hello");
        log.answered(session, 2_000, "m1", "good day");
        log.asks(session, 3_000, "m2", "goodbye");
    }
    log.erased("bob", 4_000, 3);
    let models = Following::all_of(log).await;
    assert_eq!(models.page(1).await.total, 2);

    models.log.erased("bob", 5_000, 1);
    models.catch_up().await;
    assert_eq!(models.page(1).await.total, 2, "erased twice, counted down once");
}

#[tokio::test]
async fn an_empty_log_makes_an_empty_list() {
    let models = Following::start(LogDouble::new(1));
    models.until(|status| status.state == crate::State::Live).await;
    let page = models.page(10).await;
    assert_eq!((page.conversations.len(), page.total, page.next_cursor), (0, 0, None));
}
