//! The stream: order, pace, and what is stored.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::support::{Options, Server, Upstream, body_of, model};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn tokens_arrive_one_by_one_as_the_model_says_them() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    let mut answer = upstream.speak();
    let mut stream = server.stream("s", "hi").await;
    // The model has not said a word yet, and the message is durable already.
    assert_eq!(stream.next().await.unwrap(), "start");
    for token in ["Hel", "lo ", "\u{1F980}"] {
        answer.token(token);
        assert_eq!(stream.next().await.unwrap(), format!("token {token}"));
    }
    answer.finish();
    assert_eq!(stream.rest().await, ["done Hello \u{1F980}"]);
    assert_eq!(server.thread("s").await, ["user: hi", "assistant: Hello \u{1F980}"]);
}

#[tokio::test]
async fn the_model_gets_the_system_prompt_and_the_answered_history() {
    let upstream = Upstream::start().await;
    let options = model(&upstream.base_url()).var("SYSTEM_PROMPT", "Be brief.").var("OPENAI_MODEL", "test-model");
    let server = Server::start(options.var("MAX_HISTORY_MESSAGES", 3));
    for (question, answer) in [("one", "1"), ("two", "2")] {
        upstream.answer(&[answer]);
        assert_eq!(server.stream("s", question).await.answer().await, answer);
    }
    upstream.fail(500);
    assert_eq!(server.stream("s", "lost").await.rest().await.last().unwrap(), "error The assistant is unavailable");
    upstream.answer(&["3"]);
    server.stream("s", "three").await.answer().await;

    let asked = upstream.requests().pop().unwrap();
    assert_eq!(asked["model"], "test-model");
    assert_eq!(asked["stream"], true);
    let said: Vec<(&str, &str)> = asked["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| (message["role"].as_str().unwrap(), message["content"].as_str().unwrap()))
        .collect();
    assert_eq!(said, [("system", "Be brief."), ("user", "two"), ("assistant", "2"), ("user", "three")]);
}

#[tokio::test]
async fn an_answer_is_finished_and_stored_when_its_reader_is_gone() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    let mut answer = upstream.speak();
    let mut stream = server.stream("s", "hi").await;
    answer.token("Hello");
    while stream.next().await.unwrap() != "token Hello" {}
    drop(stream);
    answer.token(" again");
    answer.finish();
    // The next message waits for the turn before it.
    upstream.answer(&["ok"]);
    assert_eq!(server.stream("s", "more").await.answer().await, "ok");
    assert_eq!(server.thread("s").await, ["user: hi", "assistant: Hello again", "user: more", "assistant: ok"]);
}

#[tokio::test]
async fn a_reader_far_behind_gets_every_token_in_order() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    let mut answer = upstream.speak();
    let mut first = server.stream_as("s", "m", "hi").await;
    let tokens: Vec<String> = (0..5_000).map(|number| format!("{number} ")).collect();
    for token in &tokens {
        answer.token(token);
    }
    while first.next().await.unwrap() != "token 4999 " {}
    let mut late = server.stream_as("s", "m", "hi").await;
    assert_eq!(late.next().await.unwrap(), "start");
    for token in &tokens {
        assert_eq!(late.next().await.unwrap(), format!("token {token}"));
    }
    answer.finish();
    let whole = format!("done {}", tokens.concat());
    assert_eq!((first.rest().await, late.rest().await), (vec![whole.clone()], vec![whole]));
}

#[tokio::test]
async fn silence_is_broken_by_empty_lines() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    let mut answer = upstream.speak();
    let mut stream = server.stream("s", "hi").await;
    assert_eq!(stream.next().await.unwrap(), "start");
    let chunk = timeout(PATIENCE, stream.response.chunk()).await.expect("nothing keeps the stream open");
    assert_eq!(&chunk.unwrap().unwrap()[..], b"\n");
    answer.token("Hello");
    answer.finish();
    assert_eq!(stream.rest().await, ["token Hello", "done Hello"]);
}

