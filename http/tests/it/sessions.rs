//! The visitor's own routes: history, stop, rating.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{
    Options, Script, Server, Upstream, WIDGET_KEY, assert_error, assert_security_headers, body_of, header, model,
};

/// A session nobody can guess.
const SESSION: &str = "3f0c1b2a-9d4e-4c6f-8a7b-1c2d3e4f5a6b";

fn messages() -> String {
    format!("/v1/sessions/{SESSION}/messages")
}

async fn history(server: &Server) -> Value {
    let request = server.request(Method::GET, &messages()).header("x-api-key", WIDGET_KEY);
    let (status, body) = body_of(request.send().await.unwrap()).await;
    assert_eq!(status, 200, "{body}");
    body
}

async fn stop(server: &Server, id: &str) -> Response {
    let path = format!("{}/{id}/stop", messages());
    server.request(Method::POST, &path).header("x-api-key", WIDGET_KEY).send().await.unwrap()
}

async fn rate(server: &Server, id: &str, rating: Value) -> Response {
    server.chat(&format!("{}/{id}/rating", messages()), &json!({"rating": rating})).send().await.unwrap()
}

/// The admin's view of the same conversation.
async fn thread(server: &Server) -> Value {
    let list = server.admin("/v1/admin/conversations").await;
    let id = list["conversations"][0]["_id"].as_str().unwrap();
    server.admin(&format!("/v1/admin/conversations/{id}")).await["messages"].clone()
}

/// What a history adds to the messages of a thread, taken away again.
fn without_message_ids(history: &Value) -> Value {
    let mut messages = history["messages"].clone();
    for message in messages.as_array_mut().unwrap() {
        assert!(message.as_object_mut().unwrap().remove("messageId").is_some_and(|id| id.is_string()));
    }
    messages
}

#[tokio::test]
async fn a_stop_ends_the_stream_stores_what_there_is_and_closes_the_upstream_call() {
    let upstream = Upstream::start().await;
    let mut server = Server::with_model(&upstream.base_url());
    let mut answer = upstream.speak();
    let mut first = server.stream_as(SESSION, "m1", "hi").await;
    answer.token("Hel");
    while first.next().await.unwrap() != "token Hel" {}
    let second = server.stream_as(SESSION, "m1", "hi").await;

    let response = stop(&server, "m1").await;
    assert_eq!(response.status(), 202);
    assert_eq!(header(response.headers(), "cache-control"), "no-store");
    assert_security_headers(&response);
    assert_eq!(first.rest().await, ["stopped Hel"]);
    assert_eq!(second.rest().await, ["start", "token Hel", "stopped Hel"], "every client sees it");
    upstream.until_abandoned().await;

    // The line was sent because it is durable.
    server.crash_and_restart();
    assert_eq!(server.thread(SESSION).await, ["user: hi", "assistant: Hel (stopped)"]);
    let again = server.stream_as(SESSION, "m1", "hi").await;
    assert_eq!(again.rest().await, ["start", "token Hel", "stopped Hel"]);
    let body = json!({"sessionId": SESSION, "message": "hi", "messageId": "m1"});
    let (status, whole) = body_of(server.chat("/v1/chat", &body).send().await.unwrap()).await;
    assert_eq!((status, &whole["message"], &whole["stopped"]), (200, &json!("Hel"), &json!(true)));

    upstream.answer(&["ok"]);
    assert_eq!(server.stream_as(SESSION, "m2", "go on").await.answer().await, "ok");
    let asked = upstream.requests().pop().unwrap();
    let said: Vec<&Value> = asked["messages"].as_array().unwrap().iter().map(|message| &message["content"]).collect();
    assert_eq!(said[1..], ["hi", "Hel", "go on"]);
}

#[tokio::test]
async fn a_stop_before_the_first_word_leaves_the_message_without_an_answer() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    let _silent = upstream.speak();
    let mut stream = server.stream_as(SESSION, "m1", "hi").await;
    assert_eq!(stream.next().await.unwrap(), "start");
    assert_eq!(stop(&server, "m1").await.status(), 202);
    assert_eq!(stream.rest().await, ["stopped "]);
    upstream.until_abandoned().await;
    assert_eq!(server.thread(SESSION).await, ["user: hi"]);
    let history = history(&server).await;
    assert_eq!(history["running"], Value::Null);
    assert_eq!(without_message_ids(&history), thread(&server).await);
    assert_eq!(server.stream_as(SESSION, "m1", "hi").await.rest().await, ["start", "stopped "]);
    assert_error(rate(&server, "m1", json!("up")).await, 404, "Not found", "message-not-found").await;
}

