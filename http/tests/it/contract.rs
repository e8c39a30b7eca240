//! Section 2 of the contract, line by line: endpoints, errors, headers, keys, limits.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{
    ADMIN_KEY, Options, Server, WIDGET_KEY, assert_error, assert_security_headers, body_of, header, valid,
};

/// A development server that never runs into its own limits.
fn unlimited() -> Server {
    Server::start(Options::default().var("RATE_LIMIT_MAX_REQUESTS", 100_000))
}

#[tokio::test]
async fn health_is_alive_and_never_cached() {
    let server = Server::demo();
    let response = server.get("/health").await;
    assert_eq!(response.status(), 200);
    assert_security_headers(&response);
    assert_eq!(header(response.headers(), "cache-control"), "no-store");
    assert_eq!(response.text().await.unwrap(), r#"{"status":"ok"}"#);

    let head = server.request(Method::HEAD, "/health").send().await.unwrap();
    assert_eq!(head.status(), 200);
}

#[tokio::test]
async fn ready_tells_the_state_of_log_and_projections() {
    let (status, body) = body_of(Server::demo().get("/ready").await).await;
    assert_eq!(status, 200);
    assert_eq!(body["log"]["state"], "available");
    assert!(["building", "live"].contains(&body["projections"]["state"].as_str().unwrap()), "{body}");
}

#[tokio::test]
async fn the_three_chat_routes_answer() {
    let server = Server::demo();
    let (status, body) = body_of(server.say("whole", "hello").await).await;
    assert_eq!(status, 200);
    assert!(body["message"].as_str().unwrap().to_lowercase().contains("demo"), "{body}");
    assert!(body["conversationId"].is_string());

    for path in ["/chat", "/v1/chat/stream"] {
        let response = server.chat(path, &valid()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert_eq!(header(headers, "content-type"), "application/x-ndjson; charset=utf-8");
        assert_eq!(header(headers, "cache-control"), "no-store, no-transform");
        assert_eq!(header(headers, "x-accel-buffering"), "no");
        assert_security_headers(&response);
        assert!(!crate::support::Stream::new(response).answer().await.is_empty());
    }
}

#[tokio::test]
async fn a_session_keeps_its_conversation() {
    let server = Server::demo();
    let id = async |session: &str| body_of(server.say(session, "hi").await).await.1["conversationId"].clone();
    let (first, again, other) = (id("a").await, id("a").await, id("b").await);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test]
async fn bad_bodies_are_refused_with_a_reason_a_field() {
    let server = unlimited();
    let long = "x".repeat(4001);
    let cases = [
        (json!({"message": "hi"}), "sessionId"),
        (json!({"sessionId": "", "message": "hi"}), "sessionId"),
        (json!({"sessionId": "a b", "message": "hi"}), "sessionId"),
        (json!({"sessionId": "a>b", "message": "hi"}), "sessionId"),
        (json!({"sessionId": "x".repeat(129), "message": "hi"}), "sessionId"),
        (json!({"sessionId": 7, "message": "hi"}), "sessionId"),
        (json!({"sessionId": "s"}), "message"),
        (json!({"sessionId": "s", "message": ""}), "message"),
        (json!({"sessionId": "s", "message": " \n\t "}), "message"),
        (json!({"sessionId": "s", "message": "a\u{0}b"}), "message"),
        (json!({"sessionId": "s", "message": long}), "message"),
        (json!({"sessionId": "s", "message": "hi", "messageId": "a b"}), "messageId"),
        (json!({"sessionId": "s", "message": "hi", "messageId": ""}), "messageId"),
        (json!([]), "body"),
        (json!(null), "body"),
    ];
    for (body, field) in cases {
        for path in ["/chat", "/v1/chat", "/v1/chat/stream"] {
            let response = server.chat(path, &body).send().await.unwrap();
            let error = assert_error(response, 400, "Invalid request payload", "invalid-payload").await;
            assert_eq!(error["details"][0]["field"], field, "{body}");
        }
    }
    for raw in ["", "{", "{\"sessionId\":\"\\ud800\",\"message\":\"hi\"}"] {
        let request = server.chat("/v1/chat", &json!(null)).body(raw);
        assert_error(request.send().await.unwrap(), 400, "Invalid request payload", "invalid-payload").await;
    }
}

#[tokio::test]
async fn a_message_of_4000_scalar_values_is_taken() {
    let server = Server::demo();
    assert_eq!(server.say("long", &"\u{1F980}".repeat(4000)).await.status(), 200);
}

#[tokio::test]
async fn oversize_and_foreign_bodies_are_refused() {
    let server = Server::demo();
    let big = json!({"sessionId": "s", "message": "hi", "padding": "x".repeat(65 * 1024)});
    let response = server.chat("/v1/chat", &big).send().await.unwrap();
    assert_error(response, 413, "Payload too large", "payload-too-large").await;

    let chunks = futures_util::stream::iter((0..80).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024])));
    let request = server.chat("/v1/chat", &json!(null)).body(reqwest::Body::wrap_stream(chunks));
    assert_error(request.send().await.unwrap(), 413, "Payload too large", "payload-too-large").await;

    for media in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let request = server.request(Method::POST, "/v1/chat").header("x-api-key", WIDGET_KEY);
        let response = request.header("content-type", media).body(valid().to_string()).send().await.unwrap();
        assert_error(response, 415, "Unsupported media type", "unsupported-media-type").await;
    }
    let request = server.request(Method::POST, "/v1/chat").header("x-api-key", WIDGET_KEY);
    let response = request.header("content-type", "application/json; charset=utf-8").body(valid().to_string());
    assert_eq!(response.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn unknown_routes_and_wrong_methods_get_json() {
    let server = Server::demo();
    for path in ["/", "/nope", "/v1", "/v1/admin", "/v1/admin/nope", "/v1/chat/", "/%2e%2e/etc/passwd"] {
        assert_error(server.get(path).await, 404, "Not found", "not-found").await;
    }
    for (method, path, allowed) in [
        (Method::GET, "/v1/chat", "POST"),
        (Method::GET, "/chat", "POST"),
        (Method::DELETE, "/v1/chat/stream", "POST"),
        (Method::POST, "/health", "GET, HEAD"),
        (Method::PUT, "/v1/admin/conversations", "GET, HEAD"),
        (Method::POST, "/widget/chat-widget.js", "GET, HEAD"),
    ] {
        let response = server.request(method, path).send().await.unwrap();
        assert_eq!(header(response.headers(), "allow"), allowed, "{path}");
        assert_error(response, 405, "Method not allowed", "method-not-allowed").await;
    }
}

/// What the server answers to these bytes, until it closes the connection.
async fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(server.address()).await.unwrap();
    connection.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_client_of_http_1_0_gets_its_stream_without_chunks() {
    let body = valid().to_string();
    let head = format!(
        "POST /chat HTTP/1.0\r\nhost: x\r\nx-api-key: {WIDGET_KEY}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let answer = exchange(&Server::demo(), (head + &body).as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
    let lines: Vec<Value> = body.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(lines.last().unwrap()["type"], "done");
}

#[tokio::test]
async fn what_is_not_http_is_refused_bare_and_closed() {
    let server = Server::demo();
    for bytes in [&b"nonsense\r\n\r\n"[..], b"GET /health HTTP/1.1\r\nhost: x\r\nno colon\r\n\r\n"] {
        let answer = exchange(&server, bytes).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "no body: {answer}");
    }
}

#[tokio::test]
async fn the_widget_key_is_taken_from_either_header() {
    let server = unlimited();
    let send = async |headers: &[(&str, &str)]| {
        let mut request = server.request(Method::POST, "/v1/chat").json(&valid());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    };
    for good in [
        &[("x-api-key", WIDGET_KEY)][..],
        &[("x-widget-api-key", WIDGET_KEY)],
        &[("x-api-key", ""), ("x-widget-api-key", WIDGET_KEY)],
    ] {
        assert_eq!(send(good).await.status(), 200, "{good:?}");
    }
    let almost = &WIDGET_KEY[..WIDGET_KEY.len() - 1];
    for bad in [
        &[][..],
        &[("x-api-key", "")],
        &[("x-api-key", almost)],
        &[("x-api-key", "wrong"), ("x-widget-api-key", WIDGET_KEY)],
        &[("x-admin-api-key", ADMIN_KEY)],
    ] {
        assert_error(send(bad).await, 401, "Unauthorized", "unauthorized").await;
    }
}

#[tokio::test]
async fn checks_come_in_order_origin_limit_key_body() {
    let server =
        Server::start(Options::default().var("RATE_LIMIT_MAX_REQUESTS", 2).var("CORS_ORIGIN", "https://shop.example"));
    let bad = |origin: Option<&str>| {
        let mut request = server.request(Method::POST, "/v1/chat").body("not json").header("x-api-key", "wrong");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        request.send()
    };
    let refused = bad(Some("https://evil.example")).await.unwrap();
    assert!(refused.headers().get("access-control-allow-origin").is_none());
    assert_error(refused, 403, "Origin not allowed", "origin-not-allowed").await;
    // The origin's refusal did not count; two wrong keys do.
    for _ in 0..2 {
        assert_error(bad(None).await.unwrap(), 401, "Unauthorized", "unauthorized").await;
    }
    assert_error(bad(None).await.unwrap(), 429, "Too many requests", "too-many-requests").await;
    let good = server.say("s", "hi").await;
    assert_error(good, 429, "Too many requests", "too-many-requests").await;
}

#[tokio::test]
async fn the_limit_says_when_to_come_back() {
    let server = Server::start(Options::default().var("RATE_LIMIT_MAX_REQUESTS", 3));
    for remaining in ["2", "1", "0"] {
        let response = server.say("s", "hi").await;
        assert_eq!(response.status(), 200);
        assert_eq!(header(response.headers(), "ratelimit-limit"), "3");
        assert_eq!(header(response.headers(), "ratelimit-remaining"), remaining);
    }
    let response = server.say("s", "hi").await;
    let seconds: u64 = header(response.headers(), "retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(header(response.headers(), "ratelimit-remaining"), "0");
    assert_eq!(header(response.headers(), "ratelimit-reset"), seconds.to_string());
    assert_error(response, 429, "Too many requests", "too-many-requests").await;
    assert_eq!(server.get("/health").await.status(), 200, "only chat is limited");
}

#[tokio::test]
async fn a_window_that_is_over_opens_the_limit_again() {
    let options = Options::default().var("RATE_LIMIT_MAX_REQUESTS", 1).var("RATE_LIMIT_WINDOW_MS", 300);
    let server = Server::start(options);
    assert_eq!(server.say("s", "hi").await.status(), 200);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while server.say("s", "hi").await.status() == 429 {
        assert!(std::time::Instant::now() < deadline, "the window never ends");
    }
}

#[tokio::test]
async fn the_widget_is_served_compressed_and_revalidated() {
    let server = Server::demo();
    let fetch = async |name: &str, value: &str| {
        server.request(Method::GET, "/widget/chat-widget.js").header(name, value).send().await.unwrap()
    };
    let plain = fetch("accept-encoding", "identity").await;
    assert_eq!(plain.status(), 200, "build the widget first: cargo xtask build");
    assert_eq!(header(plain.headers(), "content-type"), "application/javascript; charset=utf-8");
    assert_eq!(header(plain.headers(), "cache-control"), "no-store");
    assert!(plain.headers().get("content-encoding").is_none());
    let etag = header(plain.headers(), "etag").to_owned();
    let script = plain.text().await.unwrap();
    assert!(script.contains("os-chat-widget-root"));
    for (accepted, encoding) in [("gzip, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")] {
        let response = fetch("accept-encoding", accepted).await;
        assert_eq!(header(response.headers(), "content-encoding"), encoding);
        assert!(response.bytes().await.unwrap().len() < script.len() / 2);
    }
    let unchanged = fetch("if-none-match", &etag).await;
    assert_eq!(unchanged.status(), 304);
    assert_eq!(unchanged.bytes().await.unwrap().len(), 0);
}

#[tokio::test]
async fn the_api_document_names_every_route_and_never_the_callers_host() {
    let server = Server::start(Options::default().var("PUBLIC_URL", "https://chat.example.com"));
    let request = server.request(Method::GET, "/v1/openapi.json").header("host", "evil.example");
    let (status, document) = body_of(request.send().await.unwrap()).await;
    assert_eq!(status, 200);
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert_eq!(document["servers"][0]["url"], "https://chat.example.com");
    assert!(!document.to_string().contains("evil.example"));
    for (path, method) in [
        ("/health", "get"),
        ("/ready", "get"),
        ("/widget/chat-widget.js", "get"),
        ("/v1/openapi.json", "get"),
        ("/v1/chat", "post"),
        ("/v1/chat/stream", "post"),
        ("/chat", "post"),
        ("/v1/sessions/{sessionId}/messages", "get"),
        ("/v1/sessions/{sessionId}/messages/{messageId}/stop", "post"),
        ("/v1/sessions/{sessionId}/messages/{messageId}/rating", "post"),
        ("/v1/admin/conversations", "get"),
        ("/v1/admin/conversations/{conversationId}", "get"),
    ] {
        assert!(document["paths"][path][method].is_object(), "{method} {path} is not documented");
    }
    let text = document.to_string();
    assert!(!text.contains("conversation_id"), "fields are documented as they are sent");
    for reference in text.match_indices("#/components/schemas/").map(|(at, found)| &text[at + found.len()..]) {
        let name = &reference[..reference.find('"').unwrap()];
        assert!(document["components"]["schemas"][name].is_object(), "{name} is referenced but missing");
    }
}

#[tokio::test]
async fn the_reference_and_the_demo_are_pages_with_a_strict_policy() {
    let server = Server::demo();
    for (path, expected) in [("/docs", "/v1/chat/stream"), ("/demo", "chat-widget.js")] {
        let response = server.get(path).await;
        assert_eq!(response.status(), 200);
        assert_security_headers(&response);
        assert!(header(response.headers(), "content-security-policy").contains("default-src 'none'"));
        assert!(response.text().await.unwrap().contains(expected));
    }
}

#[tokio::test]
async fn production_hides_details_and_the_demo_and_asks_for_https() {
    let key = "0123456789abcdef0123456789";
    let server = Server::start(
        Options::default().var("NODE_ENV", "production").var("WIDGET_API_KEY", key).var("ASSISTANT", "demo"),
    );
    let response = server.get("/health").await;
    assert_eq!(header(response.headers(), "strict-transport-security"), "max-age=31536000; includeSubDomains");
    assert_error(server.get("/demo").await, 404, "Not found", "not-found").await;
    let widget = server.get("/widget/chat-widget.js").await;
    assert_eq!(header(widget.headers(), "cache-control"), "public, max-age=300");

    let request = server.request(Method::POST, "/v1/chat").header("x-api-key", key);
    let error = request.json(&json!({"sessionId": ""})).send().await.unwrap();
    let body = assert_error(error, 400, "Invalid request payload", "invalid-payload").await;
    assert!(body.get("details").is_none());

    let admin = server.request(Method::GET, "/v1/admin/conversations").header("x-admin-api-key", "").send();
    let text = "ADMIN_API_KEY is not configured on this deployment";
    assert_error(admin.await.unwrap(), 503, text, "admin-key-not-configured").await;

    let foreign = server.request(Method::POST, "/v1/chat").header("origin", "https://any.example").send();
    assert_error(foreign.await.unwrap(), 403, "Origin not allowed", "origin-not-allowed").await;
}

#[tokio::test]
async fn the_client_module_and_the_types_are_served_to_every_allowed_origin() {
    let server = Server::start(Options::default().var("CORS_ORIGIN", "https://shop.example"));
    for (path, content_type, says) in [
        ("/widget/chat-client.js", "application/javascript; charset=utf-8", "export"),
        ("/widget/chat-client.d.ts", "text/plain; charset=utf-8", "export"),
        ("/widget/chat-widget.d.ts", "text/plain; charset=utf-8", "OpenChat"),
    ] {
        let request = server.request(Method::GET, path).header("origin", "https://shop.example");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(header(response.headers(), "content-type"), content_type);
        let allowed = header(response.headers(), "access-control-allow-origin");
        assert_eq!(allowed, "https://shop.example", "a module is imported with CORS");
        let etag = header(response.headers(), "etag").to_owned();
        assert!(response.text().await.unwrap().contains(says), "{path}");
        let again = server.request(Method::GET, path).header("if-none-match", etag).send().await.unwrap();
        assert_eq!(again.status(), 304, "{path}");
    }
}
