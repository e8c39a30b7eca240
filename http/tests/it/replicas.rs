//! Two real processes on one real log server: a visitor may meet either of them, at any moment.

use std::any::Any;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::support::{Server, Stream, Upstream, WIDGET_KEY, model, shared_log};

const SESSION: &str = "5f0c63b4-8d1e-4a57-9f0e-2d6b7c1a4e93";

/// Two processes with one model, on JetStream unless `TEST_EVENT_LOG` says otherwise.
async fn pair() -> (Box<dyn Any + Send>, Upstream, Server, Server) {
    let kind = std::env::var("TEST_EVENT_LOG").ok().filter(|kind| !kind.is_empty());
    let ((log, url), upstream) = (shared_log(kind.as_deref().unwrap_or("nats")), Upstream::start().await);
    let start = || Server::start(model(&upstream.base_url()).var("EVENT_LOG", &url));
    let (one, other) = (start(), start());
    (log, upstream, one, other)
}

/// Reads until this token has come.
async fn until_token(stream: &mut Stream, token: &str) {
    let line = format!("token {token}");
    while stream.next().await.expect("the stream ended") != line {}
}

#[tokio::test]
async fn a_message_sent_again_to_the_other_process_gets_the_running_answer_token_by_token() {
    let (_log, upstream, one, other) = pair().await;
    let mut answer = upstream.speak();
    let mut first = one.stream_as("s", "m1", "hi").await;
    answer.token("from ");
    until_token(&mut first, "from ").await;

    let mut second = other.stream_as("s", "m1", "hi").await;
    assert_eq!(second.next().await.unwrap(), "start");
    assert_eq!(second.next().await.unwrap(), "token from ");
    answer.token("the ");
    assert_eq!(second.next().await.unwrap(), "token the ");
    answer.token("first");
    answer.finish();
    assert_eq!(second.rest().await, ["token first", "done from the first"]);
    assert_eq!(first.rest().await, ["token the ", "token first", "done from the first"]);
    assert_eq!(upstream.requests().len(), 1, "the model was asked twice");
    for server in [&one, &other] {
        assert_eq!(server.thread("s").await, ["user: hi", "assistant: from the first"]);
    }
}

#[tokio::test]
async fn a_message_waits_at_one_process_for_the_turn_that_the_other_runs() {
    let (_log, upstream, one, other) = pair().await;
    let mut answer = upstream.speak();
    let mut first = one.stream_as("s", "m1", "one").await;
    answer.token("1");
    until_token(&mut first, "1").await;
    upstream.answer(&["2"]);
    let second = other.stream_as("s", "m2", "two").await;
    answer.finish();
    assert_eq!(second.answer().await, "2");
    assert_eq!(first.rest().await, ["done 1"]);
    assert_eq!(other.thread("s").await, ["user: one", "assistant: 1", "user: two", "assistant: 2"]);
}

#[tokio::test]
async fn a_killed_process_has_its_turn_closed_within_six_seconds_and_the_other_goes_on() {
    let (_log, upstream, mut one, other) = pair().await;
    let mut answer = upstream.speak();
    let mut first = one.stream_as("s", "m1", "hi").await;
    answer.token("half");
    until_token(&mut first, "half").await;
    let mut second = other.stream_as("s", "m1", "hi").await;
    until_token(&mut second, "half").await;

    one.kill();
    let killed = Instant::now();
    assert_eq!(second.rest().await, ["error The assistant is unavailable"]);
    // The one time that the product promises; counted by both sides' clocks, not by how fast the machine is.
    assert!(killed.elapsed() < Duration::from_secs(6), "closed after {:?}", killed.elapsed());
    assert_eq!(other.thread("s").await, ["user: hi (failed)"]);
    upstream.answer(&["whole"]);
    assert_eq!(other.stream_as("s", "m1", "hi").await.answer().await, "whole");
    one.restart();
    assert_eq!(one.stream_as("s", "m1", "hi").await.answer().await, "whole");
}

#[tokio::test]
async fn a_killed_process_has_its_turn_closed_though_no_visitor_comes_back() {
    let (_log, upstream, mut one, other) = pair().await;
    let mut answer = upstream.speak();
    let mut first = one.stream_as("s", "m1", "hi").await;
    answer.token("half");
    until_token(&mut first, "half").await;
    one.kill();
    until_thread(&other, "s", &["user: hi (failed)"]).await;
}

#[tokio::test]
async fn a_stop_and_a_rating_may_go_to_any_process() {
    let (_log, upstream, one, other) = pair().await;
    let mut answer = upstream.speak();
    let mut first = one.stream_as(SESSION, "m1", "hi").await;
    answer.token("half");
    until_token(&mut first, "half").await;
    let post = |server: &Server, what: &str| {
        server
            .request(Method::POST, &format!("/v1/sessions/{SESSION}/messages/m1/{what}"))
            .header("x-api-key", WIDGET_KEY)
    };
    assert_eq!(post(&other, "stop").send().await.unwrap().status(), 202);
    assert_eq!(first.rest().await, ["stopped half"]);
    upstream.until_abandoned().await;

    let rating = post(&other, "rating").json(&json!({"rating": "down"})).send().await.unwrap();
    assert_eq!(rating.status(), 204);
    let history = one.request(Method::GET, &format!("/v1/sessions/{SESSION}/messages")).header("x-api-key", WIDGET_KEY);
    let history: serde_json::Value = history.send().await.unwrap().json().await.unwrap();
    assert_eq!(history["messages"][1]["rating"], "down", "{history}");
}

#[tokio::test]
async fn a_new_session_that_meets_both_processes_at_once_gets_one_answer() {
    let (_log, upstream, one, other) = pair().await;
    for round in 0..10 {
        let session = format!("s{round}");
        upstream.answer(&["same"]);
        upstream.answer(&["same"]);
        let (first, second) = tokio::join!(async { one.stream_as(&session, "m1", "hi").await.answer().await }, async {
            other.stream_as(&session, "m1", "hi").await.answer().await
        },);
        assert_eq!((first.as_str(), second.as_str()), ("same", "same"));
        // Either process may have answered, and the other one hears of it a moment later.
        until_thread(&one, &session, &["user: hi", "assistant: same"]).await;
    }
}

/// Waits until a process tells a conversation so.
async fn until_thread(server: &Server, session: &str, expected: &[&str]) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let thread = server.thread(session).await;
        if thread == expected {
            return;
        }
        assert!(Instant::now() < deadline, "it stays {thread:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