#[tokio::test]
async fn a_waiting_message_is_stopped_when_its_turn_comes_without_asking_the_model() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    let answer = upstream.speak();
    let mut first = server.stream_as(SESSION, "m1", "one").await;
    assert_eq!(first.next().await.unwrap(), "start");
    let second = server.stream_as(SESSION, "m2", "two").await;
    assert_eq!(stop(&server, "m2").await.status(), 202);
    answer.say("1");
    assert_eq!(first.rest().await, ["token 1", "done 1"]);
    assert_eq!(second.rest().await, ["start", "stopped "]);
    assert_eq!(upstream.requests().len(), 1);
    assert_eq!(server.thread(SESSION).await, ["user: one", "assistant: 1", "user: two"]);
}

#[tokio::test]
async fn stopping_what_has_ended_is_accepted_and_changes_nothing() {
    let upstream = Upstream::start().await;
    let mut server = Server::with_model(&upstream.base_url());
    upstream.answer(&["Hello"]);
    server.stream_as(SESSION, "m1", "hi").await.answer().await;
    upstream.fail(500);
    server.stream_as(SESSION, "m2", "more").await.rest().await;
    for _ in 0..2 {
        for id in ["m1", "m2"] {
            assert_eq!(stop(&server, id).await.status(), 202);
        }
        assert_eq!(server.thread(SESSION).await, ["user: hi", "assistant: Hello", "user: more (failed)"]);
        server.crash_and_restart();
    }
}

#[tokio::test]
async fn a_rating_is_seen_by_the_visitor_and_the_admin_and_survives_a_kill() {
    let upstream = Upstream::start().await;
    let mut server = Server::with_model(&upstream.base_url());
    for id in ["m1", "m2"] {
        upstream.answer(&["Hello"]);
        server.stream_as(SESSION, id, "hi").await.answer().await;
    }
    for rating in [json!("up"), json!("down"), json!("down"), json!(null), json!("up")] {
        let response = rate(&server, "m1", rating.clone()).await;
        assert_eq!(response.status(), 204);
        assert_security_headers(&response);
        server.crash_and_restart();
        let history = history(&server).await;
        let ratings: Vec<&Value> = history["messages"].as_array().unwrap().iter().map(|m| &m["rating"]).collect();
        assert_eq!(ratings, [&json!(null), &rating, &json!(null), &json!(null)]);
        assert_eq!(without_message_ids(&history), thread(&server).await);
    }
}

#[tokio::test]
async fn a_rating_costs_a_running_answer_nothing() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    upstream.answer(&["Hello"]);
    server.stream_as(SESSION, "m1", "hi").await.answer().await;
    let mut answer = upstream.speak();
    let mut stream = server.stream_as(SESSION, "m2", "more").await;
    assert_eq!(stream.next().await.unwrap(), "start");
    for rating in ["up", "down"] {
        assert_eq!(rate(&server, "m1", json!(rating)).await.status(), 204);
    }
    assert_error(rate(&server, "m2", json!("up")).await, 404, "Not found", "message-not-found").await;
    answer.token("still ");
    assert_eq!(stream.next().await.unwrap(), "token still ");
    answer.say("here");
    assert_eq!(stream.rest().await, ["token here", "done still here"]);
    assert_eq!(upstream.requests().len(), 2);
    assert_eq!(history(&server).await["messages"][1]["rating"], "down");
}

#[tokio::test]
async fn a_history_is_the_admins_thread_with_the_names_of_the_messages() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    let (_, empty) =
        body_of(server.request(Method::GET, &messages()).header("x-widget-api-key", WIDGET_KEY).send().await.unwrap())
            .await;
    assert_eq!((&empty["messages"], &empty["running"]), (&json!([]), &json!(null)));

    upstream.answer(&["one"]);
    server.stream_as(SESSION, "m1", "1").await.answer().await;
    upstream.fail(500);
    server.stream_as(SESSION, "m2", "2").await.rest().await;
    let mut answer = upstream.speak();
    let mut stream = server.stream_as(SESSION, "m3", "3").await;
    answer.token("thr");
    while stream.next().await.unwrap() != "token thr" {}
    stop(&server, "m3").await;
    stream.rest().await;
    rate(&server, "m3", json!("down")).await;

    let history = history(&server).await;
    assert_eq!(history["conversationId"], empty["conversationId"]);
    assert_eq!(history["running"], Value::Null);
    let fields =
        |field: &str| history["messages"].as_array().unwrap().iter().map(|m| m[field].clone()).collect::<Vec<_>>();
    assert_eq!(fields("messageId"), ["m1", "m1", "m2", "m3", "m3"]);
    assert_eq!(fields("content"), ["1", "one", "2", "3", "thr"]);
    assert_eq!(fields("status"), ["complete", "complete", "failed", "complete", "stopped"]);
    assert_eq!(without_message_ids(&history), thread(&server).await);
}

