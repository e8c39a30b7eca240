//! `messageId`: sending again never stores or answers twice.

use serde_json::json;

use crate::support::{Server, Upstream, body_of, model};

#[tokio::test]
async fn a_retry_attaches_to_the_running_answer_from_its_first_token() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    let mut answer = upstream.speak();
    let mut first = server.stream_as("s", "m1", "hi").await;
    answer.token("Hel");
    while first.next().await.unwrap() != "token Hel" {}
    drop(first);
    let mut second = server.stream_as("s", "m1", "hi").await;
    assert_eq!(second.next().await.unwrap(), "start");
    assert_eq!(second.next().await.unwrap(), "token Hel");
    answer.token("lo");
    answer.finish();
    assert_eq!(second.rest().await, ["token lo", "done Hello"]);
    assert_eq!(upstream.requests().len(), 1);
    assert_eq!(server.thread("s").await, ["user: hi", "assistant: Hello"]);
}

#[tokio::test]
async fn a_retry_of_an_answered_message_returns_the_stored_answer_even_after_a_restart() {
    let upstream = Upstream::start().await;
    let mut server = Server::with_model(&upstream.base_url());
    upstream.answer(&["Hel", "lo"]);
    assert_eq!(server.stream_as("s", "m1", "hi").await.answer().await, "Hello");
    for _ in 0..2 {
        assert_eq!(server.stream_as("s", "m1", "hi").await.rest().await, ["start", "token Hello", "done Hello"]);
        let body = json!({"sessionId": "s", "message": "hi", "messageId": "m1"});
        let (status, reply) = body_of(server.chat("/v1/chat", &body).send().await.unwrap()).await;
        assert_eq!((status, reply["message"].as_str()), (200, Some("Hello")));
        server.crash_and_restart();
    }
    assert_eq!(upstream.requests().len(), 1);
    assert_eq!(server.thread("s").await, ["user: hi", "assistant: Hello"]);
}

#[tokio::test]
async fn the_same_id_with_another_text_is_a_conflict() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    upstream.answer(&["ok"]);
    server.stream_as("s", "m1", "hi").await.answer().await;
    let body = json!({"sessionId": "s", "message": "ho", "messageId": "m1"});
    let (status, error) = body_of(server.chat("/chat", &body).send().await.unwrap()).await;
    assert_eq!((status, error["error"].as_str()), (409, Some("Message id already used")));
    // Ids belong to their conversation.
    upstream.answer(&["other"]);
    assert_eq!(server.stream_as("another", "m1", "ho").await.answer().await, "other");
}

#[tokio::test]
async fn a_failed_message_is_tried_again_without_a_second_message() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    upstream.fail(500);
    let lines = server.stream_as("s", "m1", "hi").await.rest().await;
    assert_eq!(lines, ["start", "error The assistant is unavailable"]);
    assert_eq!(server.thread("s").await, ["user: hi (failed)"]);
    upstream.answer(&["Hello"]);
    assert_eq!(server.stream_as("s", "m1", "hi").await.answer().await, "Hello");
    assert_eq!(server.thread("s").await, ["user: hi", "assistant: Hello"]);
}

#[tokio::test]
async fn upstreams_retry_button_does_not_double_the_message() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    upstream.fail(500);
    server.stream("s", "hi").await.rest().await;
    upstream.answer(&["Hello"]);
    assert_eq!(server.stream("s", "hi").await.answer().await, "Hello");
    assert_eq!(server.thread("s").await, ["user: hi", "assistant: Hello"]);
    // Said again after an answer, it is a new message.
    upstream.answer(&["Hi again"]);
    server.stream("s", "hi").await.answer().await;
    assert_eq!(server.thread("s").await.len(), 4);
}

#[tokio::test]
async fn attaching_has_a_limit_of_its_own() {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()).var("RATE_LIMIT_MAX_REQUESTS", 2));
    for id in ["m1", "m2"] {
        upstream.answer(&[id]);
        assert_eq!(server.stream_as("s", id, "hi").await.answer().await, id);
    }
    // No message is left in this window, but answers that exist can be fetched, eight times.
    for round in 0..8 {
        assert_eq!(server.stream_as("s", "m1", "hi").await.answer().await, "m1", "round {round}");
    }
    assert_eq!(server.stream_as("s", "m1", "hi").await.status(), 429);
    assert_eq!(server.stream_as("s", "m3", "new").await.status(), 429);
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn fetching_known_answers_uses_up_no_messages() {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()).var("RATE_LIMIT_MAX_REQUESTS", 3));
    upstream.answer(&["one"]);
    server.stream_as("s", "m1", "hi").await.answer().await;
    for _ in 0..6 {
        server.stream_as("s", "m1", "hi").await.answer().await;
    }
    for id in ["m2", "m3"] {
        upstream.answer(&["more"]);
        assert_eq!(server.stream_as("s", id, "hi").await.answer().await, "more");
    }
    assert_eq!(server.stream_as("s", "m4", "hi").await.status(), 429);
}
