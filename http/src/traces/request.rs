//! The span of a request: the root of a trace, or a part of the caller's.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Status, TraceContextExt};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Begins it, and goes on with the trace of a `traceparent` header.
pub(crate) fn begin(request: &ServiceRequest, request_id: &str) -> Span {
    let span = tracing::info_span!("request", request_id, otel.kind = "server");
    if request.headers().contains_key("traceparent") {
        let caller = TraceContextPropagator::new().extract(&Headers(request.headers()));
        // Fails when the span is not recorded, and then there is nothing to go on with.
        let _ = span.set_parent(caller);
    }
    span
}

/// Notes what came of it. `route` is the pattern: the path may name a session.
pub(crate) fn end(span: &Span, method: &Method, route: &str, status: StatusCode) {
    span.context().span().update_name(format!("{method} {route}"));
    span.set_attribute("http.request.method", method.to_string());
    span.set_attribute("http.route", route.to_owned());
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}