#[tokio::test]
async fn a_reload_finds_the_running_message_and_attaches_to_it() {
    let upstream = Upstream::start().await;
    let mut server = Server::with_model(&upstream.base_url());
    let mut answer = upstream.speak();
    let mut stream = server.stream_as(SESSION, "m1", "hi").await;
    answer.token("Hel");
    while stream.next().await.unwrap() != "token Hel" {}
    drop(stream);

    let running = history(&server).await;
    assert_eq!(running["running"], json!({"messageId": "m1"}));
    assert_eq!(running["messages"].as_array().unwrap().len(), 1, "half an answer is not a message");
    assert_eq!(without_message_ids(&running), thread(&server).await);
    let text = running["messages"][0]["content"].as_str().unwrap();
    let mut again = server.stream_as(SESSION, "m1", text).await;
    assert_eq!(again.next().await.unwrap(), "start");
    assert_eq!(again.next().await.unwrap(), "token Hel");

    // After a kill it is answered anew.
    server.crash_and_restart();
    upstream.answer(&["Hello"]);
    assert_eq!(server.stream_as(SESSION, "m1", text).await.answer().await, "Hello");
    let history = history(&server).await;
    assert_eq!((history["messages"].as_array().unwrap().len(), &history["running"]), (2, &json!(null)));
}

#[tokio::test]
async fn only_sessions_nobody_can_guess_have_these_routes() {
    let server = Server::demo();
    for session in
        ["user-123", "3f0c1b2a-9d4e-1c6f-8a7b-1c2d3e4f5a6b", "3f0c1b2a9d4e4c6f8a7b1c2d3e4f5a6b", "a%20b", "%FF"]
    {
        for (method, rest) in
            [(Method::GET, ""), (Method::HEAD, ""), (Method::POST, "/m1/stop"), (Method::POST, "/m1/rating")]
        {
            let path = format!("/v1/sessions/{session}/messages{rest}");
            let request = server.request(method.clone(), &path).header("x-api-key", WIDGET_KEY);
            let response = request.json(&json!({"rating": "up"})).send().await.unwrap();
            if method == Method::HEAD {
                assert_eq!(response.status(), 403, "{path}");
            } else {
                assert_error(response, 403, "Session is not private", "session-not-private").await;
            }
        }
    }
}

#[tokio::test]
async fn unknown_messages_are_not_found() {
    let server = Server::demo();
    for id in ["m1", "a%20b", "a%3Ab", "%FF", &"x".repeat(129)] {
        assert_error(stop(&server, id).await, 404, "Not found", "message-not-found").await;
        assert_error(rate(&server, id, json!("up")).await, 404, "Not found", "message-not-found").await;
    }
}

#[tokio::test]
async fn a_message_id_may_come_percent_encoded() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    upstream.answer(&["Hello"]);
    server.stream_as(SESSION, "a:b.c_d-e", "hi").await.answer().await;
    for id in ["a:b.c_d-e", "a%3Ab.c_d-e"] {
        assert_eq!(stop(&server, id).await.status(), 202, "{id}");
        assert_eq!(rate(&server, id, json!("up")).await.status(), 204, "{id}");
    }
}

