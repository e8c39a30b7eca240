//! Erasing a conversation, for privacy law.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use chat_projections::CaughtUp;
use chat_schema::{ConversationId, Erasure, ErrorBody, Operator};

use super::answer;
use super::events::conversation;
use crate::app::{App, State};
use crate::error::ApiError;
use crate::keys::AdminCaller;
use crate::openapi::AdminErrors;

/// How long the read models may take to pass an erasure before the answer says that they have not.
const PATIENCE: Duration = Duration::from_secs(10);

/// Erases a conversation: its texts are gone from the log and from this server's read models, and a running answer ends.
///
/// What remains is that it was erased, when, by whom, and how many events it had. Once the request is durable it is carried out,
/// whatever happens to this call. Its session may begin anew.
#[utoipa::path(
    post, path = "/v1/admin/conversations/{conversationId}/erase", tag = "Audit", operation_id = "eraseConversation",
    params(("conversationId" = String, Path, format = "uuid", description = "`_id` of the conversation")),
    security(("AdminKey" = []), ("Session" = [])),
    responses(
        (status = 200, body = Erasure, description = "It is erased"),
        (status = 400, body = ErrorBody, description = "`Invalid conversationId`"),
        (status = 404, body = ErrorBody, description = "`Conversation not found`: nothing was ever said in it"),
        AdminErrors,
    )
)]
pub(crate) async fn erase(app: State, caller: AdminCaller, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let id = conversation(&id)?;
    if !app.registry.knows(id).await? {
        return Err(ApiError::ConversationNotFound);
    }
    // A caller that goes away does not cut it short; a stop of this process waits for it.
    let (shared, guard) = (App::clone(&app), app.drain.open_stream());
    let erasing = actix_web::rt::spawn(async move {
        let _guard = guard;
        carry_out(&shared, caller.operator, id).await
    });
    Ok(answer(&erasing.await.map_err(|_| ApiError::Internal)??))
}

async fn carry_out(app: &App, operator: Operator, id: ConversationId) -> Result<Erasure, ApiError> {
    let erased = app.registry.erase(operator, vec![id]).await?;
    let passed = app.models.caught_up(erased.position, PATIENCE).await == CaughtUp::Reached;
    let read_models_erased = passed && app.models.wipe_traces().await.is_ok();
    let erased_events = erased.conversations.first().map_or(0, |erased| erased.erased_events);
    Ok(Erasure { conversation_id: id, erased_events, read_models_erased })
}
