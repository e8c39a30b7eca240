//! Exports: every event of a conversation, or of a time, as lines. Whatever there is to export, a piece of it is in memory.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use chat_eventlog::{LogError, Position, Recorded};
use chat_schema::{ConversationId, ErrorBody, ExportFormat, OperatorAct};
use futures_util::{Stream, StreamExt, stream};
use serde::Deserialize;

use super::events::{conversation, read, unreadable};
use super::query;
use crate::app::State;
use crate::audit;
use crate::error::ApiError;
use crate::keys::AdminCaller;
use crate::openapi::AdminErrors;

/// Events in one piece of a body.
const CHUNK: usize = 256;

/// Query of the export of a conversation.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConversationExportQuery {
    /// `ndjson` (default), or `csv`, a table in which no cell is taken for a formula.
    #[param(inline)]
    format: Option<ExportFormat>,
}

/// Query of the export of a time.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// Begin: milliseconds since the Unix epoch, or RFC 3339.
    from: Option<String>,
    /// End, not included: milliseconds since the Unix epoch, or RFC 3339.
    to: Option<String>,
    /// `ndjson` (default), or `csv`, a table in which no cell is taken for a formula.
    #[param(inline)]
    format: Option<ExportFormat>,
}

/// Writes every event of a conversation, one a line, with what was said.
#[utoipa::path(
    get, path = "/v1/admin/conversations/{conversationId}/export", tag = "Audit", operation_id = "exportConversation",
    params(("conversationId" = String, Path, format = "uuid", description = "`_id` of the conversation"), ConversationExportQuery),
    security(("AdminKey" = []), ("Session" = [])),
    responses(
        (status = 200, description = "The events", content((String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 400, body = ErrorBody, description = "`Invalid conversationId` or `Invalid query parameters`"),
        (status = 404, body = ErrorBody, description = "`Conversation not found`"),
        AdminErrors,
    )
)]
pub(crate) async fn export_conversation(
    app: State,
    caller: AdminCaller,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = conversation(&id)?;
    let format = query::<ConversationExportQuery>(&request)?.format.unwrap_or(ExportFormat::Ndjson);
    let recorded = read(&app, id).await?;
    let act = OperatorAct::ConversationsExported { conversation: Some(id), from: None, to: None, format };
    app.services.record(caller.operator, act).await?;
    Ok(response(format, &id.to_string(), stream::iter(recorded.into_iter().map(Ok)), |_| true))
}

/// Writes every event of a time, one a line, with what was said; without a time, all there are.
///
/// A body that ends early without the end of its encoding was cut, since the log was away.
#[utoipa::path(
    get, path = "/v1/admin/export", tag = "Audit", operation_id = "exportConversations",
    params(ExportQuery), security(("AdminKey" = []), ("Session" = [])),
    responses(
        (status = 200, description = "The events", content((String = "application/x-ndjson"), (String = "text/csv"))),
        (status = 400, body = ErrorBody, description = "`Invalid query parameters`"),
        AdminErrors,
    )
)]
pub(crate) async fn export(app: State, caller: AdminCaller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let asked: ExportQuery = query(&request)?;
    let format = asked.format.unwrap_or(ExportFormat::Ndjson);
    let (from, to) = (time(asked.from.as_deref())?, time(asked.to.as_deref())?);
    let act = OperatorAct::ConversationsExported { conversation: None, from, to, format };
    // Also the end: everything acknowledged by now is before it, and nothing ever takes it away. Not exported itself.
    let end = app.services.record(caller.operator, act).await?.position;
    let events = before(app.log.subscribe(Position::START), end);
    Ok(response(format, "conversations", events, move |recorded| {
        let envelope = &recorded.event.envelope;
        let at = envelope.recorded_at;
        envelope.conversation_id != ConversationId::OPERATORS
            && from.is_none_or(|from| at >= from)
            && to.is_none_or(|to| at < to)
    }))
}

fn time(text: Option<&str>) -> Result<Option<u64>, ApiError> {
    text.filter(|text| !text.is_empty()).map(audit::parse_time).transpose().map_err(|_| ApiError::InvalidQuery)
}

/// The events before the one at `end`. A log is followed without end, so it must not take another event to see that this was all.
fn before(events: chat_eventlog::Subscription, end: Position) -> impl Stream<Item = Result<Recorded, LogError>> {
    events.take_while(move |next| std::future::ready(next.as_ref().map_or(true, |next| next.position < end)))
}

/// A streamed body, pulled by whoever reads it.
fn response(
    format: ExportFormat,
    name: &str,
    events: impl Stream<Item = Result<Recorded, LogError>> + 'static,
    wanted: impl Fn(&Recorded) -> bool + 'static,
) -> HttpResponse {
    let (media, extension, head) = match format {
        ExportFormat::Ndjson => ("application/x-ndjson; charset=utf-8", "ndjson", vec![]),
        ExportFormat::Csv => ("text/csv; charset=utf-8; header=present", "csv", audit::csv_head()),
    };
    let lines = events.ready_chunks(CHUNK).map(move |chunk| lines(format, chunk, &wanted));
    let body = stream::iter([Ok(Bytes::from(head))])
        .chain(lines)
        .filter(|piece| std::future::ready(piece.as_ref().map_or(true, |piece| !piece.is_empty())));
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static(media)))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{extension}\"")))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(body)
}

/// An error ends the body before its end, which clients notice.
fn lines(
    format: ExportFormat,
    events: Vec<Result<Recorded, LogError>>,
    wanted: impl Fn(&Recorded) -> bool,
) -> Result<Bytes, ApiError> {
    let mut piece = Vec::new();
    for next in events {
        let recorded = next.map_err(|error| unreadable(&error))?;
        if wanted(&recorded) {
            let Recorded { position, event } = &recorded;
            piece.extend(match format {
                ExportFormat::Ndjson => audit::ndjson_line(*position, event.hash, &event.envelope),
                ExportFormat::Csv => audit::csv_row(*position, &event.envelope),
            });
        }
    }
    Ok(piece.into())
}
