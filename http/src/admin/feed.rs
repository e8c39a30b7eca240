//! The live feed: which conversations changed, as server-sent events, and on request the words of a running answer.
//!
//! An event's id is a position of the log, the same on every replica, and it is sent once this replica's read models have passed
//! that position. Whoever comes back with the last id it saw misses nothing, wherever it comes back to. It is pulled by the socket:
//! a slow reader holds its place in the log and nothing else.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use chat_eventlog::{LogError, Position, Recorded};
use chat_projections::{CaughtUp, State as Models};
use chat_schema::{ConversationId, ErrorBody, Event, MessageId};
use futures_util::{Stream, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::feed_tokens::Watched;
use super::query;
use crate::app::{App, State};
use crate::dashboard::Session;
use crate::error::ApiError;
use crate::keys::AdminCaller;
use crate::openapi::AdminErrors;

/// Feeds of one process at a time.
pub(crate) const MAX_FEEDS: usize = 128;
/// Events of the log taken at once: what changed often among them is told once.
const BATCH: usize = 256;
/// Silence after which a comment keeps proxies from closing the feed.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Pause before a log that is away is followed again.
const PAUSE: Duration = Duration::from_secs(1);

/// Query of the feed.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// Also send the running answers of this conversation, token by token.
    #[param(value_type = Option<String>, format = "uuid")]
    conversation: Option<String>,
    /// The same as `Last-Event-ID`, which browsers send only when they open a feed again by themselves. The header wins.
    after: Option<u64>,
}

/// Streams what changes, as server-sent events.
///
/// `opened`: what changes from here on will be told. `conversation`: the summary of a conversation that changed. `erased`: `{"_id"}` of one that was erased. These have an `id`: with it
/// in `Last-Event-ID` a feed goes on where another one ended, on any replica. `token`: `{"conversationId","messageId","token"}`, the
/// next piece of a running answer, without an `id`; after a pause the answer is sent from its beginning. A comment is sent every 15 s.
#[utoipa::path(
    get, path = "/v1/admin/events", tag = "Admin", operation_id = "followConversations",
    params(FeedQuery, ("Last-Event-ID" = Option<String>, Header, description = "`id` of the last event that was seen")),
    security(("AdminKey" = []), ("Session" = [])),
    responses(
        (status = 200, body = String, content_type = "text/event-stream", description = "The feed"),
        (status = 400, body = ErrorBody, description = "`Invalid query parameters`, or a `Last-Event-ID` that is none"),
        AdminErrors,
    )
)]
pub(crate) async fn feed(app: State, caller: AdminCaller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if app.drain.is_draining() {
        return Err(ApiError::Draining);
    }
    let asked: FeedQuery = query(&request)?;
    let conversation = asked.conversation.filter(|id| !id.is_empty());
    let conversation = conversation.map(|id| super::events::conversation(&id)).transpose()?;
    let seen = request.headers().get("last-event-id").filter(|id| !id.is_empty());
    let seen =
        seen.map(|id| id.to_str().ok().and_then(|id| id.parse().ok()).ok_or(ApiError::InvalidQuery)).transpose()?;
    let seen = seen.or(asked.after);
    let end = app.services.end().await?;
    // An id from beyond the end is one of another log.
    let after = seen.map_or(end, Position::new).min(end);
    let place = app.feeds.clone().try_acquire_owned().map_err(|_| ApiError::Overloaded)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store, no-transform"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(body(App::clone(&app), after, conversation, caller.session, place)))
}

