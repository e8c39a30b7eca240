//! Every error a caller can meet: one table from error to status, code and public text (contract, section 2). The cause is logged where it happens,
//! with the request's id, and never sent.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use chat_actors::{Refusal, Stage};
use chat_projections::ReadError;
use chat_schema::{ErrorBody, FailureReason, FieldError};

use crate::rate_limit::Decision;

/// When to come back after a 503 that passes by itself.
const RETRY_SOON: Duration = Duration::from_secs(2);

/// What went wrong, as far as a caller may know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.row().2)]
pub(crate) enum ApiError {
    BadRequest,
    InvalidPayload(Vec<FieldError>),
    InvalidQuery,
    InvalidConversationId,
    Unauthorized,
    OriginNotAllowed,
    CrossSite,
    SessionNotPrivate,
    ConversationNotFound,
    MessageNotFound,
    NotFound,
    MethodNotAllowed(&'static str),
    RequestTimeout,
    MessageIdUsed,
    ConversationBusy,
    PayloadTooLarge,
    UnsupportedMediaType,
    TooManyRequests(Decision),
    Internal,
    AssistantUnavailable,
    AnswerTookTooLong,
    AdminKeyNotConfigured,
    DashboardOff,
    ServiceUnavailable,
    StorageUnknown,
    Overloaded,
    Draining,
    CatchingUp,
}

impl ApiError {
    /// Status, code and text.
    fn row(&self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::BadRequest => (S::BAD_REQUEST, "bad-request", "Bad request"),
            Self::InvalidPayload(_) => (S::BAD_REQUEST, "invalid-payload", "Invalid request payload"),
            Self::InvalidQuery => (S::BAD_REQUEST, "invalid-query", "Invalid query parameters"),
            Self::InvalidConversationId => (S::BAD_REQUEST, "invalid-conversation-id", "Invalid conversationId"),
            Self::Unauthorized => (S::UNAUTHORIZED, "unauthorized", "Unauthorized"),
            Self::OriginNotAllowed => (S::FORBIDDEN, "origin-not-allowed", "Origin not allowed"),
            Self::CrossSite => (S::FORBIDDEN, "cross-site-request", "Cross-site request"),
            Self::SessionNotPrivate => (S::FORBIDDEN, "session-not-private", "Session is not private"),
            Self::ConversationNotFound => (S::NOT_FOUND, "conversation-not-found", "Conversation not found"),
            Self::MessageNotFound => (S::NOT_FOUND, "message-not-found", "Not found"),
            Self::NotFound => (S::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed(_) => (S::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
            Self::RequestTimeout => (S::REQUEST_TIMEOUT, "request-timeout", "Request timeout"),
            Self::MessageIdUsed => (S::CONFLICT, "message-id-used", "Message id already used"),
            Self::ConversationBusy => (S::CONFLICT, "conversation-busy", "Conversation busy"),
            Self::PayloadTooLarge => (S::PAYLOAD_TOO_LARGE, "payload-too-large", "Payload too large"),
            Self::UnsupportedMediaType => {
                (S::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type")
            }
            Self::TooManyRequests(_) => (S::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests"),
            Self::Internal => (S::INTERNAL_SERVER_ERROR, "internal", "Internal server error"),
            Self::AssistantUnavailable => (S::INTERNAL_SERVER_ERROR, "assistant-unavailable", "Internal server error"),
            Self::AnswerTookTooLong => (S::INTERNAL_SERVER_ERROR, "answer-took-too-long", "Internal server error"),
            Self::AdminKeyNotConfigured => (
                S::SERVICE_UNAVAILABLE,
                "admin-key-not-configured",
                "ADMIN_API_KEY is not configured on this deployment",
            ),
            Self::DashboardOff => (
                S::SERVICE_UNAVAILABLE,
                "dashboard-off",
                "The dashboard is off on this deployment: DASHBOARD_PASSWORD or SESSION_SECRET is not configured",
            ),
            Self::ServiceUnavailable => (S::SERVICE_UNAVAILABLE, "service-unavailable", "Service unavailable"),
            Self::StorageUnknown => (S::SERVICE_UNAVAILABLE, "storage-unknown", "Service unavailable"),
            Self::Overloaded => (S::SERVICE_UNAVAILABLE, "overloaded", "Service unavailable"),
            Self::Draining => (S::SERVICE_UNAVAILABLE, "draining", "Service unavailable"),
            Self::CatchingUp => (S::SERVICE_UNAVAILABLE, "catching-up", "Catching up"),
        }
    }

    /// The error for a response that the framework made without one of ours.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed(""),
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }

    /// Stable name for programs, kebab-case.
    pub(crate) fn code(&self) -> &'static str {
        self.row().1
    }

    /// The body, for the request called `request_id`; `with_details` in development only.
    pub(crate) fn body(&self, request_id: &str, with_details: bool) -> ErrorBody {
        let (_, code, text) = self.row();
        let details = match self {
            Self::InvalidPayload(details) if with_details => details.clone(),
            _ => Vec::new(),
        };
        ErrorBody { error: text.into(), code: code.into(), request_id: request_id.into(), details }
    }

    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        match self {
            Self::TooManyRequests(decision) => {
                let mut headers = decision.headers().to_vec();
                headers.push((header::RETRY_AFTER, seconds(decision.reset_after)));
                headers
            }
            Self::MethodNotAllowed(allowed) if !allowed.is_empty() => {
                vec![(header::ALLOW, HeaderValue::from_static(allowed))]
            }
            Self::Overloaded | Self::Draining | Self::ServiceUnavailable | Self::StorageUnknown | Self::CatchingUp => {
                vec![(header::RETRY_AFTER, seconds(RETRY_SOON))]
            }
            _ => Vec::new(),
        }
    }
}

/// Whole seconds, rounded up, as a header's value.
fn seconds(duration: Duration) -> HeaderValue {
    HeaderValue::from(duration.as_millis().div_ceil(1000) as u64)
}

impl Decision {
    /// The `RateLimit-*` headers.
    pub(crate) fn headers(&self) -> [(HeaderName, HeaderValue); 3] {
        [
            (HeaderName::from_static("ratelimit-limit"), HeaderValue::from(self.limit)),
            (HeaderName::from_static("ratelimit-remaining"), HeaderValue::from(self.remaining)),
            (HeaderName::from_static("ratelimit-reset"), seconds(self.reset_after)),
        ]
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.row().0
    }

