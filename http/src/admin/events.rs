//! A conversation as it is stored, event by event, and as it was at any time.

use actix_web::{HttpRequest, HttpResponse, web};
use chat_eventlog::archive::is_linked;
use chat_eventlog::{LogError, Recorded};
use chat_schema::{
    ConversationEvents, ConversationId, ErrorBody, Event, Head, Message, MessageStatus, SessionId, StoredEvent,
    Summary, Thread,
};
use serde::Deserialize;

use super::{answer, query};
use crate::app::{App, State};
use crate::error::ApiError;
use crate::keys::AdminCaller;
use crate::openapi::AdminErrors;

/// Length of `lastMessage`, in Unicode scalar values.
const LAST_MESSAGE_CHARS: usize = 500;

/// Query of a conversation's events.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Version up to which events are given, and for which `thread` shows what was to be read then.
    #[param(minimum = 1)]
    at: Option<u64>,
}

/// Returns a conversation's events as they are stored, with their hashes.
///
/// Straight from the log, not from the read models. Of an erased conversation there is the event that tells so, and what came later.
#[utoipa::path(
    get, path = "/v1/admin/conversations/{conversationId}/events", tag = "Audit", operation_id = "getConversationEvents",
    params(("conversationId" = String, Path, format = "uuid", description = "`_id` of the conversation"), EventsQuery),
    security(("AdminKey" = []), ("Session" = [])),
    responses(
        (status = 200, body = ConversationEvents, description = "The events"),
        (status = 400, body = ErrorBody, description = "`Invalid conversationId` or `Invalid query parameters`"),
        (status = 404, body = ErrorBody, description = "`Conversation not found`"),
        AdminErrors,
    )
)]
pub(crate) async fn events(
    app: State,
    _caller: AdminCaller,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = conversation(&id)?;
    let at = query::<EventsQuery>(&request)?.at;
    if at == Some(0) {
        return Err(ApiError::InvalidQuery);
    }
    let mut recorded = read(&app, id).await?;
    recorded.retain(|recorded| at.is_none_or(|at| recorded.event.envelope.version <= at));
    let thread = at.and_then(|_| thread(id, &recorded));
    Ok(answer(&ConversationEvents { conversation_id: id, events: stored(recorded), thread }))
}

/// The conversation that a path names. The operators' stream is none.
pub(super) fn conversation(id: &str) -> Result<ConversationId, ApiError> {
    let id = id.parse().map_err(|_| ApiError::InvalidConversationId)?;
    if id == ConversationId::OPERATORS { Err(ApiError::ConversationNotFound) } else { Ok(id) }
}

/// All that is stored of a conversation.
pub(super) async fn read(app: &App, id: ConversationId) -> Result<Vec<Recorded>, ApiError> {
    let recorded = app.log.read(id, 0).await.map_err(|error| unreadable(&error))?;
    if recorded.is_empty() { Err(ApiError::ConversationNotFound) } else { Ok(recorded) }
}

/// The error for a log that does not give what is asked.
pub(super) fn unreadable(error: &LogError) -> ApiError {
    match error {
        LogError::Unavailable(_) => ApiError::ServiceUnavailable,
        LogError::Unreadable { position, .. } => {
            // Without the parser's words, which may quote a message.
            tracing::error!(position = position.get(), "an event cannot be read: run open-chat audit verify");
            ApiError::Internal
        }
    }
}

fn stored(recorded: Vec<Recorded>) -> Vec<StoredEvent> {
    let mut head: Option<Head> = None;
    let stored = |Recorded { position, event }: Recorded| {
        let (envelope, verified) = (&event.envelope, is_linked(&event, head.as_ref()));
        head = Some(event.head());
        StoredEvent {
            position: position.get(),
            conversation_id: Some(envelope.conversation_id),
            version: Some(envelope.version),
            recorded_at: Some(envelope.recorded_at),
            event_type: Some(envelope.event.name().to_owned()),
            hash: event.hash,
            verified,
            bytes: String::from_utf8_lossy(&event.bytes).into_owned(),
        }
    };
    recorded.into_iter().map(stored).collect()
}

/// What there was to read; `None` if that was nothing.
fn thread(id: ConversationId, recorded: &[Recorded]) -> Option<Thread> {
    let envelopes = recorded.iter().map(|recorded| recorded.event.envelope.clone());
    let messages = chat_actors::messages(envelopes);
    let session_id = recorded.iter().rev().find_map(|recorded| match &recorded.event.envelope.event {
        Event::UserMessaged { session_id, .. } => Some(session_id.clone()),
        _ => None,
    })?;
    let answering = recorded.iter().rev().find_map(|recorded| opens_a_turn(&recorded.event.envelope.event));
    let conversation = summary(id, session_id, &messages, answering.unwrap_or(false))?;
    Some(Thread { conversation, messages, next_cursor: None })
}

/// Whether a turn is open after it; `None` of an event that neither opens nor ends one.
fn opens_a_turn(event: &Event) -> Option<bool> {
    match event {
        Event::UserMessaged { .. } | Event::ReplyStarted { .. } => Some(true),
        Event::AssistantReplied { .. }
        | Event::ReplyStopped { .. }
        | Event::ReplyFailed { .. }
        | Event::ConversationErased { .. } => Some(false),
        Event::MessageRated { .. } | Event::OperatorActed { .. } => None,
    }
}

fn summary(id: ConversationId, session_id: SessionId, messages: &[Message], answering: bool) -> Option<Summary> {
    let created_at = messages.first()?.created_at;
    let newest = messages.iter().max_by_key(|message| message.created_at)?;
    Some(Summary {
        id,
        creation_time: created_at,
        session_id,
        created_at,
        updated_at: newest.created_at,
        last_message: newest.content.chars().take(LAST_MESSAGE_CHARS).collect(),
        messages: messages.len() as u64,
        failed: messages.iter().any(|message| message.status == MessageStatus::Failed),
        answering,
        snippet: None,
    })
}
