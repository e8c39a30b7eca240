//! What is sent to the upstream.

use chat_actors::assistant::{Assistant, OpenAiSettings};
use chat_schema::FailureReason::Unavailable;
use chat_schema::Role::{Assistant as Model, User};
use serde_json::json;

use crate::asking::{assistant, build, question, said, settings, whole};
use crate::scripted_upstream::{Script, ScriptedUpstream};

#[tokio::test]
async fn the_request_holds_the_system_prompt_and_the_history_in_order() {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(Script::answer(&["Hi"]));
    let settings = OpenAiSettings { system_prompt: "Be brief.".to_owned(), ..settings(upstream.base_url()) };
    let history = vec![said(User, "Hello"), said(Model, "Hi!"), said(User, "“Ünïcode” 🦀\n\"quoted\"")];
    whole(build(settings).answer(history)).await.unwrap();
    let request = &upstream.requests()[0];
    assert_eq!(request.line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("accept"), Some("text/event-stream"));
    assert_eq!(
        request.body,
        json!({
            "model": "configured-1",
            "stream": true,
            "stream_options": {"include_usage": true},
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Hi!"},
                {"role": "user", "content": "“Ünïcode” 🦀\n\"quoted\""},
            ],
        })
    );
}

#[tokio::test]
async fn an_empty_system_prompt_is_not_sent() {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(Script::answer(&["Hi"]));
    let settings = OpenAiSettings { system_prompt: String::new(), ..settings(upstream.base_url()) };
    whole(build(settings).answer(question())).await.unwrap();
    let messages = upstream.requests()[0].body["messages"].clone();
    assert_eq!(messages, json!([{"role": "user", "content": "Where is my parcel?"}]));
}

#[tokio::test]
async fn the_key_is_sent_as_a_bearer_token_and_shown_nowhere() {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(Script::answer(&["Hi"]));
    let settings = OpenAiSettings { api_key: Some("sk-very-secret".into()), ..settings(upstream.base_url()) };
    assert!(!format!("{settings:?}").contains("very-secret"));
    let assistant = build(settings);
    assert!(!format!("{assistant:?}").contains("very-secret"));
    whole(assistant.answer(question())).await.unwrap();
    assert_eq!(upstream.requests()[0].header("authorization"), Some("Bearer sk-very-secret"));
}

#[tokio::test]
async fn without_a_key_no_authorization_is_sent() {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(Script::answer(&["Hi"]));
    whole(assistant(&upstream).answer(question())).await.unwrap();
    assert_eq!(upstream.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = ScriptedUpstream::start().await;
    let upstream = ScriptedUpstream::start().await;
    for status in [301, 302, 307, 308] {
        upstream.push(Script::refusal(status, &[("location", &elsewhere.base_url())], ""));
        assert_eq!(whole(assistant(&upstream).answer(question())).await, Err(Unavailable));
    }
    assert_eq!((upstream.counts().requests, elsewhere.counts().connections), (4, 0));
}

const REFUSED_OPTION: &str = r#"{"error":{"message":"Unrecognized request argument supplied: stream_options"}}"#;

#[tokio::test]
async fn a_server_that_refuses_stream_options_is_asked_without_and_remembered() {
    for status in [400, 422] {
        let upstream = ScriptedUpstream::start().await;
        upstream.push(Script::refusal(status, &[], REFUSED_OPTION));
        upstream.push(Script::answer(&["one"]));
        upstream.push(Script::answer(&["two"]));
        let assistant = assistant(&upstream);
        assert_eq!(whole(assistant.answer(question())).await.unwrap().text(), "one");
        assert_eq!(whole(assistant.answer(question())).await.unwrap().text(), "two");
        let asked: Vec<_> = upstream.requests().iter().map(|r| r.body.get("stream_options").is_some()).collect();
        assert_eq!(asked, [true, false, false]);
    }
}

#[tokio::test]
async fn a_refusal_that_the_option_did_not_cause_is_not_remembered() {
    let upstream = ScriptedUpstream::start().await;
    upstream.push(Script::refusal(400, &[], REFUSED_OPTION));
    upstream.push(Script::refusal(400, &[], REFUSED_OPTION));
    upstream.push(Script::refusal(400, &[], "context length exceeded"));
    let assistant = assistant(&upstream);
    assert_eq!(whole(assistant.answer(question())).await, Err(Unavailable));
    assert_eq!(whole(assistant.answer(question())).await, Err(Unavailable));
    let asked: Vec<_> = upstream.requests().iter().map(|r| r.body.get("stream_options").is_some()).collect();
    assert_eq!(asked, [true, false, true]);
}