    /// The response without its body, which `envelope` writes: only there the request's id is known.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        for (name, value) in self.headers() {
            response.headers_mut().insert(name, value);
        }
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::MessageIdUsed => Self::MessageIdUsed,
            Refusal::MessageNotFound => Self::MessageNotFound,
            Refusal::ConversationBusy => Self::ConversationBusy,
            Refusal::Overloaded => Self::Overloaded,
            Refusal::StorageUnavailable => Self::ServiceUnavailable,
            Refusal::StorageUnknown => Self::StorageUnknown,
            Refusal::Internal => Self::Internal,
        }
    }
}

impl From<FailureReason> for ApiError {
    fn from(reason: FailureReason) -> Self {
        if reason == FailureReason::TimedOut { Self::AnswerTookTooLong } else { Self::AssistantUnavailable }
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Building => Self::CatchingUp,
            ReadError::Stopped => Self::ServiceUnavailable,
            ReadError::Store(error) => {
                tracing::error!(%error, "read models cannot be read");
                Self::ServiceUnavailable
            }
        }
    }
}

/// The error a message's stage stands for, if it is one. `Waiting` and `Answering` are one here: a turn that ends so has died.
pub(crate) fn of_stage(stage: Stage) -> Option<ApiError> {
    match stage {
        Stage::Done { .. } => None,
        Stage::Waiting | Stage::Answering => Some(ApiError::Internal),
        // How it ended is not known here; sent again under the same id, the message gets what the log says.
        Stage::Broken => Some(ApiError::StorageUnknown),
        Stage::Failed(reason) => Some(reason.into()),
        Stage::Refused(refusal) => Some(refusal.into()),
    }
}
