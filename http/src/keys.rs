//! API keys. A handler that takes [`AdminCaller`] cannot forget the check.

use std::future::{Ready, ready};
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest};
use chat_schema::Operator;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::app::App;
use crate::dashboard::{self, Session, Sessions};
use crate::error::ApiError;
use crate::metrics::{Limited, count_limited};

/// A key as it is compared, or the newest one and those that still count: by digest, so that neither its length nor its content shows in
/// the time it takes.
#[derive(Clone)]
pub(crate) struct Key(Vec<[u8; 32]>);

impl Key {
    pub(crate) fn new(secret: &SecretString) -> Self {
        Self::any_of(std::slice::from_ref(secret))
    }

    pub(crate) fn any_of(secrets: &[SecretString]) -> Self {
        Self(secrets.iter().map(|secret| Sha256::digest(secret.expose_secret().as_bytes()).into()).collect())
    }

    pub(crate) fn matches(&self, candidate: &[u8]) -> bool {
        let candidate: [u8; 32] = Sha256::digest(candidate).into();
        // All of them, whichever it is.
        self.0.iter().fold(Choice::from(0), |matches, key| matches | key.ct_eq(&candidate)).into()
    }
}

/// Whether the caller holds the widget key: in `x-api-key`, or, when that is absent or empty, in `x-widget-api-key`.
pub(crate) fn holds_widget_key(headers: &HeaderMap, key: &Key) -> bool {
    ["x-api-key", "x-widget-api-key"]
        .iter()
        .filter_map(|name| headers.get(*name))
        .find(|value| !value.is_empty())
        .is_some_and(|value| key.matches(value.as_bytes()))
}

/// A caller that holds the admin key, or has a session of the dashboard. A key that is given is judged alone: a wrong one is not made
/// good by a cookie beside it.
pub(crate) struct AdminCaller {
    /// As whom its acts are recorded.
    pub(crate) operator: Operator,
    /// Of the dashboard; `None` for holders of the key.
    pub(crate) session: Option<Session>,
}

impl AdminCaller {
    fn check(request: &HttpRequest) -> Result<Self, ApiError> {
        let app = App::of(request);
        let given = request.headers().get("x-admin-api-key").is_some_and(|key| !key.is_empty());
        match &app.sessions {
            Some(sessions) if !given && (sessions.is_claimed(request) || app.admin_key.is_none()) => {
                Self::check_session(app, sessions, request)
            }
            _ => Self::check_key(app, request),
        }
    }

    fn check_session(app: &App, sessions: &Sessions, request: &HttpRequest) -> Result<Self, ApiError> {
        if dashboard::is_forged(app, request) {
            return Err(ApiError::CrossSite);
        }
        let session = sessions.of(request).ok_or(ApiError::Unauthorized)?;
        Ok(Self { operator: Operator::Dashboard, session: Some(session) })
    }

    fn check_key(app: &App, request: &HttpRequest) -> Result<Self, ApiError> {
        let key = app.admin_key.as_ref().ok_or(ApiError::AdminKeyNotConfigured)?;
        let (client, now) = (app.client(request), Instant::now());
        // Counted as a wrong key before it is compared, so that guesses sent at once do not all get through.
        let wrong_keys = app.wrong_keys.take(client, now);
        if !wrong_keys.allowed {
            count_limited(Limited::SignIn);
            return Err(ApiError::TooManyRequests(wrong_keys));
        }
        if !request.headers().get("x-admin-api-key").is_some_and(|value| key.matches(value.as_bytes())) {
            return Err(ApiError::Unauthorized);
        }
        app.wrong_keys.refund(client, now);
        Ok(Self { operator: Operator::AdminKey, session: None })
    }
}

impl FromRequest for AdminCaller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::check(request))
    }
}
