//! What every response carries: security headers, a request id, and for errors the JSON body. Also the access log.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Version};
use actix_web::middleware::Next;
use tracing::Instrument;
use uuid::Uuid;

use crate::app::State;
use crate::error::ApiError;
use crate::metrics::count_request;
use crate::traces;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const SECURITY_HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
];

/// The outermost middleware.
pub(crate) async fn envelope(
    app: State,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let began = Instant::now();
    let request_id = Uuid::new_v4().to_string();
    let method = request.method().clone();
    let span =
        if app.traced { traces::begin(&request, &request_id) } else { tracing::info_span!("request", request_id) };

    let response = next.call(request).instrument(span.clone()).await?.map_into_boxed_body();
    let mut response = write_error_body(response, &request_id, app.development);
    write_headers(response.headers_mut(), &request_id, app.production);
    let old_client = response.request().version() < Version::HTTP_11;
    let head = response.response_mut().head_mut();
    if old_client {
        // HTTP/1.0 knows no chunks: the end of the connection is the end of the body.
        head.no_chunking(true);
    }
    if old_client || app.drain.is_draining() {
        head.set_connection_type(ConnectionType::Close);
    }

    // The pattern, not the path: paths may name sessions.
    let route = response.request().match_pattern().unwrap_or_else(|| "(none)".into());
    let elapsed_ms = began.elapsed().as_secs_f64() * 1000.0;
    let status = response.status().as_u16();
    count_request(&route, &method, response.status());
    if app.traced {
        traces::end(&span, &method, &route, response.status());
    }
    // By a task of its own, which runs once the response is on its way: a visitor's first words do not wait for the line about them.
    let line = async move {
        if status >= 500 {
            tracing::warn!(%method, route, status, elapsed_ms, "request failed");
        } else {
            tracing::info!(%method, route, status, elapsed_ms, "request");
        }
    };
    actix_web::rt::spawn(line.instrument(span));
    Ok(response)
}

fn write_error_body(
    response: ServiceResponse<BoxBody>,
    request_id: &str,
    with_details: bool,
) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let error = response.response().extensions().get::<ApiError>().cloned();
    let body = error.unwrap_or_else(|| ApiError::of_status(status)).body(request_id, with_details);
    let body = serde_json::to_vec(&body).expect("an error body has string keys only, so it is always JSON");
    let mut response = response.map_body(|_, _| BoxBody::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_ENCODING);
    response
}

fn write_headers(headers: &mut HeaderMap, request_id: &str, production: bool) {
    for (name, value) in SECURITY_HEADERS {
        // A page that may be framed says so itself.
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if production {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
}
