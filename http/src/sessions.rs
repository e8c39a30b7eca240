//! The visitor's own routes: read the conversation, stop an answer, rate one. Only for sessions nobody can guess.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chat_schema::{ErrorBody, FieldError, History, Rating, RatingRequest};
use serde_json::Value;

use crate::app::State;
use crate::error::ApiError;
use crate::json_body::{self, Fields};
use crate::openapi::VisitorErrors;
use crate::visitor::{Visitor, message_of};

/// Returns the newest 200 messages of a session, and which one is being answered.
///
/// A session that has said nothing yet has no messages. A message that still waits for its turn is not stored, so it is not here
/// either.
#[utoipa::path(
    get, path = "/v1/sessions/{sessionId}/messages", tag = "Visitor", operation_id = "getOwnMessages",
    params(("sessionId" = String, Path, format = "uuid", description = "A version 4 UUID")), security(("WidgetKey" = [])),
    responses((status = 200, body = History, description = "What has been said"), VisitorErrors)
)]
pub(crate) async fn history(app: State, visitor: Visitor) -> Result<HttpResponse, ApiError> {
    let history = app.registry.history(&visitor.session).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(history))
}

/// Stops the answer to a message. What there is of it is stored; streams end with `done` and `"stopped":true`.
///
/// A message that waits is stored when its turn comes, and answered with nothing. An answer that is whole by then stays whole.
#[utoipa::path(
    post, path = "/v1/sessions/{sessionId}/messages/{messageId}/stop", tag = "Visitor", operation_id = "stopAnswer",
    params(
        ("sessionId" = String, Path, format = "uuid", description = "A version 4 UUID"),
        ("messageId" = String, Path, description = "`messageId` of the visitor's message"),
    ),
    security(("WidgetKey" = [])),
    responses(
        (status = 202, description = "The answer ends now, or has ended before"),
        (status = 404, body = ErrorBody, description = "`Not found`: there is no such message"),
        VisitorErrors,
    )
)]
pub(crate) async fn stop(app: State, visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    app.registry.stop(&visitor.session, message_of(&request)?).await?;
    Ok(HttpResponse::Accepted().insert_header((header::CACHE_CONTROL, "no-store")).finish())
}

/// Rates the answer to a message, or takes its rating back.
#[utoipa::path(
    post, path = "/v1/sessions/{sessionId}/messages/{messageId}/rating", tag = "Visitor", operation_id = "rateAnswer",
    params(
        ("sessionId" = String, Path, format = "uuid", description = "A version 4 UUID"),
        ("messageId" = String, Path, description = "`messageId` of the visitor's message"),
    ),
    request_body = RatingRequest, security(("WidgetKey" = [])),
    responses(
        (status = 204, description = "The rating is durable"),
        (status = 400, body = ErrorBody, description = "`Invalid request payload`"),
        (status = 404, body = ErrorBody, description = "`Not found`: there is no such message, or no answer to it"),
        (status = 408, body = ErrorBody, description = "`Request timeout`: the body did not arrive in time"),
        (status = 409, body = ErrorBody, description = "`Conversation busy`: more than 4 ratings of the conversation are waiting"),
        (status = 413, body = ErrorBody, description = "`Payload too large`: over 64 KiB"),
        (status = 415, body = ErrorBody, description = "`Unsupported media type`"),
        VisitorErrors,
    )
)]
pub(crate) async fn rate(
    app: State,
    visitor: Visitor,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let fields = json_body::read(&request, payload).await?;
    let rating = rating_of(fields).map_err(|problem| ApiError::InvalidPayload(vec![problem]))?;
    app.registry.rate(&visitor.session, message_of(&request)?, rating).await?;
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish())
}

fn rating_of(mut fields: Fields) -> Result<Option<Rating>, FieldError> {
    let problem = |problem: &str| FieldError { field: "rating".into(), problem: problem.into() };
    let value: Value = fields.remove("rating").ok_or_else(|| problem("is required; null takes the rating back"))?;
    serde_json::from_value(value).map_err(|_| problem("must be \"up\", \"down\" or null"))
}
