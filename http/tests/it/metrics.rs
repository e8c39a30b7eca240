//! `/metrics`: what a Prometheus server sees.

use std::net::TcpListener;

use reqwest::Method;
use serde_json::json;

use crate::nats;
use crate::support::{ADMIN_KEY, Options, Server, Upstream, WIDGET_KEY, model};

const SESSION: &str = "9a0f5b52-6a0e-4e0b-8d53-1a7d1c6a2f10";

/// Every name that alerts and dashboards may use.
pub(crate) const NAMES: [&str; 30] = [
    "open_chat_turns_total",
    "open_chat_turn_failures_total",
    "open_chat_first_token_seconds_bucket",
    "open_chat_first_token_seconds_sum",
    "open_chat_first_token_seconds_count",
    "open_chat_answer_seconds_bucket",
    "open_chat_answer_seconds_sum",
    "open_chat_answer_seconds_count",
    "open_chat_open_streams",
    "open_chat_actors",
    "open_chat_replies_running",
    "open_chat_append_seconds_bucket",
    "open_chat_append_seconds_sum",
    "open_chat_append_seconds_count",
    "open_chat_appends_total",
    "open_chat_replies_cancelled_total",
    "open_chat_projection_lag_events",
    "open_chat_projection_state",
    "open_chat_log_reachable",
    "open_chat_rate_limited_total",
    "open_chat_upstream_responses_total",
    "open_chat_http_requests_total",
    "open_chat_admin_feeds",
    "open_chat_build_info",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "process_open_fds",
    "process_max_fds",
    "process_start_time_seconds",
];

async fn with_model() -> (Upstream, Server) {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()).metrics());
    (upstream, server)
}

fn request(route: &str, method: &str, status: u16) -> String {
    format!("open_chat_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}")
}

