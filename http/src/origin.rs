//! Cross-origin requests: refused when the origin is not listed, answered with CORS headers when it is.

use actix_cors::Cors;
use actix_web::ResponseError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName};
use actix_web::middleware::Next;

use crate::app::{App, State};
use crate::error::ApiError;

/// Seconds a browser may remember a pre-flight; Chromium's own limit.
const MAX_AGE: usize = 7200;

const REQUEST_HEADERS: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-widget-api-key"),
    HeaderName::from_static("x-admin-api-key"),
];

const RESPONSE_HEADERS: [&str; 5] =
    ["Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "x-request-id"];

/// Refuses browsers on foreign origins; a request without `Origin` passes.
pub(crate) async fn guard(
    app: State,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let origin = request.headers().get(header::ORIGIN);
    if origin.is_some_and(|origin| !origin.to_str().is_ok_and(|origin| app.origins.allows(origin))) {
        return Ok(request.into_response(ApiError::OriginNotAllowed.error_response()));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// The CORS headers, for the origins that [`guard`] lets through.
pub(crate) fn cors(app: &App) -> Cors {
    let app = app.clone();
    Cors::default()
        .allowed_origin_fn(move |origin, _| origin.to_str().is_ok_and(|origin| app.origins.allows(origin)))
        .allowed_methods(["GET", "POST", "OPTIONS"])
        .allowed_headers(REQUEST_HEADERS)
        .expose_headers(RESPONSE_HEADERS)
        .max_age(MAX_AGE)
}
