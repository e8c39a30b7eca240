//! Traces, as a collector gets them; and that neither they nor logs nor metrics hold what was said, a session or a key.

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use reqwest::Method;
use serde_json::json;

use crate::nats;
use crate::support::{Collector, Options, Server, Upstream, model};

const TRACE: [u8; 16] =
    [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36];
const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn attribute(span: &Span, key: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == key);
    format!("{:?}", found.unwrap_or_else(|| panic!("no {key} in {span:?}")).value)
}

async fn a_message_is_one_trace(options: Options) {
    let (upstream, collector) = (Upstream::start().await, Collector::start());
    let server = Server::start(collector.traced(model(&upstream.base_url()).and(options)));
    upstream.answer(&["Hel", "lo"]);
    let body = json!({"sessionId": "s", "message": "hi"});
    let response = server.chat("/v1/chat/stream", &body).header("traceparent", CALLER).send().await.unwrap();
    response.bytes().await.unwrap();

    let expected = [("POST /v1/chat/stream", 1), ("turn", 1), ("model", 1), ("append", 2), ("projection", 2)];
    let spans = collector.until(Some(&TRACE), &expected).await;
    let [request, turn, model] = ["POST /v1/chat/stream", "turn", "model"].map(|name| named(&spans, name)[0]);
    assert_eq!(request.parent_span_id, [0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7], "the caller's trace goes on");
    assert_eq!(request.kind, SpanKind::Server as i32);
    assert!(attribute(request, "http.response.status_code").contains("200"));
    assert_eq!(turn.parent_span_id, request.span_id);
    assert_eq!(model.parent_span_id, turn.span_id);
    assert!(attribute(model, "tokens").contains('2'));
    let appends = named(&spans, "append");
    assert!(appends.iter().all(|append| append.parent_span_id == turn.span_id));
    for projection in named(&spans, "projection") {
        assert!(appends.iter().any(|append| append.span_id == projection.parent_span_id), "{projection:?}");
    }
    assert_eq!(spans.len(), 7, "{spans:?}");
}

#[tokio::test]
async fn a_message_is_one_trace_from_the_request_over_its_appends_to_the_read_models() {
    a_message_is_one_trace(Options::default()).await;
}

#[tokio::test]
async fn a_message_is_one_trace_on_a_shared_log_too_whatever_the_log_level() {
    let log = nats::Server::start();
    a_message_is_one_trace(Options::default().var("EVENT_LOG", log.url()).var("RUST_LOG", "off")).await;
}

#[tokio::test]
async fn a_part_of_the_traces_is_exported_if_no_more_is_asked_for_and_a_callers_always() {
    let collector = Collector::start();
    let server = Server::start(collector.traced(Options::default().var("OTEL_TRACES_SAMPLER_ARG", 0)));
    assert_eq!(server.get("/health").await.status(), 200);
    server.request(Method::GET, "/ready").header("traceparent", CALLER).send().await.unwrap();
    let spans = collector.until(Some(&TRACE), &[("GET /ready", 1)]).await;
    assert_eq!((spans.len(), collector.spans().len()), (1, 1));
}

#[tokio::test]
async fn a_collector_that_is_away_is_told_once_and_holds_nothing_up() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = Options::default().var("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{gone}"));
    let mut server = Server::start(options.var("OTEL_BSP_SCHEDULE_DELAY", 20));
    const COMPLAINT: &str = "traces do not reach the collector";
    server.until_logged(COMPLAINT).await;
    for _ in 0..5 {
        assert_eq!(server.say("s", "hi").await.status(), 200);
    }
    server.terminate();
    assert_eq!(server.wait().await.code(), Some(0));
    assert_eq!(server.log().matches(COMPLAINT).count(), 1);
}

/// What may be nowhere but in events and read models.
const SESSION: &str = "5e551011-ca11-4a57-9f0e-2d6b7c1a4e93";
const QUESTION: &str = "canary-of-the-question";
const ANSWER: &str = "canary-of-the-answer";
const SEARCHED: &str = "canary-of-the-search";
const MODEL_KEY: &str = "canary-of-the-model-key";
const WIDGET: &str = "canary-of-the-widget-key";
const ADMIN: &str = "canary-of-the-admin-key";
const PASSWORD: &str = "canary-of-the-password";
const WRONG: &str = "canary-of-a-wrong-key";
const SECRET: &str = "canary-of-the-session-secret-with-32-letters";
const COLLECTOR_KEY: &str = "canary-of-the-collector-key";