#[tokio::test]
async fn every_name_shows_after_a_chat_and_the_chat_is_counted() {
    let (upstream, server) = with_model().await;
    upstream.answer(&["Hel", "lo"]);
    assert_eq!(server.stream("s", "hi").await.answer().await, "Hello");

    let metrics = server.metrics().await;
    for name in NAMES {
        assert!(metrics.has(name), "{name} is missing in\n{}", metrics.text);
    }
    for (sample, value) in [
        ("open_chat_turns_total{outcome=\"complete\"}", 1.0),
        ("open_chat_turns_total{outcome=\"failed\"}", 0.0),
        ("open_chat_turns_total{outcome=\"stopped\"}", 0.0),
        ("open_chat_first_token_seconds_count", 1.0),
        ("open_chat_answer_seconds_count", 1.0),
        ("open_chat_append_seconds_count", 2.0),
        ("open_chat_appends_total{outcome=\"appended\"}", 2.0),
        ("open_chat_appends_total{outcome=\"conflict\"}", 0.0),
        ("open_chat_upstream_responses_total{status=\"200\"}", 1.0),
        ("open_chat_actors", 1.0),
        ("open_chat_replies_cancelled_total", 0.0),
        ("open_chat_log_reachable", 1.0),
        ("open_chat_admin_feeds", 0.0),
        (&request("/v1/chat/stream", "POST", 200), 1.0),
        (concat!("open_chat_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1.0),
    ] {
        assert_eq!(metrics.get(sample), value, "{sample}\n{}", metrics.text);
    }
    server.until_metric("open_chat_replies_running", 0.0).await;
    server.until_metric("open_chat_projection_lag_events", 0.0).await;
    server.until_metric("open_chat_projection_state{state=\"live\"}", 1.0).await;
    server.until_metric("open_chat_projection_state{state=\"stopped\"}", 0.0).await;
}

#[tokio::test]
async fn failed_and_stopped_turns_are_counted_by_reason() {
    let (upstream, server) = with_model().await;
    upstream.fail(500);
    server.stream("s", "hi").await.rest().await;
    upstream.push(crate::support::Script::stream().finish("stop").done().end());
    server.stream("s", "again").await.rest().await;
    let mut answer = upstream.speak();
    let mut stream = server.stream_as(SESSION, "m1", "hi").await;
    answer.token("half");
    while stream.next().await.unwrap() != "token half" {}
    let stop = format!("/v1/sessions/{SESSION}/messages/m1/stop");
    let stop = server.request(Method::POST, &stop).header("x-api-key", WIDGET_KEY).send().await.unwrap();
    assert_eq!(stop.status(), 202);
    assert_eq!(stream.rest().await, ["stopped half"]);

    let metrics = server.metrics().await;
    assert_eq!(metrics.get("open_chat_turns_total{outcome=\"failed\"}"), 2.0);
    assert_eq!(metrics.get("open_chat_turn_failures_total{reason=\"unavailable\"}"), 1.0);
    assert_eq!(metrics.get("open_chat_turn_failures_total{reason=\"empty\"}"), 1.0);
    assert_eq!(metrics.get("open_chat_turns_total{outcome=\"stopped\"}"), 1.0);
    assert_eq!(metrics.get("open_chat_turns_total{outcome=\"complete\"}"), 0.0);
    assert_eq!(metrics.get("open_chat_upstream_responses_total{status=\"500\"}"), 1.0);
    assert_eq!(metrics.get("open_chat_upstream_responses_total{status=\"200\"}"), 2.0);
    let route = "/v1/sessions/{sessionId}/messages/{messageId}/stop";
    assert_eq!(metrics.get(&request(route, "POST", 202)), 1.0, "the pattern of the path, not the path");
}

#[tokio::test]
async fn a_model_that_is_silent_or_away_is_counted() {
    let upstream = Upstream::start().await;
    let options = model(&upstream.base_url()).var("ASSISTANT_FIRST_TOKEN_TIMEOUT_MS", 300);
    let server = Server::start(options.metrics());
    upstream.push(crate::support::Script::nothing().hang());
    server.stream("s", "hi").await.rest().await;
    let metrics = server.metrics().await;
    assert_eq!(metrics.get("open_chat_upstream_responses_total{status=\"timeout\"}"), 1.0);
    assert_eq!(metrics.get("open_chat_turn_failures_total{reason=\"timed-out\"}"), 1.0);

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start(model(&format!("http://{closed}/v1")).metrics());
    server.stream("s", "hi").await.rest().await;
    assert_eq!(server.metrics().await.get("open_chat_upstream_responses_total{status=\"unreachable\"}"), 1.0);
}

#[tokio::test]
async fn a_request_that_is_sent_once_more_counts_by_what_came_of_it() {
    let (upstream, server) = with_model().await;
    upstream.push(crate::support::Script::nothing().close());
    upstream.answer(&["Hi"]);
    assert_eq!(server.stream("s", "hi").await.answer().await, "Hi");
    let metrics = server.metrics().await;
    assert_eq!(metrics.get("open_chat_upstream_responses_total{status=\"200\"}"), 1.0);
    assert_eq!(metrics.get("open_chat_upstream_responses_total{status=\"unreachable\"}"), 0.0);
}

#[tokio::test]
async fn refusals_are_counted_by_limit_and_by_status() {
    let server = Server::start(Options::default().metrics().var("RATE_LIMIT_MAX_REQUESTS", 2));
    assert_eq!(server.say("s", "one").await.status(), 200);
    let wrong = server.request(Method::POST, "/v1/chat").header("x-api-key", "wrong").json(&json!({}));
    assert_eq!(wrong.send().await.unwrap().status(), 401);
    for _ in 0..3 {
        assert_eq!(server.say("s", "too many").await.status(), 429);
    }
    let admin =
        |key: &str| server.request(Method::GET, "/v1/admin/conversations").header("x-admin-api-key", key).send();
    for status in [401, 401, 429] {
        assert_eq!(admin("wrong").await.unwrap().status(), status);
    }
    let history = format!("/v1/sessions/{SESSION}/messages");
    loop {
        let request = server.request(Method::GET, &history).header("x-api-key", WIDGET_KEY);
        if request.send().await.unwrap().status() == 429 {
            break;
        }
    }
    for number in 0..5 {
        server.get(&format!("/made-up/{number}")).await;
    }

    let metrics = server.metrics().await;
    assert_eq!(metrics.get("open_chat_rate_limited_total{what=\"message\"}"), 3.0);
    assert_eq!(metrics.get("open_chat_rate_limited_total{what=\"sign_in\"}"), 1.0);
    assert_eq!(metrics.get("open_chat_rate_limited_total{what=\"attach\"}"), 1.0);
    assert_eq!(metrics.get(&request("/v1/chat", "POST", 401)), 1.0);
    assert_eq!(metrics.get(&request("/v1/chat", "POST", 429)), 3.0);
    assert_eq!(metrics.get(&request("(none)", "GET", 404)), 5.0, "unknown paths share one label");
}

#[tokio::test]
async fn open_streams_and_feeds_go_back_to_zero_when_their_clients_go() {
    let (upstream, server) = with_model().await;
    let mut answer = upstream.speak();
    let (mut one, two) = (server.stream_as("s", "m1", "hi").await, server.stream_as("s", "m1", "hi").await);
    let feed = server.request(Method::GET, "/v1/admin/events").header("x-admin-api-key", ADMIN_KEY);
    let feed = feed.send().await.unwrap();
    answer.token("half");
    while one.next().await.unwrap() != "token half" {}
    let metrics = server.metrics().await;
    assert_eq!(metrics.get("open_chat_open_streams"), 2.0);
    assert_eq!(metrics.get("open_chat_replies_running"), 1.0);
    assert_eq!(metrics.get("open_chat_admin_feeds"), 1.0);

    drop((one, two, feed));
    // The socket of a client that is gone is noticed when something is written to it.
    answer.token("more");
    answer.token("and more");
    server.until_metric("open_chat_open_streams", 0.0).await;
    assert_eq!(server.metrics().await.get("open_chat_replies_running"), 1.0, "the answer goes on without its readers");
    answer.finish();
    server.until_metric("open_chat_replies_running", 0.0).await;
    server.until_metric("open_chat_turns_total{outcome=\"complete\"}", 1.0).await;
    // What happens wakes a feed whose client is gone.
    while server.metrics().await.get("open_chat_admin_feeds") != 0.0 {
        upstream.answer(&["x"]);
        server.stream("other", "hi").await.rest().await;
    }
}

#[tokio::test]
async fn two_processes_that_begin_a_turn_at_once_count_the_conflict() {
    let (log, upstream) = (nats::Server::start(), Upstream::start().await);
    let options =
        || model(&upstream.base_url()).metrics().var("EVENT_LOG", log.url()).var("RATE_LIMIT_MAX_REQUESTS", 1000);
    let (mut one, other) = (Server::start(options()), Server::start(options()));
    let conflict = "open_chat_appends_total{outcome=\"conflict\"}";
    let mut prepared = 0;
    for round in 0.. {
        assert!(round < 100, "two processes never met");
        for _ in 0..2 {
            upstream.answer(&["same"]);
            prepared += 1;
        }
        let session = format!("s{round}");
        tokio::join!(async { one.stream_as(&session, "m1", "hi").await.rest().await }, async {
            other.stream_as(&session, "m1", "hi").await.rest().await
        });
        if one.metrics().await.get(conflict) + other.metrics().await.get(conflict) > 0.0 {
            break;
        }
    }

    // Whoever came second in a round may have attached, and asked for no answer of its own.
    for number in upstream.requests().len()..prepared {
        one.stream_as(&format!("rest{number}"), "m1", "hi").await.rest().await;
    }
    let mut answer = upstream.speak();
    let mut stream = one.stream_as("left", "m1", "hi").await;
    answer.token("half");
    while stream.next().await.unwrap() != "token half" {}
    one.kill();
    other.until_metric("open_chat_turn_failures_total{reason=\"abandoned\"}", 1.0).await;
}

#[tokio::test]
async fn a_log_that_is_away_shows() {
    let mut log = nats::Server::start();
    let server = Server::start(Options::default().metrics().var("EVENT_LOG", log.url()));
    server.until_metric("open_chat_log_reachable", 1.0).await;
    log.kill();
    server.until_metric("open_chat_log_reachable", 0.0).await;
    assert_eq!(server.say("s", "hi").await.status(), 503);
    assert_eq!(server.metrics().await.get(&request("/v1/chat", "POST", 503)), 1.0);
    log.restart();
    server.until_metric("open_chat_log_reachable", 1.0).await;
}

#[tokio::test]
async fn read_models_that_stopped_show_and_how_far_they_are_behind() {
    let mut server = Server::start(Options::default().metrics().var("EVENT_LOG", "embedded:./data"));
    assert_eq!(server.say("alice", "hello").await.status(), 200);
    server.terminate();
    server.wait().await;
    let log = rusqlite::Connection::open(server.dir().join("data/events.sqlite")).unwrap();
    let newer = "UPDATE event SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"schemaVersion\":1', '\"schemaVersion\":99') AS BLOB)
                 WHERE position = 2";
    assert_eq!(log.execute(newer, ()).unwrap(), 1);
    log.close().unwrap();
    std::fs::remove_dir_all(server.dir().join("data/read-models")).unwrap();
    server.restart();
    server.until_metric("open_chat_projection_state{state=\"stopped\"}", 1.0).await;
    let metrics = server.metrics().await;
    for state in ["live", "catching_up", "rebuilding"] {
        assert_eq!(metrics.get(&format!("open_chat_projection_state{{state=\"{state}\"}}")), 0.0);
    }
    assert_eq!(metrics.get("open_chat_projection_lag_events"), 1.0);
}

#[tokio::test]
async fn no_words_sessions_and_keys_are_in_the_metrics() {
    let upstream = Upstream::start().await;
    let server = Server::start(model(&upstream.base_url()).metrics());
    upstream.answer(&["canary", "-answer"]);
    assert_eq!(server.stream_as(SESSION, "canary-id", "canary-question").await.answer().await, "canary-answer");
    upstream.fail_with(500, "canary-error");
    server.stream(SESSION, "canary-again").await.rest().await;
    let history = format!("/v1/sessions/{SESSION}/messages?canary-query=1");
    let history = server.request(Method::GET, &history).header("x-api-key", WIDGET_KEY).send().await.unwrap();
    assert_eq!(history.status(), 200);
    server.get("/canary-path").await;
    let odd = Method::from_bytes(b"CANARY").unwrap();
    server.request(odd, "/health").send().await.unwrap();
    server.admin("/v1/admin/conversations?q=canary").await;

    let text = server.metrics().await.text.to_lowercase();
    assert!(text.contains("/v1/sessions/{sessionid}/messages"), "{text}");
    for secret in ["canary", SESSION, WIDGET_KEY, ADMIN_KEY, "sk-test-key"] {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own_and_nothing_else_is_on_it() {
    let server = Server::start(Options::default().metrics());
    assert_eq!(server.get("/metrics").await.status(), 404, "the public port has no metrics");
    let own = server.metrics_url();
    for path in ["/health", "/v1/admin/system", "/"] {
        let url = own.replace("/metrics", path);
        assert_eq!(server.http.get(&url).send().await.unwrap().status(), 404, "{url}");
    }
    assert!(!Server::demo().log().contains("metrics are served"), "off unless an address is given");
}

#[test]
fn an_address_that_cannot_be_bound_stops_the_start_with_a_clear_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (value, why) in
        [(address.as_str(), "in use"), ("192.0.2.1:9464", "cannot listen"), ("9464", "address and port")]
    {
        let Err((status, stderr)) = Server::try_start(Options::default().var("METRICS_ADDRESS", value)) else {
            panic!("the server started");
        };
        let line = stderr.lines().last().unwrap_or_default();
        assert_eq!(status.code(), Some(1), "{stderr}");
        assert!(line.contains("METRICS_ADDRESS") && line.contains(value) && line.contains(why), "{line}");
    }
}
