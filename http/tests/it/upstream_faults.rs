//! A model that misbehaves never leads to a wrong or partial answer stored as complete, and its words never reach a visitor.

use serde_json::json;

use crate::support::{Script, Server, Upstream, body_of, model};

const UNAVAILABLE: &str = "error The assistant is unavailable";
const CANARY: &str = "upstream-canary";

fn error_object() -> String {
    json!({"error": {"message": CANARY, "type": "server_error"}}).to_string()
}

/// Scripts that fail, by name: as many as the model is asked for.
fn faults() -> Vec<(&'static str, Vec<Script>)> {
    let refusal = |status| Script::refusal(status, &[("content-type", "application/json")], &error_object());
    let content =
        |content: serde_json::Value| json!({"index": 0, "delta": {"content": content}, "finish_reason": null});
    let asked_twice: [(_, fn() -> Script); 2] = [
        ("closed before the head", || Script::nothing().close()),
        ("half a head", || Script::nothing().raw("HTTP/1.1 200 OK\r\ncontent-ty").close()),
    ];
    let asked_once = [
        ("400", refusal(400)),
        ("401", refusal(401)),
        ("429", refusal(429)),
        ("500", refusal(500)),
        ("redirect", Script::refusal(302, &[("location", "http://127.0.0.1:9/")], "")),
        ("no stream but JSON", Script::refusal(200, &[("content-type", "application/json")], &error_object())),
        ("cut at once", Script::stream().close()),
        ("cut after a token", Script::stream().token("partial").close()),
        ("cut within an event", Script::stream().token("partial").body("data: {\"choi").close()),
        ("ended without a finish reason", Script::stream().token("partial").end()),
        ("DONE without a finish reason", Script::stream().token("partial").done().end()),
        (
            "error object after a token",
            Script::stream().token("partial").data(error_object()).finish("stop").done().end(),
        ),
        ("error event", Script::stream().token("partial").body(format!("event: error\ndata: {CANARY}\n\n")).end()),
        ("malformed JSON", Script::stream().token("partial").data(format!("{{{CANARY}")).finish("stop").done().end()),
        ("number as content", Script::stream().choice(&content(json!(7))).finish("stop").done().end()),
        ("object as content", Script::stream().choice(&content(json!({"a": CANARY}))).finish("stop").done().end()),
        ("content filter", Script::stream().token("partial").finish("content_filter").done().end()),
        ("tool calls", Script::stream().token("partial").finish("tool_calls").done().end()),
        ("nothing said", Script::stream().finish("stop").done().end()),
        ("only white space", Script::stream().token(" \n ").finish("stop").done().end()),
        ("invalid UTF-8", Script::stream().token("partial").body(b"data: \xff\xfe\n\n").finish("stop").done().end()),
    ];
    let asked_once = asked_once.into_iter().map(|(name, script)| (name, vec![script]));
    asked_once.chain(asked_twice.map(|(name, script)| (name, vec![script(), script()]))).collect()
}

#[tokio::test]
async fn no_fault_of_the_model_becomes_an_answer() {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()).var("RATE_LIMIT_MAX_REQUESTS", 1000));
    for (name, scripts) in faults() {
        let session = name.replace(' ', "-");
        scripts.into_iter().for_each(|script| upstream.push(script));
        let lines = server.stream(&session, "hi").await.rest().await;
        assert_eq!(lines.first().unwrap(), "start", "{name}");
        assert_eq!(lines.last().unwrap(), UNAVAILABLE, "{name}: {lines:?}");
        assert!(!lines.concat().contains(CANARY), "{name}: the model's words reach the visitor");
        assert_eq!(server.thread(&session).await, ["user: hi (failed)"], "{name}");

        // The conversation goes on, and nothing of the failure is shown to the model.
        upstream.answer(&["fine"]);
        assert_eq!(server.stream(&session, "again").await.answer().await, "fine", "{name}");
        let shown = upstream.requests().pop().unwrap()["messages"].as_array().unwrap().len();
        assert_eq!(shown, 2, "{name}: system prompt and question");
    }
    assert!(!server.log().contains(CANARY), "the model's words are in the log");
}