/// Uses everything that meets a canary.
async fn use_all(server: &Server, upstream: &Upstream) {
    let post = |path: &str| server.request(Method::POST, path);
    let stream = |key: &str, message: &str| {
        let body = json!({"sessionId": SESSION, "message": message, "messageId": message});
        post("/v1/chat/stream").header("x-api-key", key).json(&body).send()
    };
    upstream.answer(&[ANSWER, " twice ", ANSWER]);
    assert!(stream(WIDGET, QUESTION).await.unwrap().text().await.unwrap().contains(ANSWER));
    upstream.fail_with(500, ANSWER);
    stream(WIDGET, &format!("{QUESTION}-2")).await.unwrap().text().await.unwrap();
    assert_eq!(stream(WRONG, QUESTION).await.unwrap().status(), 401);
    assert_eq!(post("/v1/chat").header("x-api-key", WIDGET).body(QUESTION).send().await.unwrap().status(), 415);
    let invalid = json!({"sessionId": SESSION, "message": 1, QUESTION: QUESTION});
    post("/v1/chat").header("x-api-key", WIDGET).json(&invalid).send().await.unwrap();
    let visitors = format!("/v1/sessions/{SESSION}/messages");
    for (method, path) in [(Method::GET, String::new()), (Method::POST, format!("/{QUESTION}/stop"))] {
        server.request(method, &format!("{visitors}{path}")).header("x-api-key", WIDGET).send().await.unwrap();
    }
    for (key, status) in [(ADMIN, 200), (WRONG, 401)] {
        for path in [format!("?q={SEARCHED}"), format!("?q={QUESTION}"), "?limit=1".to_owned()] {
            let request = server.request(Method::GET, &format!("/v1/admin/conversations{path}"));
            assert_eq!(request.header("x-admin-api-key", key).send().await.unwrap().status(), status);
        }
    }
    for (password, status) in [(PASSWORD, 200), (WRONG, 401)] {
        let request = post("/v1/admin/session").json(&json!({"password": password}));
        assert_eq!(request.send().await.unwrap().status(), status);
    }
}

async fn nothing_secret_is_told(options: Options) {
    let (upstream, collector) = (Upstream::start().await, Collector::start());
    let options = model(&upstream.base_url())
        .and(options)
        .var("RUST_LOG", "trace")
        .var("OPENAI_API_KEY", MODEL_KEY)
        .var("WIDGET_API_KEY", WIDGET)
        .var("ADMIN_API_KEY", ADMIN)
        .var("DASHBOARD_PASSWORD", PASSWORD)
        .var("SESSION_SECRET", SECRET)
        .var("OTEL_EXPORTER_OTLP_HEADERS", format!("x-key={COLLECTOR_KEY}"));
    let mut server = Server::start(collector.traced(options.metrics()));
    use_all(&server, &upstream).await;
    collector.until(None, &[("append", 4), ("projection", 4), ("GET /v1/sessions/{sessionId}/messages", 1)]).await;
    let metrics = server.metrics().await.text;
    server.terminate();
    assert_eq!(server.wait().await.code(), Some(0));
    let (log, spans) = (server.log(), collector.text());
    assert!(log.contains("\"level\":\"TRACE\""), "nothing is logged");
    let canaries =
        [SESSION, QUESTION, ANSWER, SEARCHED, MODEL_KEY, WIDGET, ADMIN, PASSWORD, WRONG, SECRET, COLLECTOR_KEY];
    for (place, text) in [("the log", &log), ("the metrics", &metrics), ("the traces", &spans)] {
        for canary in canaries {
            let told = text.lines().find(|line| line.contains(canary));
            assert!(told.is_none(), "{canary} is in {place}: {told:?}");
        }
    }
}

#[tokio::test]
async fn no_message_no_session_and_no_key_is_in_a_log_a_metric_or_a_span_whatever_the_log_level() {
    nothing_secret_is_told(Options::default()).await;
}

#[tokio::test]
async fn no_message_no_session_and_no_key_is_told_on_a_shared_log_either() {
    let log = nats::Server::start();
    nothing_secret_is_told(Options::default().var("EVENT_LOG", log.url())).await;
}