#[tokio::test]
async fn bad_ratings_are_refused_with_a_reason() {
    let server = Server::demo();
    let path = format!("{}/m1/rating", messages());
    for (body, field) in [
        (json!({}), "rating"),
        (json!({"rating": "UP"}), "rating"),
        (json!({"rating": 1}), "rating"),
        (json!({"rating": ["up"]}), "rating"),
        (json!([]), "body"),
        (json!(null), "body"),
        (json!("up"), "body"),
    ] {
        let response = server.chat(&path, &body).send().await.unwrap();
        let error = assert_error(response, 400, "Invalid request payload", "invalid-payload").await;
        assert_eq!(error["details"][0]["field"], field, "{body}");
    }
    let raw = server.chat(&path, &json!(null)).body("{").send().await.unwrap();
    assert_error(raw, 400, "Invalid request payload", "invalid-payload").await;
    let big = server.chat(&path, &json!({"rating": "up", "padding": "x".repeat(65 * 1024)})).send().await.unwrap();
    assert_error(big, 413, "Payload too large", "payload-too-large").await;
    let plain = server.request(Method::POST, &path).header("x-api-key", WIDGET_KEY).body(r#"{"rating":"up"}"#);
    assert_error(plain.send().await.unwrap(), 415, "Unsupported media type", "unsupported-media-type").await;
}

#[tokio::test]
async fn other_methods_are_named_and_a_head_has_no_body() {
    let server = Server::demo();
    for (method, rest, allowed) in [
        (Method::POST, "", "GET, HEAD"),
        (Method::DELETE, "", "GET, HEAD"),
        (Method::GET, "/m1/stop", "POST"),
        (Method::PUT, "/m1/rating", "POST"),
    ] {
        let request = server.request(method, &format!("{}{rest}", messages())).header("x-api-key", WIDGET_KEY);
        let response = request.send().await.unwrap();
        assert_eq!(header(response.headers(), "allow"), allowed, "{rest}");
        assert_error(response, 405, "Method not allowed", "method-not-allowed").await;
    }
    let head = server.request(Method::HEAD, &messages()).header("x-api-key", WIDGET_KEY).send().await.unwrap();
    assert_eq!(head.status(), 200);
    assert_eq!(header(head.headers(), "cache-control"), "no-store");
    assert_eq!(head.text().await.unwrap(), "");
    assert_error(server.get(&format!("{}/m1", messages())).await, 404, "Not found", "not-found").await;
}

#[tokio::test]
async fn the_widget_key_is_needed_and_guesses_are_limited() {
    let server = Server::start(Options::default().var("RATE_LIMIT_MAX_REQUESTS", 2));
    let guess = |method: Method, rest: &str| {
        let request = server.request(method, &format!("{}{rest}", messages())).header("x-api-key", "wrong");
        request.json(&json!({"rating": "sideways"})).send()
    };
    for (method, rest) in [(Method::GET, ""), (Method::POST, "/m1/stop"), (Method::POST, "/m1/rating")] {
        for _ in 0..2 {
            let response = guess(method.clone(), rest).await.unwrap();
            assert_error(response, 401, "Unauthorized", "unauthorized").await;
        }
    }
    // Two messages make eight other requests; two of them are left.
    for _ in 0..2 {
        history(&server).await;
    }
    let refused = guess(Method::GET, "").await.unwrap();
    let seconds: u64 = header(refused.headers(), "retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(header(refused.headers(), "ratelimit-limit"), "8");
    assert_error(refused, 429, "Too many requests", "too-many-requests").await;
    assert_error(stop(&server, "m1").await, 429, "Too many requests", "too-many-requests").await;
    assert_error(rate(&server, "m1", json!("up")).await, 429, "Too many requests", "too-many-requests").await;
    for _ in 0..2 {
        assert_eq!(server.say(SESSION, "hi").await.status(), 200, "no message was used up");
    }
}

#[tokio::test]
async fn browsers_on_other_origins_are_refused_and_listed_ones_served() {
    let server = Server::start(Options::default().var("CORS_ORIGIN", "https://shop.example"));
    for (method, rest) in [(Method::GET, ""), (Method::POST, "/m1/stop"), (Method::POST, "/m1/rating")] {
        let path = format!("{}{rest}", messages());
        let from = |origin: &str| {
            let request = server.request(method.clone(), &path).header("x-api-key", WIDGET_KEY);
            request.header("origin", origin).json(&json!({"rating": "up"})).send()
        };
        let refused = from("https://evil.example").await.unwrap();
        assert!(refused.headers().get("access-control-allow-origin").is_none());
        assert_error(refused, 403, "Origin not allowed", "origin-not-allowed").await;
        let served = from("https://shop.example").await.unwrap();
        assert_eq!(header(served.headers(), "access-control-allow-origin"), "https://shop.example");

        let preflight = server.request(Method::OPTIONS, &path).header("origin", "https://shop.example");
        let preflight = preflight.header("access-control-request-method", method.as_str());
        let preflight = preflight.header("access-control-request-headers", "content-type,x-api-key").send();
        assert_eq!(preflight.await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn neither_sessions_nor_messages_are_logged() {
    let upstream = Upstream::start().await;
    let mut server = Server::start(model(&upstream.base_url()).var("RUST_LOG", "debug"));
    upstream.push(Script::answer(&["answer-canary"]));
    server.stream_as(SESSION, "id-canary", "question-canary").await.answer().await;
    history(&server).await;
    stop(&server, "id-canary").await;
    rate(&server, "id-canary", json!("up")).await;
    rate(&server, "id-canary", json!("rating-canary")).await;
    server.terminate();
    assert!(server.wait().await.success());
    let log = server.log();
    assert!(log.contains("/v1/sessions/{sessionId}/messages"), "the routes are logged");
    for canary in [SESSION, "canary"] {
        assert!(!log.contains(canary), "{canary} is in the log");
    }
}
