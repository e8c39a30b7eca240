//! The state of this process, for the operators' eyes.

use actix_web::HttpResponse;
use chat_projections::State as Models;
use chat_schema::{System, SystemLog, SystemProjections, SystemReplies};

use super::{MAX_FEEDS, answer};
use crate::app::State;
use crate::error::ApiError;
use crate::keys::AdminCaller;
use crate::openapi::AdminErrors;

/// Tells how this process is, and how it is configured; without secrets.
#[utoipa::path(
    get, path = "/v1/admin/system", tag = "Operations", operation_id = "getSystem", security(("AdminKey" = []), ("Session" = [])),
    responses((status = 200, body = System, description = "The state"), AdminErrors)
)]
pub(crate) async fn system(app: State, _caller: AdminCaller) -> Result<HttpResponse, ApiError> {
    let end = app.services.end().await.ok().map(|end| end.get());
    let status = app.models.status();
    let position = status.position.get();
    let (state, reason) = match status.state {
        Models::Building => ("building", None),
        Models::Live => ("live", None),
        Models::Stopped { reason } => ("stopped", Some(reason)),
    };
    let log_state = if app.services.log_is_available() { "available" } else { "unavailable" };
    let about = &app.about;
    Ok(answer(&System {
        version: env!("CARGO_PKG_VERSION").into(),
        started_at: about.started_at,
        environment: about.environment.clone(),
        public_url: about.public_url.clone(),
        widget_key: app.widget_key_text.clone(),
        log: SystemLog { kind: about.log_kind.into(), state: log_state.into(), end },
        projections: SystemProjections {
            state: state.into(),
            position,
            lag: end.map(|end| end.saturating_sub(position)),
            reason,
        },
        replies: SystemReplies {
            running: app.services.running_replies() as u64,
            cancelled: app.services.cancelled_replies() as u64,
        },
        feeds: (MAX_FEEDS - app.feeds.available_permits()) as u64,
        assistant: about.assistant.clone(),
        warnings: about.warnings.clone(),
        configuration: about.configuration.clone(),
    }))
}
