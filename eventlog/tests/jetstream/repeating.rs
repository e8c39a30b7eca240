//! Repetitions that the server itself would not recognise, or would take for something else.

use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use chat_eventlog::conformance::{Author, append, history, store};
use chat_eventlog::{Append, EventLog};
use serde_json::json;

use crate::nats::{Cluster, PASSWORD, Server, USER};
use crate::settings::{STREAM, open};
use crate::waiting::PATIENCE;

fn stream(window_ms: u64, replicas: usize) -> String {
    json!({
        "name": STREAM, "subjects": ["open-chat.conversation.*"], "storage": "file", "retention": "limits", "discard": "new",
        "duplicate_window": window_ms * 1_000_000, "num_replicas": replicas, "allow_direct": true
    })
    .to_string()
}

/// Waits until the server has forgotten the ids of what was stored before: it stores a probe a second time. Leaves no probe behind.
async fn until_forgotten(url: &str) {
    let client = async_nats::connect_with_options(url.split(',').collect::<Vec<_>>(), options()).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let stream = context.get_stream_no_info(STREAM).await.unwrap();
    let publish = async || loop {
        let probe = PublishMessage::build().message_id("probe");
        match context.send_publish("open-chat.conversation.probe", probe).await.unwrap().await {
            Ok(ack) => break ack,
            // The server does not know yet where the stream is.
            Err(error) => assert_eq!(error.kind(), PublishErrorKind::StreamNotFound),
        }
    };
    let probes = async {
        let first = publish().await.sequence;
        loop {
            let again = publish().await;
            if !again.duplicate {
                return [first, again.sequence];
            }
        }
    };
    let probes = tokio::time::timeout(PATIENCE, probes).await.expect("the window does not end");
    for probe in probes {
        stream.delete_message(probe).await.unwrap();
    }
}

fn options() -> async_nats::ConnectOptions {
    async_nats::ConnectOptions::with_user_and_password(USER.into(), PASSWORD.into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_after_the_dedup_window_does_not_store_twice() {
    let server = Server::start();
    server.ask("$JS.API.STREAM.CREATE.open-chat", &stream(100, 1));
    let log = open(&server.url()).await;
    let mut author = Author::new();
    let (first, second) = (author.events(2), author.events(1));
    let positions = [store(&*log, &first).await, store(&*log, &second).await];
    until_forgotten(&server.url()).await;
    // Also by a process that knows nothing of the first try.
    for log in [log, open(&server.url()).await] {
        assert_eq!([store(&*log, &first).await, store(&*log, &second).await], positions);
        assert_eq!(history(&*log).await.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_after_the_dedup_window_of_a_cluster_does_not_store_twice() {
    let cluster = Cluster::start();
    cluster.ask("$JS.API.STREAM.CREATE.open-chat", &stream(100, 3));
    let log = open(&cluster.url()).await;
    let mut author = Author::new();
    let (first, second) = (author.events(2), author.events(1));
    let positions = [store(&*log, &first).await, store(&*log, &second).await];
    until_forgotten(&cluster.url()).await;
    for log in [log, open(&cluster.url()).await] {
        assert_eq!([store(&*log, &first).await, store(&*log, &second).await], positions);
        assert_eq!(history(&*log).await.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_that_build_on_the_same_version_do_not_both_win() {
    let server = Server::start();
    let (one, two) = (open(&server.url()).await, open(&server.url()).await);
    let mut author = Author::new();
    for _ in 0..50 {
        let expected = author.head.version;
        let mut rival = author.clone();
        let (mine, theirs) = (author.event(), rival.event());
        let outcomes =
            tokio::join!(append(&*one, std::slice::from_ref(&mine)), append(&*two, std::slice::from_ref(&theirs)));
        let conflict = Append::Conflict { expected, actual: expected + 1 };
        match outcomes {
            (Append::Appended(_), other) => assert_eq!(other, conflict),
            (other, Append::Appended(_)) => {
                assert_eq!(other, conflict);
                author = rival;
            }
            nobody => panic!("{nobody:?}"),
        }
    }
    assert_eq!(history(&*one).await.len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_far_behind_the_end_is_told_apart_from_a_repetition() {
    let server = Server::start();
    let log = open(&server.url()).await;
    let mut author = Author::new();
    let mut rival = author.clone();
    let first = author.events(2);
    let position = store(&*log, &first).await;
    for _ in 0..1500 {
        store(&*log, &author.events(1)).await;
    }
    assert_eq!(store(&*log, &first).await, position);
    let conflict = Append::Conflict { expected: 0, actual: 1502 };
    assert_eq!(append(&*log, &rival.events(2)).await, conflict);
    let read = log.read(author.conversation, 0).await.unwrap();
    assert_eq!(read.len(), 1502);
    assert_eq!(read, history(&*log).await);
    assert_eq!(log.read(author.conversation, 700).await.unwrap(), read[700..]);
}
