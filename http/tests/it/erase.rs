//! Erasing a conversation: what is left of it, and what goes on.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chat_eventlog::conformance::{Author, store};
use chat_eventlog::embedded::EmbeddedLog;
use chat_eventlog::{Append, EventLog, last_event};
use chat_schema::{ConversationId, Event, FailureReason, Head, Operator, OperatorAct, Rating, SealedEvent};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::{embedded, printed, printed_of};
use crate::nats;
use crate::support::{ADMIN_KEY, Server, Upstream, body_of, model};

pub(crate) const CANARY: &str = "zanzibarcanaryquokka";

pub(crate) fn id_of(session: &str) -> ConversationId {
    ConversationId::of(&session.parse().unwrap())
}

async fn erase(server: &Server, id: &str) -> (u16, Value) {
    let path = format!("/v1/admin/conversations/{id}/erase");
    let request = server.request(Method::POST, &path).header("x-admin-api-key", ADMIN_KEY);
    body_of(request.send().await.unwrap()).await
}

/// The files under a directory that hold the canary.
pub(crate) fn traces(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(traces(&path));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.to_ascii_lowercase().windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

/// Waits until no file under a directory holds the canary.
pub(crate) async fn until_no_trace(dir: &Path) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let found = traces(dir);
        if found.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "still in {found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Two conversations, the first of which is full of the canary.
async fn talk(server: &Server, upstream: &Upstream) {
    for (session, message, answer) in [("secret", CANARY, CANARY), ("other", "hello", "hi"), ("secret", "and?", CANARY)]
    {
        upstream.answer(&[answer]);
        assert_eq!(server.say(session, message).await.status(), 200);
    }
    assert_eq!(server.thread("secret").await.len(), 4);
}

#[tokio::test]
async fn an_erased_conversation_is_in_no_file_and_its_session_begins_anew() {
    let upstream = Upstream::start().await;
    let mut server = Server::start(embedded(&upstream));
    talk(&server, &upstream).await;
    let (log, models) = (server.dir().join("log"), server.dir().join("read-models"));
    assert!(!traces(&log).is_empty() && !traces(&models).is_empty(), "the search finds what is there");

    let id = id_of("secret").to_string();
    let (status, body) = erase(&server, &id).await;
    assert_eq!((status, &body), (200, &json!({"conversationId": id, "erasedEvents": 4, "readModelsErased": true})));
    assert_eq!((traces(&log), traces(&models)), (vec![], vec![]), "at once");
    assert!(server.thread("secret").await.is_empty());
    assert_eq!(server.admin(&format!("/v1/admin/conversations?q={CANARY}")).await["total"], 0);
    assert_eq!(server.thread("other").await, ["user: hello", "assistant: hi"]);
    let verified = printed(&log, &["verify"], 0);
    assert!(verified.contains(&format!("erased: conversation {id}, 4 events before version 5")), "{verified}");
    let events = server.admin(&format!("/v1/admin/conversations/{id}/events")).await;
    assert_eq!(events["events"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&events["events"][0]["type"], &events["events"][0]["verified"]),
        (&json!("ConversationErased"), &json!(true))
    );

    upstream.answer(&["a new beginning"]);
    assert_eq!(server.say("secret", "hello again").await.status(), 200);
    let anew = ["user: hello again", "assistant: a new beginning"];
    assert_eq!(server.thread("secret").await, anew);
    assert_eq!(
        upstream.requests().last().unwrap().to_string().matches(CANARY).count(),
        0,
        "the model hears nothing of it"
    );
    printed(&log, &["verify"], 0);
    server.crash_and_restart();
    assert_eq!(server.thread("secret").await, anew);
    assert_eq!((traces(&log), traces(&models)), (vec![], vec![]));
}

#[tokio::test]
async fn on_jetstream_too_no_file_holds_an_erased_conversation() {
    let (upstream, nats) = (Upstream::start().await, nats::Server::start());
    let server =
        Server::start(model(&upstream.base_url()).var("EVENT_LOG", nats.url()).var("READ_MODELS", "read-models"));
    talk(&server, &upstream).await;
    let (status, body) = erase(&server, &id_of("secret").to_string()).await;
    assert_eq!((status, &body["erasedEvents"], &body["readModelsErased"]), (200, &json!(4), &json!(true)), "{body}");
    until_no_trace(&server.dir().join("read-models")).await;
    until_no_trace(&nats.store()).await;
    let verified = printed_of(&nats.url(), &["verify"], 0);
    assert!(verified.contains("4 events before version 5") && verified.contains("every chain is whole"), "{verified}");
    assert!(server.thread("secret").await.is_empty());
    upstream.answer(&["fine"]);
    assert_eq!(server.say("secret", "hello again").await.status(), 200);
    assert_eq!(server.thread("secret").await.len(), 2);
}

#[tokio::test]
async fn what_was_never_said_cannot_be_erased() {
    let server = Server::demo();
    assert_eq!(erase(&server, &id_of("nobody").to_string()).await.0, 404);
    assert_eq!(erase(&server, &ConversationId::OPERATORS.to_string()).await.0, 404);
    assert_eq!(erase(&server, "not-an-id").await.0, 400);
    server.say("somebody", "hello").await;
    let path = format!("/v1/admin/conversations/{}/erase", id_of("somebody"));
    assert_eq!(server.request(Method::POST, &path).send().await.unwrap().status(), 401);
    assert_eq!(server.thread("somebody").await.len(), 2);
    assert_eq!(server.admin("/v1/admin/operators/events").await["events"], json!([]), "nothing was asked for");
}

#[tokio::test]
async fn an_erasure_ends_a_running_answer_and_nothing_of_it_comes_later() {
    let upstream = Upstream::start().await;
    let server = Server::start(embedded(&upstream));
    let mut answer = upstream.speak();
    let mut stream = server.stream("secret", CANARY).await;
    answer.token(CANARY);
    while !stream.next().await.unwrap().starts_with("token ") {}
    assert_eq!(erase(&server, &id_of("secret").to_string()).await.0, 200);
    upstream.until_abandoned().await;
    let rest = stream.rest().await;
    assert!(rest.iter().all(|line| !line.starts_with("done ")), "{rest:?}");
    assert!(server.thread("secret").await.is_empty());
    until_no_trace(&server.dir().join("log")).await;
    until_no_trace(&server.dir().join("read-models")).await;
}

#[tokio::test]
async fn who_waits_for_the_whole_of_an_answer_that_is_erased_is_told_to_come_again() {
    let upstream = Upstream::start().await;
    let server = Server::start(embedded(&upstream));
    let mut answer = upstream.speak();
    answer.token(CANARY);
    let erasing = async {
        upstream.until_asked(1).await;
        while erase(&server, &id_of("secret").to_string()).await.0 == 404 {}
    };
    let (response, ()) = tokio::join!(server.say("secret", CANARY), erasing);
    assert!(response.headers().contains_key("retry-after"));
    let (status, body) = body_of(response).await;
    assert_eq!((status, &body["code"]), (503, &json!("storage-unknown")), "{body}");
}

/// Appends to the log of a server that is not running, as one that was killed in the middle of an erasure did.
async fn append(log: &EmbeddedLog, id: ConversationId, event: impl FnOnce(Head) -> Event) {
    let last = last_event(log, id).await.unwrap();
    let head = last.map_or(Head::EMPTY, |last| last.event.head());
    let sealed = SealedEvent::seal(head, id, Uuid::now_v7().into(), 1, event(head));
    let appended = log.append(id, head.version, &[sealed]).await;
    assert!(matches!(appended, Append::Appended(_)), "{appended:?}");
}

/// The first message of a session.
fn asked(session: &str, words: &str) -> Event {
    let (message_id, session_id) = ("m".parse().unwrap(), session.parse().unwrap());
    Event::UserMessaged { message_id, session_id, content: words.into(), owner: Uuid::nil().into() }
}

async fn an_erasure_that_was_cut_short_is_finished_at_start(after_its_event: bool) {
    let upstream = Upstream::start().await;
    let mut server = Server::start(embedded(&upstream));
    talk(&server, &upstream).await;
    server.kill();
    let (dir, id) = (server.dir().join("log"), id_of("secret"));
    let log = EmbeddedLog::open(&dir).unwrap();
    let act = OperatorAct::ErasureRequested { conversations: vec![id] };
    append(&log, ConversationId::OPERATORS, |_| Event::OperatorActed { operator: Operator::AdminKey, act }).await;
    if after_its_event {
        append(&log, id, |head| Event::ConversationErased { erased_events: head.version, head: head.hash }).await;
    }
    drop(log);
    assert!(!traces(&dir).is_empty());
    server.restart();
    server.until_logged("an erasure that was cut short is carried out").await;
    until_no_trace(&dir).await;
    assert!(server.thread("secret").await.is_empty());
    until_no_trace(&server.dir().join("read-models")).await;
    printed(&dir, &["verify"], 0);
    let events = server.admin("/v1/admin/operators/events").await;
    assert_eq!(events["events"][0]["act"]["type"], "ErasureCompleted");
}

#[tokio::test]
async fn an_erasure_that_was_cut_after_its_request_is_finished_at_start() {
    an_erasure_that_was_cut_short_is_finished_at_start(false).await;
}

#[tokio::test]
async fn an_erasure_that_was_cut_before_the_deletion_is_finished_at_start() {
    an_erasure_that_was_cut_short_is_finished_at_start(true).await;
}

#[tokio::test]
async fn what_is_older_than_the_retention_time_is_erased_and_nothing_else() {
    let upstream = Upstream::start().await;
    let mut server = Server::start(embedded(&upstream).var("RETENTION_DAYS", 1));
    upstream.answer(&["hi"]);
    assert_eq!(server.say("new", "hello").await.status(), 200);
    server.kill();
    let (dir, id) = (server.dir().join("log"), id_of("old"));
    let log = EmbeddedLog::open(&dir).unwrap();
    append(&log, id, |_| asked("old", CANARY)).await;
    let failed = Event::ReplyFailed { in_reply_to: "m".parse().unwrap(), reason: FailureReason::Unavailable };
    append(&log, id, |_| failed).await;
    drop(log);
    server.restart();
    server.until_logged("older than the retention time are erased").await;
    assert!(server.thread("old").await.is_empty());
    assert_eq!((traces(&dir), traces(&server.dir().join("read-models"))), (vec![], vec![]));
    assert_eq!(server.thread("new").await, ["user: hello", "assistant: hi"]);
    assert_eq!(server.admin("/v1/admin/operators/events").await["events"][0]["operator"], "retention");
}

/// More of them than are looked at together: a rating is news, though no message is.
#[tokio::test]
async fn what_was_rated_within_the_retention_time_stays_and_keeps_nothing_older_in_the_log() {
    let upstream = Upstream::start().await;
    let mut server = Server::start(embedded(&upstream).var("RETENTION_DAYS", 1));
    server.kill();
    let log = EmbeddedLog::open(&server.dir().join("log")).unwrap();
    append(&log, id_of("old"), |_| asked("old", CANARY)).await;
    // An open turn would be closed after the start, which is news as well.
    let failed = Event::ReplyFailed { in_reply_to: "m".parse().unwrap(), reason: FailureReason::Unavailable };
    append(&log, id_of("old"), |_| failed).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    for _ in 0..60 {
        let mut author = Author::new();
        let message_id = "message:0".parse().unwrap();
        let mut events = vec![author.says("hello".into()), author.answers("hi".into())];
        let rated = Event::MessageRated { message_id, rating: Some(Rating::Up) };
        events.push(SealedEvent::seal(author.head, author.conversation, Uuid::now_v7().into(), now, rated));
        store(&log, &events).await;
    }
    drop(log);
    server.restart();
    server.until_logged("older than the retention time are erased").await;
    until_no_trace(&server.dir().join("log")).await;
    assert_eq!(server.admin("/v1/admin/conversations").await["total"], 60);
}
