use chat_schema::{Message, MessageStatus, Rating, Role};
use uuid::Uuid;

use super::log_double::LogDouble;
use super::{Following, conversation};

fn texts(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.content.as_str()).collect()
}

fn statuses(messages: &[Message]) -> Vec<MessageStatus> {
    messages.iter().map(|message| message.status).collect()
}

#[tokio::test]
async fn a_message_carries_the_id_and_the_time_of_its_event() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.retried("alice", 2_000, "m1");
    log.answered("alice", 3_000, "m1", "good day");
    let models = Following::all_of(log).await;

    let message = |event, role, content: &str, time| Message {
        id: Uuid::from_u128(event).into(),
        creation_time: time,
        conversation_id: conversation("alice"),
        role,
        content: content.to_owned(),
        created_at: time,
        status: MessageStatus::Complete,
        rating: None,
    };
    let expected = [message(1, Role::User, "hello", 1_000), message(3, Role::Assistant, "good day", 3_000)];
    assert_eq!(models.messages("alice").await, expected);
}

#[tokio::test]
async fn an_unknown_conversation_has_no_thread() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    let models = Following::all_of(log).await;
    assert_eq!(models.models.thread(conversation("bob"), None, None).await.unwrap(), None);
}

#[tokio::test]
async fn an_older_turn_answered_late_keeps_its_place() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "first");
    log.fails("alice", 2_000, "m1");
    log.asks("alice", 3_000, "m2", "second");
    log.answered("alice", 4_000, "m2", "to the second");
    log.retried("alice", 5_000, "m1");
    log.answered("alice", 6_000, "m1", "to the first");
    let models = Following::all_of(log).await;

    assert_eq!(texts(&models.messages("alice").await), ["first", "to the first", "second", "to the second"]);
    let summary = models.summary("alice").await;
    assert_eq!((summary.updated_at, summary.last_message.as_str()), (6_000, "to the first"));
}

#[tokio::test]
async fn a_question_has_failed_from_a_failure_until_its_turn_is_ended_otherwise() {
    use MessageStatus::{Complete, Failed, Stopped};
    let models = Following::start(LogDouble::new(1));
    let log = &models.log;
    for session in ["alice", "bob", "carol"] {
        log.asks(session, 1_000, "m0", "before");
        log.asks(session, 1_000, "m1", "hello");
    }
    models.catch_up().await;
    assert_eq!(statuses(&models.messages("alice").await), [Complete, Complete]);

    for session in ["alice", "bob", "carol"] {
        log.fails(session, 2_000, "m1");
        log.retried(session, 3_000, "m1");
    }
    models.catch_up().await;
    assert_eq!(statuses(&models.messages("alice").await), [Complete, Failed], "a running attempt is no answer yet");

    log.answered("alice", 4_000, "m1", "good day");
    log.stopped("bob", 4_000, "m1", "good d");
    log.stopped("carol", 4_000, "m1", "");
    models.catch_up().await;
    assert_eq!(statuses(&models.messages("alice").await), [Complete, Complete, Complete]);
    assert_eq!(statuses(&models.messages("bob").await), [Complete, Complete, Stopped]);
    assert_eq!(statuses(&models.messages("carol").await), [Complete, Complete], "stopped before the first token");
}

#[tokio::test]
async fn a_rating_is_the_last_one_given_to_that_answer() {
    let models = Following::start(LogDouble::new(1));
    let log = &models.log;
    for message in ["m1", "m2", "m3"] {
        log.asks("alice", 1_000, message, "question");
        log.answered("alice", 2_000, message, "answer");
    }
    log.rated("alice", 3_000, "m1", Some(Rating::Up));
    log.rated("alice", 3_000, "m2", Some(Rating::Up));
    log.rated("alice", 3_000, "m2", Some(Rating::Down));
    models.catch_up().await;
    let ratings = |messages: Vec<Message>| messages.iter().map(|message| message.rating).collect::<Vec<_>>();
    let (up, down) = (Some(Rating::Up), Some(Rating::Down));
    assert_eq!(ratings(models.messages("alice").await), [None, up, None, down, None, None]);

    log.rated("alice", 4_000, "m1", None);
    log.rated("alice", 4_000, "m9", Some(Rating::Up));
    models.catch_up().await;
    assert_eq!(ratings(models.messages("alice").await), [None, None, None, down, None, None]);
}

#[tokio::test]
async fn an_erased_conversation_is_gone_and_may_begin_again() {
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.answered("alice", 2_000, "m1", "good day");
    log.asks("bob", 1_000, "m1", "hello");
    log.erased("alice", 3_000, 2);
    let models = Following::all_of(log).await;
    assert_eq!(models.models.thread(conversation("alice"), None, None).await.unwrap(), None);
    assert_eq!(texts(&models.messages("bob").await), ["hello"]);
    let page = models.page(10).await;
    assert_eq!((page.conversations.len(), page.total), (1, 1));

    models.log.asks("alice", 4_000, "m1", "me again");
    models.catch_up().await;
    assert_eq!(texts(&models.messages("alice").await), ["me again"]);
    assert_eq!(models.summary("alice").await.created_at, 4_000);
    assert_eq!(models.page(10).await.total, 2);
}

#[tokio::test]
async fn any_text_comes_back_as_it_was() {
    let text = "a\0b \u{1F980} 'quoted' \u{202E}\r\n";
    let log = LogDouble::new(1);
    log.asks("alice", 1_000, "m1", "hello");
    log.answered("alice", 2_000, "m1", text);
    let models = Following::all_of(log).await;
    assert_eq!(models.messages("alice").await[1].content, text);
    assert_eq!(models.summary("alice").await.last_message, text);
}

#[tokio::test]
async fn a_thread_is_whole_unless_it_is_asked_for_in_pages() {
    let log = LogDouble::new(1);
    for n in 0..7 {
        log.asks("alice", 1_000, &format!("m{n}"), &format!("question {n}"));
        if n != 3 {
            log.answered("alice", 2_000, &format!("m{n}"), &format!("answer {n}"));
        }
    }
    let models = Following::all_of(log).await;
    let all = models.messages("alice").await;
    assert_eq!(all.len(), 13);
    for limit in [1, 2, 3, 12, 13, 14] {
        let (mut walked, mut cursor) = (Vec::new(), None);
        loop {
            let page = models.models.thread(conversation("alice"), Some(limit), cursor).await.unwrap().unwrap();
            assert!(!page.messages.is_empty() && page.messages.len() <= limit as usize);
            walked.extend(page.messages);
            match page.next_cursor {
                Some(next) => cursor = Some(next.parse().unwrap()),
                None => break,
            }
        }
        assert_eq!(walked, all, "limit {limit}");
    }
}