#[tokio::test]
async fn the_whole_answer_route_hides_the_cause_too() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    upstream.fail_with(500, CANARY);
    let (status, body) = body_of(server.say("s", "hi").await).await;
    assert_eq!((status, &body["error"]), (500, &json!("Internal server error")));
    assert!(!body.to_string().contains(CANARY));
    assert_eq!(server.thread("s").await, ["user: hi (failed)"]);
}

#[tokio::test]
async fn odd_but_valid_streams_are_understood() {
    let upstream = Upstream::start().await;
    let server = Server::with_model(&upstream.base_url());
    let choice = |text: &str| json!({"choices": [{"index": 0, "delta": {"content": text}}]}).to_string();
    let stop = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}).to_string();
    let crab = choice("\u{1F980}");
    let split = crab.find('\u{1F980}').unwrap() + 2;
    let two_lines = "data: {\"choices\": [{\"index\": 0,\ndata: \"delta\": {\"content\": \"two lines \"}}]}\n\n";
    let script = Script::stream()
        .body(format!("\u{feff}data: {}\r\n\r\n", choice("CRLF ")))
        .body(": a comment\n\n")
        .body(two_lines)
        .body("data: null\n\n")
        .data(json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": null}}]}))
        .data(json!({"choices": []}))
        .body(format!("data: {}", &crab[..crab.find('\u{1F980}').unwrap()]))
        .body(&crab.as_bytes()[split - 2..split])
        .body([&crab.as_bytes()[split..], b"\n\n"].concat())
        .body(format!("event: message\nid: 1\ndata:{}\n\n", choice(" no space")))
        .data(&stop)
        .data(json!({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}))
        .done()
        .end();
    upstream.push(script);
    assert_eq!(server.stream("s", "hi").await.answer().await, "CRLF two lines \u{1F980} no space");

    // A finish reason is enough: some servers leave `[DONE]` out.
    upstream.push(Script::stream().token("enough").finish("length").end());
    assert_eq!(server.stream("s", "ho").await.answer().await, "enough");
}

#[tokio::test]
async fn a_model_that_hangs_is_given_up_and_its_connection_closed() {
    for (variable, script) in [
        ("ASSISTANT_FIRST_TOKEN_TIMEOUT_MS", Script::stream().hang()),
        ("ASSISTANT_FIRST_TOKEN_TIMEOUT_MS", Script::nothing().hang()),
        ("ASSISTANT_TOKEN_TIMEOUT_MS", Script::stream().token("partial").hang()),
        ("ASSISTANT_ANSWER_TIMEOUT_MS", Script::stream().token("partial").hang()),
    ] {
        let upstream = Upstream::start().await;
        let server = Server::start(model(&upstream.base_url()).var(variable, 300));
        upstream.push(script);
        let lines = server.stream("s", "hi").await.rest().await;
        assert_eq!(lines.last().unwrap(), "error The answer took too long", "{variable}");
        upstream.until_abandoned().await;
        assert_eq!(server.thread("s").await, ["user: hi (failed)"]);
    }
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()).var("ASSISTANT_MAX_ANSWER_BYTES", 1000));
    let mut answer = upstream.speak();
    for _ in 0..20 {
        answer.token(&"x".repeat(100));
    }
    assert_eq!(server.stream("s", "hi").await.rest().await.last().unwrap(), UNAVAILABLE);
    assert_eq!(server.thread("s").await, ["user: hi (failed)"]);
}

#[tokio::test]
async fn a_model_that_cannot_be_reached_is_unavailable() {
    // A port that was free a moment ago and that nobody listens on.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::with_model(&format!("http://{closed}/v1"));
    assert_eq!(server.stream("s", "hi").await.rest().await, ["start", UNAVAILABLE]);
}
