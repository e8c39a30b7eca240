//! The conversation list, with search and filters, and the threads.

use actix_web::{HttpRequest, HttpResponse, web};
use chat_projections::{Filter, Query};
use chat_schema::{ConversationId, ConversationPage, ErrorBody, Thread};
use serde::Deserialize;

use super::{answer, catch_up, query};
use crate::app::State;
use crate::error::ApiError;
use crate::keys::AdminCaller;
use crate::openapi::AdminErrors;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 200;

/// Query of the conversation list.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListQuery {
    /// 1 to 200, default 100.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `nextCursor` of the page before, with all other parameters as they were.
    cursor: Option<String>,
    /// Full-text search over all messages, at most 200 characters. Every word has to be in one message; the last may be the
    /// beginning of a word. Case and accents do not count, nothing in it is syntax, and without a letter or a digit it
    /// finds nothing. The newest match comes first, and each conversation gets a `snippet`.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Earliest `updatedAt`, in milliseconds since the Unix epoch.
    from: Option<u64>,
    /// The `updatedAt` from which on it is too late.
    to: Option<u64>,
    /// Whether the last attempt to answer one of its messages failed.
    failed: Option<bool>,
    /// Fewest messages, answers included.
    min_messages: Option<u64>,
}

impl ListQuery {
    fn filter(&self) -> Filter {
        let min_messages = self.min_messages.unwrap_or(0);
        Filter { from: self.from, to: self.to, failed: self.failed, min_messages }
    }
}

/// Lists conversations, newest first.
#[utoipa::path(
    get, path = "/v1/admin/conversations", tag = "Admin", operation_id = "listConversations",
    params(ListQuery), security(("AdminKey" = []), ("Session" = [])),
    responses(
        (status = 200, body = ConversationPage, description = "A page of conversations"),
        (status = 400, body = ErrorBody, description = "`Invalid query parameters`"),
        AdminErrors,
    )
)]
pub(crate) async fn list(app: State, _caller: AdminCaller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let asked: ListQuery = query(&request)?;
    let limit = checked(asked.limit)?.unwrap_or(DEFAULT_LIMIT);
    let filter = asked.filter();
    let page = match asked.q.as_deref().filter(|words| !words.is_empty()) {
        Some(words) => {
            let words = Query::parse(words).map_err(|_| ApiError::InvalidQuery)?;
            let cursor = parsed(asked.cursor.as_deref())?;
            catch_up(&app).await;
            app.models.search(words, filter, limit, cursor).await?
        }
        None => {
            let cursor = parsed(asked.cursor.as_deref())?;
            catch_up(&app).await;
            app.models.conversations(filter, limit, cursor).await?
        }
    };
    Ok(answer(&page))
}

/// Query of a thread.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThreadQuery {
    /// 1 to 200; without it all messages.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `nextCursor` of the page before.
    cursor: Option<String>,
}

/// Returns one conversation with its messages: all of them, or a page.
#[utoipa::path(
    get, path = "/v1/admin/conversations/{conversationId}", tag = "Admin", operation_id = "getConversation",
    params(("conversationId" = String, Path, format = "uuid", description = "`_id` of the conversation"), ThreadQuery),
    security(("AdminKey" = []), ("Session" = [])),
    responses(
        (status = 200, body = Thread, description = "The conversation"),
        (status = 400, body = ErrorBody, description = "`Invalid conversationId` or `Invalid query parameters`"),
        (status = 404, body = ErrorBody, description = "`Conversation not found`"),
        AdminErrors,
    )
)]
pub(crate) async fn thread(
    app: State,
    _caller: AdminCaller,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id: ConversationId = id.parse().map_err(|_| ApiError::InvalidConversationId)?;
    let asked: ThreadQuery = query(&request)?;
    let (limit, cursor) = (checked(asked.limit)?, parsed(asked.cursor.as_deref())?);
    catch_up(&app).await;
    Ok(answer(&app.models.thread(id, limit, cursor).await?.ok_or(ApiError::ConversationNotFound)?))
}

fn checked(limit: Option<u32>) -> Result<Option<u32>, ApiError> {
    match limit {
        Some(limit) if !(1..=MAX_LIMIT).contains(&limit) => Err(ApiError::InvalidQuery),
        limit => Ok(limit),
    }
}

fn parsed<T: std::str::FromStr>(text: Option<&str>) -> Result<Option<T>, ApiError> {
    text.map(str::parse).transpose().map_err(|_| ApiError::InvalidQuery)
}
