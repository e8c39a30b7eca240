//! The body of the chat routes, checked field by field.

use actix_web::{HttpRequest, web};
use chat_schema::{ChatRequest, FieldError};
use serde_json::Value;

use crate::error::ApiError;
use crate::json_body::{self, Fields};

/// Reads and checks the body.
pub(crate) async fn read(request: &HttpRequest, payload: web::Payload) -> Result<ChatRequest, ApiError> {
    parse(json_body::read(request, payload).await?).map_err(ApiError::InvalidPayload)
}

/// The request that the fields make, or what is wrong with each of them.
fn parse(mut fields: Fields) -> Result<ChatRequest, Vec<FieldError>> {
    let mut problems = Vec::new();
    let session_id = required(&mut fields, "sessionId", &mut problems);
    let message = required(&mut fields, "message", &mut problems);
    let message_id = optional(&mut fields, "messageId", &mut problems);
    match (session_id, message) {
        (Some(session_id), Some(message)) if problems.is_empty() => Ok(ChatRequest { session_id, message, message_id }),
        _ => Err(problems),
    }
}

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

    fn fields(body: &str) -> Fields {
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn every_bad_field_is_named() {
        let problems = parse(fields(r#"{"sessionId":"a b","message":" ","messageId":7}"#)).unwrap_err();
        let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["sessionId", "message", "messageId"]);
    }

    #[test]
    fn a_message_id_of_null_is_no_message_id() {
        let request = parse(fields(r#"{"sessionId":"s","message":"hi","messageId":null,"other":1}"#)).unwrap();
        assert_eq!(request.message_id, None);
    }
}
