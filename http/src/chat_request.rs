//! The body of the chat routes: read within limits of size and time, checked field by field.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, web};
use chat_schema::{ChatRequest, FieldError};
use serde_json::Value;
use tokio::time::timeout;

use crate::error::ApiError;

/// Largest body, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// Longest time a body may take to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// Reads and checks the body.
pub(crate) async fn read(request: &HttpRequest, payload: web::Payload) -> Result<ChatRequest, ApiError> {
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
    parse(&body).map_err(ApiError::InvalidPayload)
}

fn is_json(request: &HttpRequest) -> bool {
    request.mime_type().ok().flatten().is_some_and(|mime| {
        mime.type_() == "application" && (mime.subtype() == "json" || mime.suffix().is_some_and(|s| s == "json"))
    })
}

/// Parses a body into a request, or tells what is wrong with each field.
fn parse(body: &[u8]) -> Result<ChatRequest, Vec<FieldError>> {
    let wrong = |problem: &str| vec![FieldError { field: "body".into(), problem: problem.into() }];
    let value: Value = serde_json::from_slice(body).map_err(|error| wrong(&format!("is not JSON: {error}")))?;
    let Value::Object(mut fields) = value else { return Err(wrong("must be a JSON object")) };

    let mut problems = Vec::new();
    let session_id = required(&mut fields, "sessionId", &mut problems);
    let message = required(&mut fields, "message", &mut problems);
    let message_id = optional(&mut fields, "messageId", &mut problems);
    match (session_id, message) {
        (Some(session_id), Some(message)) if problems.is_empty() => Ok(ChatRequest { session_id, message, message_id }),
        _ => Err(problems),
    }
}

type Fields = serde_json::Map<String, Value>;

fn required<T>(fields: &mut Fields, field: &str, problems: &mut Vec<FieldError>) -> Option<T>
where
    T: TryFrom<String, Error: std::fmt::Display>,
{
    if fields.get(field).is_none_or(Value::is_null) {
        problems.push(FieldError { field: field.into(), problem: "is required".into() });
        return None;
    }
    optional(fields, field, problems)
}

fn optional<T>(fields: &mut Fields, field: &str, problems: &mut Vec<FieldError>) -> Option<T>
where
    T: TryFrom<String, Error: std::fmt::Display>,
{
    let parsed = match fields.remove(field)? {
        Value::Null => return None,
        Value::String(text) => T::try_from(text).map_err(|error| error.to_string()),
        _ => Err("must be a string".to_owned()),
    };
    parsed.map_err(|problem| problems.push(FieldError { field: field.into(), problem })).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_field_is_named() {
        let problems = parse(br#"{"sessionId":"a b","message":" ","messageId":7}"#).unwrap_err();
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["sessionId", "message", "messageId"]);
    }

    #[test]
    fn a_message_id_of_null_is_no_message_id() {
        let request = parse(br#"{"sessionId":"s","message":"hi","messageId":null,"other":1}"#).unwrap();
        assert_eq!(request.message_id, None);
    }

    #[test]
    fn what_is_not_an_object_is_refused_as_a_whole() {
        for body in [&b""[..], b"[]", b"null", b"{", b"{\"sessionId\":\"\xff\"}"] {
            assert_eq!(parse(body).unwrap_err()[0].field, "body", "{body:?}");
        }
    }
}
