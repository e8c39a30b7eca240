//! What becomes of an append when the server's answer is not a plain one.

use chat_eventlog::conformance::{Author, append, history, store};
use chat_eventlog::{Append, EventLog};
use chat_fake_eventstore::{Answer, AppendFault, Database};
use chat_schema::SealedEvent;
use tonic::Code;

use crate::settings::{open, start, until_back};

/// What one try at an append answers, without its being settled.
async fn once(log: &dyn EventLog, events: &[SealedEvent]) -> Append {
    let first = &events[0].envelope;
    log.append(first.conversation_id, first.version - 1, events).await
}

/// What is stored in the stream of an author, truncated or not.
fn stored(database: &Database, author: &Author) -> usize {
    database.ids(&format!("conversation-{}", author.conversation)).len()
}

const SILENT: [AppendFault; 6] = [
    AppendFault::Instead(Answer::Error(Code::DeadlineExceeded)),
    AppendFault::After(Answer::Error(Code::DeadlineExceeded)),
    AppendFault::Instead(Answer::Error(Code::Unavailable)),
    AppendFault::After(Answer::Error(Code::Unavailable)),
    AppendFault::After(Answer::Error(Code::Unknown)),
    AppendFault::After(Answer::Silence),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_append_without_a_clear_answer_is_unknown_and_stored_once_when_it_is_repeated() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    for fault in SILENT {
        let events = author.events(2);
        database.next_append(fault);
        assert_eq!(once(&*log, &events).await, Append::Unknown, "{fault:?}");
        assert!(!log.is_available(), "{fault:?}");
        until_back(&*log).await;
        store(&*log, &events).await;
    }
    assert_eq!(history(&*log).await.len(), 2 * SILENT.len());
    assert_eq!(stored(&database, &author), 2 * SILENT.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_is_carried_out_after_its_client_gave_up_is_stored_once() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    for before_it_is_repeated in [true, false] {
        let event = [author.event()];
        database.next_append(AppendFault::Held);
        assert_eq!(once(&*log, &event).await, Append::Unknown);
        until_back(&*log).await;
        if before_it_is_repeated {
            assert_eq!(database.release_held(), 1);
        }
        store(&*log, &event).await;
        database.release_held();
        assert_eq!(stored(&database, &author) as u64, author.head.version);
    }
    assert_eq!(history(&*log).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_append_loses_against_what_came_meanwhile() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    store(&*log, &author.events(1)).await;
    let mut rival = author.clone();
    let late = [author.event()];
    database.next_append(AppendFault::Held);
    assert_eq!(once(&*log, &late).await, Append::Unknown);
    until_back(&*log).await;
    store(&*log, &rival.events(1)).await;
    assert_eq!(database.release_held(), 0, "it is refused");
    assert_eq!(append(&*log, &late).await, Append::Conflict { expected: 1, actual: 2 });
    assert_eq!(stored(&database, &author), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_certainly_refuses_is_unavailable_and_leaves_the_log_there() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    for code in [Code::InvalidArgument, Code::PermissionDenied] {
        let event = [author.clone().event()];
        database.next_append(AppendFault::Instead(Answer::Error(code)));
        assert_eq!(once(&*log, &event).await, Append::Unavailable, "{code:?}");
        assert!(log.is_available(), "{code:?}");
    }
    let too_large = [author.clone().event_of_size(2 << 20)];
    assert_eq!(once(&*log, &too_large).await, Append::Unavailable);
    store(&*log, &author.events(1)).await;
    assert_eq!(stored(&database, &author), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_id_that_stands_elsewhere_is_no_repetition() {
    let (database, node) = start();
    let log = open(&node).await;
    let (mut one, mut other) = (Author::new(), Author::new());
    let event = one.event();
    store(&*log, std::slice::from_ref(&event)).await;
    let same_id = SealedEvent::seal(
        other.head,
        other.conversation,
        event.envelope.id,
        event.envelope.recorded_at,
        event.envelope.event.clone(),
    );
    store(&*log, std::slice::from_ref(&same_id)).await;
    other.head = same_id.head();
    assert_eq!((stored(&database, &one), stored(&database, &other)), (1, 1));

    // Further on in its own stream, where it was not stored before.
    let again = SealedEvent::seal(one.head, one.conversation, event.envelope.id, 1, event.envelope.event.clone());
    store(&*log, std::slice::from_ref(&again)).await;
    assert_eq!(store(&*log, std::slice::from_ref(&event)).await, history(&*log).await[0].position);
    assert_eq!(stored(&database, &one), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_the_server_takes_for_a_repetition_with_other_words_conflicts() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    let mut rival = author.clone();
    let event = author.event();
    store(&*log, std::slice::from_ref(&event)).await;
    let forged = SealedEvent::seal(
        rival.head,
        rival.conversation,
        event.envelope.id,
        event.envelope.recorded_at + 1,
        rival.event().envelope.event,
    );
    assert_eq!(append(&*log, std::slice::from_ref(&forged)).await, Append::Conflict { expected: 0, actual: 1 });
    assert_eq!(stored(&database, &author), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_append_that_is_repeated_conflicts() {
    let (database, node) = start();
    let log = open(&node).await;
    let mut author = Author::new();
    let first = author.events(1);
    store(&*log, &first).await;
    let erasure = author.erasure();
    store(&*log, std::slice::from_ref(&erasure)).await;
    log.erase(&erasure).await.unwrap();
    let conflict = Append::Conflict { expected: 0, actual: 2 };
    assert_eq!(append(&*log, &first).await, conflict, "truncated");
    database.scavenge();
    assert_eq!(append(&*log, &first).await, conflict, "scavenged");
    assert_eq!(stored(&database, &author), 2);
}