#[tokio::test]
async fn messages_sent_at_once_are_answered_one_after_another() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    for _ in 0..4 {
        upstream.answer(&["o", "k"]);
    }
    let streams = ["a", "b", "c", "d"].map(|text| async { server.stream("s", text).await.answer().await });
    for answer in futures_util::future::join_all(streams).await {
        assert_eq!(answer, "ok");
    }
    let thread = server.thread("s").await;
    assert_eq!(thread.len(), 8);
    for (index, line) in thread.iter().enumerate() {
        assert_eq!(line.starts_with("user: "), index % 2 == 0, "{thread:?}");
    }
}

#[tokio::test]
async fn a_waiting_message_gets_its_headers_at_once_and_its_start_when_it_is_stored() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    let first_answer = upstream.speak();
    let mut first = server.stream("s", "one").await;
    assert_eq!(first.next().await.unwrap(), "start");
    let second_answer = upstream.speak();
    let mut second = timeout(PATIENCE, server.stream("s", "two")).await.expect("headers wait for the turn");
    assert_eq!(second.status(), 200);
    assert_eq!(server.thread("s").await, ["user: one"]);

    for (index, text) in ["three", "four", "five"].into_iter().enumerate() {
        let waiting = server.stream("s", text).await;
        assert_eq!(waiting.status(), 200, "message {index} waits");
    }
    let (status, body) = body_of(server.say("s", "six").await).await;
    assert_eq!(
        (status, &body["error"], &body["code"]),
        (409, &json!("Conversation busy"), &json!("conversation-busy"))
    );

    first_answer.say("1");
    assert_eq!(second.next().await.unwrap(), "start");
    second_answer.say("2");
    assert_eq!(second.rest().await, ["token 2", "done 2"]);
}

#[tokio::test]
async fn more_answers_at_once_than_allowed_are_refused_with_a_time_to_come_back() {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()).var("MAX_CONCURRENT_REPLIES", 1));
    let answer = upstream.speak();
    let mut running = server.stream("a", "hi").await;
    assert_eq!(running.next().await.unwrap(), "start");
    let refused = server.say("b", "hi").await;
    assert!(refused.headers().contains_key("retry-after"));
    let (status, body) = body_of(refused).await;
    assert_eq!((status, body["code"].as_str()), (503, Some("overloaded")));
    answer.say("ok");
    assert_eq!(running.rest().await, ["token ok", "done ok"]);
    assert_eq!(server.thread("b").await, Vec::<String>::new());
}

#[tokio::test]
async fn neither_texts_nor_keys_nor_sessions_are_logged() {
    let upstream = Upstream::start().await;
    let mut server = Server::start(model(&upstream.base_url()).var("RUST_LOG", "debug"));
    upstream.answer(&["the-answer-canary"]);
    server.stream("session-canary", "question-canary").await.answer().await;
    upstream.fail_with(500, "upstream-canary");
    server.stream("session-canary", "question-canary-2").await.rest().await;
    server.get("/v1/sessions/session-canary/messages").await;
    server.terminate();
    assert!(server.wait().await.success());
    let log = server.log();
    assert!(log.contains("/v1/sessions/{sessionId}/messages"), "the last request is in it");
    for canary in ["answer-canary", "session-canary", "question-canary", "upstream-canary", "sk-test-key", "change-me"]
    {
        assert!(!log.contains(canary), "{canary} is in the log");
    }
}

#[tokio::test]
async fn the_whole_answer_has_the_same_conversation_as_the_stream() {
    let server = Server::start(Options::default());
    let (_, whole) = body_of(server.say("s", "hi").await).await;
    let text =
        server.chat("/chat", &json!({"sessionId": "s", "message": "ho"})).send().await.unwrap().text().await.unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["conversationId"], whole["conversationId"]);
    assert_eq!(lines.last().unwrap()["conversationId"], whole["conversationId"]);
    assert!(lines.last().unwrap().get("stopped").is_none());
}
