//! Bodies of requests: JSON objects, read within limits of size and time. Whoever takes the fields checks them one by one.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, web};
use chat_schema::FieldError;
use serde_json::Value;
use tokio::time::timeout;

use crate::error::ApiError;

/// Largest body, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// Longest time a body may take to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

pub(crate) type Fields = serde_json::Map<String, Value>;

/// Reads the body's fields.
pub(crate) async fn read(request: &HttpRequest, payload: web::Payload) -> Result<Fields, ApiError> {
    if !is_json(request) {
        return Err(ApiError::UnsupportedMediaType);
    }
    let declared = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: u64| length > MAX_BODY as u64) {
        return Err(ApiError::PayloadTooLarge);
    }
    let body = timeout(BODY_DEADLINE, payload.to_bytes_limited(MAX_BODY))
        .await
        .map_err(|_| ApiError::RequestTimeout)?
        .map_err(|_| ApiError::PayloadTooLarge)?
        .map_err(|_| ApiError::BadRequest)?;
    parse(&body).map_err(|problem| ApiError::InvalidPayload(vec![FieldError { field: "body".into(), problem }]))
}

fn is_json(request: &HttpRequest) -> bool {
    request.mime_type().ok().flatten().is_some_and(|mime| {
        mime.type_() == "application" && (mime.subtype() == "json" || mime.suffix().is_some_and(|s| s == "json"))
    })
}

/// The fields, or what is wrong with the body as a whole.
fn parse(body: &[u8]) -> Result<Fields, String> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err("must be a JSON object".to_owned()),
        Err(error) => Err(format!("is not JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_an_object_is_refused_as_a_whole() {
        for body in [&b""[..], b"[]", b"null", b"{", b"{\"sessionId\":\"\xff\"}"] {
            assert!(parse(body).is_err(), "{body:?}");
        }
        assert!(parse(b"{}").is_ok());
    }
}
