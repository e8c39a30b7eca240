//! Signing in at the dashboard, and out again.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chat_schema::{ErrorBody, FieldError, Session, SignIn};
use serde_json::Value;

use crate::app::{App, State};
use crate::dashboard::{Sessions, is_forged};
use crate::error::ApiError;
use crate::json_body;

/// The sessions, where there are any.
fn sessions(app: &App) -> Result<&Sessions, ApiError> {
    app.sessions.as_ref().ok_or(ApiError::DashboardOff)
}

/// Signs in at the dashboard.
///
/// The session is a cookie, for pages of the server itself. It ends after 12 hours, by signing out, and with another password.
#[utoipa::path(
    post, path = "/v1/admin/session", tag = "Admin", operation_id = "signIn", request_body = SignIn,
    responses(
        (status = 200, body = Session, description = "Signed in; the cookie is in `Set-Cookie`"),
        (status = 400, body = ErrorBody, description = "`Invalid request payload`"),
        (status = 401, body = ErrorBody, description = "`Unauthorized`: another password"),
        (status = 403, body = ErrorBody, description = "`Cross-site request`, or `Origin not allowed`"),
        (status = 415, body = ErrorBody, description = "`Unsupported media type`"),
        (status = 429, body = ErrorBody, description = "`Too many requests`: ten wrong passwords in a quarter of an hour"),
        (status = 503, body = ErrorBody, description = "The dashboard is off, or the act cannot be recorded now"),
    )
)]
pub(crate) async fn sign_in(app: State, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, ApiError> {
    let sessions = sessions(&app)?;
    if is_forged(&app, &request) {
        return Err(ApiError::CrossSite);
    }
    let fields = json_body::read(&request, payload).await?;
    let Some(Value::String(password)) = fields.get("password") else {
        let problem = "must be a text".to_owned();
        return Err(ApiError::InvalidPayload(vec![FieldError { field: "password".into(), problem }]));
    };
    let (session, cookie) = sessions.sign_in(&app.services, app.client(&request), password).await?;
    Ok(HttpResponse::Ok()
        .cookie(cookie)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Session { expires_at: session.expires_at }))
}

/// Tells whether there is a session, and until when.
#[utoipa::path(
    get, path = "/v1/admin/session", tag = "Admin", operation_id = "getSession", security(("Session" = [])),
    responses(
        (status = 200, body = Session, description = "There is one"),
        (status = 401, body = ErrorBody, description = "`Unauthorized`: there is none, or no longer"),
        (status = 403, body = ErrorBody, description = "`Cross-site request`, or `Origin not allowed`"),
        (status = 503, body = ErrorBody, description = "The dashboard is off"),
    )
)]
pub(crate) async fn who(app: State, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let sessions = sessions(&app)?;
    if is_forged(&app, &request) {
        return Err(ApiError::CrossSite);
    }
    let session = sessions.of(&request).ok_or(ApiError::Unauthorized)?;
    Ok(super::answer(&Session { expires_at: session.expires_at }))
}

/// Signs out: the session is over on every server, wherever its cookie was copied to.
#[utoipa::path(
    delete, path = "/v1/admin/session", tag = "Admin", operation_id = "signOut", security(("Session" = [])),
    responses(
        (status = 204, description = "Signed out"),
        (status = 401, body = ErrorBody, description = "`Unauthorized`: there is no session, or no longer"),
        (status = 403, body = ErrorBody, description = "`Cross-site request`, or `Origin not allowed`"),
        (status = 503, body = ErrorBody, description = "The dashboard is off, or the act cannot be recorded now: the session goes on"),
    )
)]
pub(crate) async fn sign_out(app: State, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let sessions = sessions(&app)?;
    if is_forged(&app, &request) {
        return Err(ApiError::CrossSite);
    }
    let session = sessions.of(&request).ok_or(ApiError::Unauthorized)?;
    sessions.sign_out(&app.services, session).await?;
    Ok(HttpResponse::NoContent().cookie(sessions.removal()).finish())
}
