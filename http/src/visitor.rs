//! Visitors of their own conversation. A handler that takes [`Visitor`] cannot forget the checks.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chat_schema::{MessageId, SessionId};

use crate::app::App;
use crate::chat::take_attach;
use crate::error::ApiError;
use crate::keys::holds_widget_key;

/// A caller within its limit that holds the widget key and names a session which nobody can guess.
pub(crate) struct Visitor {
    pub(crate) session: SessionId,
}

impl Visitor {
    /// In the contract's order: limit, key, session. A wrong key counts against the limit.
    fn check(request: &HttpRequest) -> Result<Self, ApiError> {
        let app = App::of(request);
        take_attach(app, app.client(request))?;
        if !holds_widget_key(request.headers(), &app.widget_key) {
            return Err(ApiError::Unauthorized);
        }
        let session = request.match_info().query("sessionId").parse().ok().filter(SessionId::is_private);
        session.map(|session| Self { session }).ok_or(ApiError::SessionNotPrivate)
    }
}

impl FromRequest for Visitor {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::check(request))
    }
}

/// The message the path names. What cannot be an id names none.
pub(crate) fn message_of(request: &HttpRequest) -> Result<MessageId, ApiError> {
    request.match_info().query("messageId").parse().map_err(|_| ApiError::MessageNotFound)
}
