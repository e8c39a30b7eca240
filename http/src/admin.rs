//! The admin routes, answered from the read models.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use chat_projections::Cursor;
use chat_schema::{ConversationId, ConversationPage, ErrorBody, Thread};
use serde::{Deserialize, Serialize};

use crate::app::{App, State};
use crate::error::ApiError;
use crate::keys::AdminCaller;
use crate::openapi::AdminErrors;

/// How long a read waits for the projection to reach what this process acknowledged; then it answers with what is there.
const PATIENCE: Duration = Duration::from_secs(1);
const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 200;

/// Query of the conversation list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// 1 to 200, default 100.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
    /// Full-text search; not in this release, so that asking for it is an error rather than an unfiltered list.
    #[param(ignore)]
    q: Option<String>,
}

/// Lists conversations, newest first.
#[utoipa::path(
    get, path = "/v1/admin/conversations", tag = "Admin", operation_id = "listConversations",
    params(ListQuery), security(("AdminKey" = [])),
    responses(
        (status = 200, body = ConversationPage, description = "A page of conversations"),
        (status = 400, body = ErrorBody, description = "`Invalid query parameters`"),
        AdminErrors,
    )
)]
pub(crate) async fn list(
    app: State,
    _caller: AdminCaller,
    request: actix_web::HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let query = web::Query::<ListQuery>::from_query(request.query_string()).map_err(|_| ApiError::InvalidQuery)?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) || query.q.as_deref().is_some_and(|q| !q.is_empty()) {
        return Err(ApiError::InvalidQuery);
    }
    let cursor = query.cursor.as_deref().map(str::parse::<Cursor>).transpose().map_err(|_| ApiError::InvalidQuery)?;
    catch_up(&app).await;
    Ok(answer(&app.models.conversations(limit, cursor).await?))
}

/// Returns one conversation with all its messages.
#[utoipa::path(
    get, path = "/v1/admin/conversations/{conversationId}", tag = "Admin", operation_id = "getConversation",
    params(("conversationId" = String, Path, format = "uuid", description = "`_id` of the conversation")), security(("AdminKey" = [])),
    responses(
        (status = 200, body = Thread, description = "The conversation"),
        (status = 400, body = ErrorBody, description = "`Invalid conversationId`"),
        (status = 404, body = ErrorBody, description = "`Conversation not found`"),
        AdminErrors,
    )
)]
pub(crate) async fn thread(app: State, _caller: AdminCaller, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let id: ConversationId = id.parse().map_err(|_| ApiError::InvalidConversationId)?;
    catch_up(&app).await;
    Ok(answer(&app.models.thread(id).await?.ok_or(ApiError::ConversationNotFound)?))
}

/// Lets reads see what this process acknowledged before them.
async fn catch_up(app: &App) {
    app.models.caught_up(app.services.acknowledged(), PATIENCE).await;
}

fn answer(body: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}
