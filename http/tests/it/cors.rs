//! Browsers on other origins.

use reqwest::Method;

use crate::support::{Options, Server, WIDGET_KEY, assert_error, assert_security_headers, header, valid};

#[tokio::test]
async fn listed_origins_get_cors_headers_on_answers_and_errors() {
    let server = Server::start(
        Options::default()
            .var("CORS_ORIGIN", "https://shop.example, https://other.example")
            .var("RATE_LIMIT_MAX_REQUESTS", 9),
    );
    for (key, status) in [(WIDGET_KEY, 200), ("wrong", 401)] {
        let request = server.request(Method::POST, "/v1/chat").json(&valid()).header("x-api-key", key);
        let response = request.header("origin", "https://shop.example").send().await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(header(response.headers(), "access-control-allow-origin"), "https://shop.example");
        let exposed = header(response.headers(), "access-control-expose-headers").to_lowercase();
        for name in ["retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "x-request-id"] {
            assert!(exposed.contains(name), "{exposed}");
        }
    }
    // The server's own origin is always allowed.
    let own = server.request(Method::POST, "/v1/chat").json(&valid()).header("x-api-key", WIDGET_KEY);
    assert_eq!(own.header("origin", &server.url).send().await.unwrap().status(), 200);
    for origin in ["null", "https://shop.example.evil.example", "https://evil.example"] {
        let request = server.request(Method::POST, "/v1/chat").json(&valid()).header("x-api-key", WIDGET_KEY);
        let response = request.header("origin", origin).send().await.unwrap();
        assert_error(response, 403, "Origin not allowed", "origin-not-allowed").await;
    }
}

#[tokio::test]
async fn a_pre_flight_is_answered() {
    let server = Server::start(Options::default().var("CORS_ORIGIN", "https://shop.example"));
    let preflight = |origin: &str, method: &str| {
        server
            .request(Method::OPTIONS, "/chat")
            .header("origin", origin)
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "content-type,x-api-key,x-widget-api-key,x-admin-api-key")
            .send()
    };
    let response = preflight("https://shop.example", "POST").await.unwrap();
    assert_eq!(response.status(), 200);
    assert_security_headers(&response);
    let headers = response.headers();
    assert_eq!(header(headers, "access-control-allow-origin"), "https://shop.example");
    for method in ["GET", "POST", "OPTIONS"] {
        assert!(header(headers, "access-control-allow-methods").contains(method));
    }
    assert!(!header(headers, "access-control-max-age").is_empty());

    let foreign = preflight("https://evil.example", "POST").await.unwrap();
    assert!(foreign.headers().get("access-control-allow-origin").is_none());
    assert_error(foreign, 403, "Origin not allowed", "origin-not-allowed").await;
    assert_error(preflight("https://shop.example", "DELETE").await.unwrap(), 400, "Bad request", "bad-request").await;
}

#[tokio::test]
async fn development_lets_every_origin_in_by_default() {
    let server = Server::demo();
    for origin in ["https://anywhere.example", "null"] {
        let request = server.request(Method::POST, "/v1/chat").json(&valid()).header("x-api-key", WIDGET_KEY);
        assert_eq!(request.header("origin", origin).send().await.unwrap().status(), 200, "{origin}");
    }
}
