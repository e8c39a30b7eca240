//! What operators did.

use actix_web::{HttpRequest, HttpResponse};
use chat_schema::{ErrorBody, Event, OperatorEvent, OperatorEventPage};
use serde::Deserialize;

use super::{answer, query};
use crate::app::State;
use crate::error::ApiError;
use crate::keys::AdminCaller;
use crate::openapi::AdminErrors;

const DEFAULT_LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 200;

/// Query of the operators' events.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OperatorsQuery {
    /// 1 to 200, default 100.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Lists what operators did: exports, erasures and signing in, newest first.
#[utoipa::path(
    get, path = "/v1/admin/operators/events", tag = "Audit", operation_id = "listOperatorEvents",
    params(OperatorsQuery), security(("AdminKey" = []), ("Session" = [])),
    responses(
        (status = 200, body = OperatorEventPage, description = "A page of events"),
        (status = 400, body = ErrorBody, description = "`Invalid query parameters`"),
        AdminErrors,
    )
)]
pub(crate) async fn operator_events(
    app: State,
    _caller: AdminCaller,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let asked: OperatorsQuery = query(&request)?;
    let limit = asked.limit.unwrap_or(DEFAULT_LIMIT);
    let before = asked.cursor.map(|cursor| cursor.parse::<u64>()).transpose().map_err(|_| ApiError::InvalidQuery)?;
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::InvalidQuery);
    }
    let recorded = app.services.operator_events(before, limit).await?;
    let events: Vec<OperatorEvent> = recorded
        .into_iter()
        .filter_map(|recorded| {
            let envelope = recorded.event.envelope;
            let Event::OperatorActed { operator, act } = envelope.event else { return None };
            let (id, version, recorded_at) = (envelope.id, envelope.version, envelope.recorded_at);
            Some(OperatorEvent { id, version, recorded_at, operator, act })
        })
        .collect();
    let next_cursor = events.last().map(|last| last.version).filter(|version| *version > 1);
    Ok(answer(&OperatorEventPage { events, next_cursor: next_cursor.map(|version| version.to_string()) }))
}
