//! The chat routes. Checks come in the contract's order: origin (before this module), rate limit, key, body.

use std::time::{Duration, Instant};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chat_actors::{Attachment, Progress, SendMessage, Stage};
use chat_schema::{ChatReply, ChatRequest, StreamLine};
use tokio::sync::watch;
use tokio::time::timeout;
use uuid::Uuid;

use crate::app::{App, State};
use crate::chat_request;
use crate::client_address::LimitKey;
use crate::drain::OpenStream;
use crate::error::{ApiError, of_stage};
use crate::keys::holds_widget_key;
use crate::metrics::{Limited, count_limited};
use crate::ndjson;
use crate::openapi::ChatErrors;
use crate::rate_limit::{Decision, RateLimiter};

/// Longest wait for the outcome of a message that seems to be the next before the headers are sent: longer than a place among the
/// answers and an append of unknown outcome are waited for, shorter than proxies wait.
const HEADERS_AFTER: Duration = Duration::from_secs(10);

/// Sends a message and streams the answer.
#[utoipa::path(
    post, path = "/v1/chat/stream", tag = "Chat", operation_id = "streamChat",
    request_body = ChatRequest, security(("WidgetKey" = [])),
    responses(
        (status = 200, body = StreamLine, content_type = "application/x-ndjson",
         description = "One JSON object a line. `start` comes once the message is durable, `done` or `error` ends the stream; \
                        empty lines keep the connection open."),
        ChatErrors,
    )
)]
pub(crate) async fn stream(app: State, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, ApiError> {
    let guard = app.drain.open_stream();
    let (mut attachment, limit) = submit(&app, &request, payload).await?;
    if !attachment.queued {
        // Nothing is sent before the log acknowledged, and a refusal still gets its own status: unless it turns out that another
        // process answers in this conversation, and the message waits for that.
        let settled = wait_while(&mut attachment.progress, |stage| stage == Stage::Waiting);
        if let Ok(stage) = timeout(HEADERS_AFTER, settled).await
            && let Stage::Refused(refusal) = stage?
        {
            return Err(refusal.into());
        }
    }
    let mut response = HttpResponse::Ok();
    for header in limit.headers() {
        response.insert_header(header);
    }
    Ok(response
        .insert_header((header::CONTENT_TYPE, "application/x-ndjson; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store, no-transform"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(ndjson::body(attachment, guard)))
}

/// Sends a message and returns the whole answer.
#[utoipa::path(
    post, path = "/v1/chat", tag = "Chat", operation_id = "chat",
    request_body = ChatRequest, security(("WidgetKey" = [])),
    responses(
        (status = 200, body = ChatReply, description = "The answer is durable"),
        ChatErrors,
    )
)]
pub(crate) async fn whole(app: State, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, ApiError> {
    let _guard: OpenStream = app.drain.open_stream();
    let (mut attachment, limit) = submit(&app, &request, payload).await?;
    let stage = wait_while(&mut attachment.progress, |stage| !stage.is_final()).await?;
    if let Some(error) = of_stage(stage) {
        return Err(error);
    }
    let message = attachment.progress.borrow().text().to_owned();
    let stopped = stage == Stage::Done { stopped: true };
    let mut response = HttpResponse::Ok();
    for header in limit.headers() {
        response.insert_header(header);
    }
    Ok(response.insert_header((header::CACHE_CONTROL, "no-store")).json(ChatReply {
        conversation_id: attachment.conversation_id,
        message,
        stopped,
    }))
}

/// Waits until `waiting` no longer holds; a turn that dies meanwhile is an error.
async fn wait_while(
    progress: &mut watch::Receiver<Progress>,
    waiting: impl Fn(Stage) -> bool,
) -> Result<Stage, ApiError> {
    let settled = progress.wait_for(|progress| !waiting(progress.stage())).await;
    settled.map(|progress| progress.stage()).map_err(|_died| ApiError::Internal)
}

async fn submit(app: &App, request: &HttpRequest, payload: web::Payload) -> Result<(Attachment, Decision), ApiError> {
    let (client, now) = (app.client(request), Instant::now());
    let limit = app.messages.take(client, now);
    if !limit.allowed {
        // Attaching to a known message has a limit of its own, so that a visitor who reconnects is not locked out of an answer.
        take(&app.attaches, client, Limited::Message)?;
    }
    if !holds_widget_key(request.headers(), &app.widget_key) {
        return Err(if limit.allowed { ApiError::Unauthorized } else { too_many(limit, Limited::Message) });
    }
    if !limit.allowed {
        let message = chat_request::read(request, payload).await.ok().filter(|request| request.message_id.is_some());
        let message = message.ok_or_else(|| too_many(limit, Limited::Message))?;
        let attachment = app.registry.attach(send_message(message)).await;
        return Ok((attachment.ok_or_else(|| too_many(limit, Limited::Message))??, limit));
    }
    let message = send_message(chat_request::read(request, payload).await?);
    if app.drain.is_draining() {
        return Err(ApiError::Draining);
    }
    let attachment = app.registry.submit(message).await?;
    if attachment.known {
        app.messages.refund(client, now);
        take_attach(app, client)?;
    }
    Ok((attachment, limit))
}

/// Counts a request that is no new message: an attach, or a call of the visitor's own routes.
pub(crate) fn take_attach(app: &App, client: LimitKey) -> Result<(), ApiError> {
    take(&app.attaches, client, Limited::Attach)
}

/// Takes a place; a refusal counts as one of `what`.
fn take(limiter: &RateLimiter, client: LimitKey, what: Limited) -> Result<(), ApiError> {
    let decision = limiter.take(client, Instant::now());
    if decision.allowed { Ok(()) } else { Err(too_many(decision, what)) }
}

fn too_many(decision: Decision, what: Limited) -> ApiError {
    count_limited(what);
    ApiError::TooManyRequests(decision)
}

fn send_message(request: ChatRequest) -> SendMessage {
    let named = request.message_id.is_some();
    let message_id = request
        .message_id
        .unwrap_or_else(|| Uuid::new_v4().to_string().parse().expect("a UUID is 36 characters of the id alphabet"));
    SendMessage { session_id: request.session_id, message_id, named, text: request.message }
}
