//! Probes for whoever runs the process.

use actix_web::HttpResponse;
use actix_web::http::header;
use chat_schema::{ErrorBody, Health};
use serde::Serialize;

use crate::app::State;
use crate::error::ApiError;

/// Tells that the process lives; touches nothing.
#[utoipa::path(get, path = "/health", tag = "Operations", operation_id = "health",
    responses((status = 200, body = Health, description = "The process lives")))]
pub(crate) async fn health() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Health { status: "ok".into() })
}

/// Answer of `GET /ready`.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Ready {
    /// Always `ready`.
    status: &'static str,
    log: LogState,
    projections: ProjectionState,
    replies: ReplyState,
}

/// State of the event log.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct LogState {
    /// `available`, or `unavailable` while it takes no events.
    state: &'static str,
}

/// State of the read models.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ProjectionState {
    /// `building`, `live`, or `stopped` at an event that cannot be applied.
    state: &'static str,
    /// Position of the last event applied.
    position: u64,
    /// Why they stopped, or what they wait for: a disk that is full, for instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The answers of this process.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ReplyState {
    /// Being generated now.
    running: usize,
    /// Begun and dropped since the start, since another process took the turn first.
    cancelled: usize,
}

/// Tells whether requests may be sent here, and how log and projections are.
#[utoipa::path(get, path = "/ready", tag = "Operations", operation_id = "ready",
    responses(
        (status = 200, body = Ready, description = "Requests are served"),
        (status = 503, body = ErrorBody, description = "The process is about to stop"),
    ))]
pub(crate) async fn ready(app: State) -> Result<HttpResponse, ApiError> {
    if app.drain.is_draining() {
        return Err(ApiError::Draining);
    }
    let state = if app.services.log_is_available() { "available" } else { "unavailable" };
    let projections = projection_state(&app.models.status());
    let replies = ReplyState { running: app.services.running_replies(), cancelled: app.services.cancelled_replies() };
    let body = Ready { status: "ready", log: LogState { state }, projections, replies };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body))
}

fn projection_state(status: &chat_projections::Status) -> ProjectionState {
    use chat_projections::State;
    let (state, reason) = match &status.state {
        State::Building => ("building", status.waits_for.clone()),
        State::Live => ("live", status.waits_for.clone()),
        State::Stopped { reason } => ("stopped", Some(reason.clone())),
    };
    ProjectionState { state, position: status.position.get(), reason }
}