/// Ends when the process is about to stop, its read models have stopped, or the session it was opened with is over.
fn body(
    app: App,
    after: Position,
    conversation: Option<ConversationId>,
    session: Option<Session>,
    place: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Bytes, ApiError>> {
    async_stream::stream! {
        let _place = place;
        let mut seen = after;
        let mut watched = Watched::new(&app, conversation);
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut log = app.log.subscribe(seen).ready_chunks(BATCH);
        yield Ok(event("opened", Some(seen), &json!({})));
        let mut ended = std::pin::pin!(ended(&app, session));
        loop {
            let batch = tokio::select! {
                biased;
                () = app.drain.begun() => return,
                () = &mut ended => return,
                batch = log.next() => batch,
                tokens = watched.tokens() => {
                    yield Ok(tokens);
                    continue;
                }
                _ = heartbeat.tick() => {
                    yield Ok(Bytes::from_static(b": \n\n"));
                    continue;
                }
            };
            let Some(batch) = batch else { return };
            let (changes, failed) = Changes::of(batch);
            if let Some(end) = changes.end {
                seen = end;
                watched.hear(&changes);
                while app.models.caught_up(seen, HEARTBEAT).await == CaughtUp::Behind {
                    if matches!(app.models.status().state, Models::Stopped { .. }) || app.drain.is_draining() {
                        return;
                    }
                    yield Ok(Bytes::from_static(b": \n\n"));
                }
                for (id, position) in changes.in_order() {
                    match changed(&app, id, position).await {
                        Ok(event) => yield Ok(event),
                        Err(_) => return,
                    }
                }
            }
            match failed {
                None => {}
                Some(LogError::Unreadable { .. }) => return,
                Some(LogError::Unavailable(_)) => {
                    sleep(PAUSE).await;
                    log = app.log.subscribe(seen).ready_chunks(BATCH);
                }
            }
        }
    }
}

/// Completes when the session is over; holders of the key have none.
async fn ended(app: &App, session: Option<Session>) {
    match (&app.sessions, session) {
        (Some(sessions), Some(session)) => sessions.ended(session).await,
        _ => std::future::pending().await,
    }
}

/// What some events of the log changed.
pub(super) struct Changes {
    /// Position of the last of each conversation's.
    last: HashMap<ConversationId, Position>,
    /// Of each conversation, whether the last of them that begins or ends a turn begins one.
    pub(super) answering: HashMap<ConversationId, bool>,
    /// Position of the last one of all.
    end: Option<Position>,
}

impl Changes {
    fn of(batch: Vec<Result<Recorded, LogError>>) -> (Self, Option<LogError>) {
        let mut changes = Self { last: HashMap::new(), answering: HashMap::new(), end: None };
        for next in batch {
            match next {
                Ok(recorded) => changes.add(&recorded),
                Err(error) => return (changes, Some(error)),
            }
        }
        (changes, None)
    }

    fn add(&mut self, Recorded { position, event }: &Recorded) {
        let id = event.envelope.conversation_id;
        self.end = Some(*position);
        if id == ConversationId::OPERATORS {
            return;
        }
        self.last.insert(id, *position);
        match event.envelope.event {
            Event::UserMessaged { .. } | Event::ReplyStarted { .. } => drop(self.answering.insert(id, true)),
            Event::MessageRated { .. } => {}
            _ => drop(self.answering.insert(id, false)),
        }
    }

    /// By position, so that each id that was sent stands for everything before it.
    fn in_order(&self) -> Vec<(ConversationId, Position)> {
        let mut last: Vec<_> = self.last.iter().map(|(id, position)| (*id, *position)).collect();
        last.sort_unstable_by_key(|(_, position)| *position);
        last
    }
}

async fn changed(app: &App, id: ConversationId, position: Position) -> Result<Bytes, ApiError> {
    let thread = app.models.thread(id, Some(1), None).await?;
    Ok(match thread {
        Some(thread) => event("conversation", Some(position), &thread.conversation),
        None => event("erased", Some(position), &json!({ "_id": id })),
    })
}

/// One server-sent event. JSON has no raw line ends.
pub(super) fn event(name: &str, id: Option<Position>, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_string(data).expect("what is sent has string keys only, so it is always JSON");
    let id = id.map_or(String::new(), |id| format!("id: {id}\n"));
    format!("event: {name}\n{id}data: {data}\n\n").into()
}

/// A piece of a running answer.
pub(super) fn token(conversation: ConversationId, message: &MessageId, token: &str) -> Bytes {
    event("token", None, &json!({ "conversationId": conversation, "messageId": message, "token": token }))
}
