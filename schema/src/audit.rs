//! The messages of the API's routes for auditors: stored events, exports, erasures, what operators did.

use serde::{Deserialize, Serialize};

use crate::admin::Thread;
use crate::envelope::Envelope;
use crate::hash::Hash;
use crate::ids::{ConversationId, EventId};
use crate::operator::{Operator, OperatorAct};

/// An event as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoredEvent {
    /// Its place in the whole log.
    pub position: u64,
    /// Its conversation.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "uuid"))]
    pub conversation_id: Option<ConversationId>,
    /// 1, 2, 3… within its conversation.
    pub version: Option<u64>,
    /// Milliseconds since the Unix epoch; null if it cannot be read.
    pub recorded_at: Option<u64>,
    /// What happened; null if it cannot be read.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    /// SHA-256 of the previous event's hash and `bytes`, in hexadecimal digits.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub hash: Hash,
    /// Whether it follows the event before it: neither was changed, and none is missing in between.
    pub verified: bool,
    /// The stored bytes, which are the event's envelope in JSON.
    pub bytes: String,
}

/// Answer of `GET /v1/admin/conversations/{id}/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversationEvents {
    /// The conversation.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub conversation_id: ConversationId,
    /// All of its events that are there, in order; with `at`, those up to that version.
    pub events: Vec<StoredEvent>,
    /// With `at`: the thread as it was then; null if it had no messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
}

/// One line of an export as NDJSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportLine<'a> {
    /// Its place in the whole log.
    pub position: u64,
    /// Its link in the conversation's hash chain.
    pub hash: Hash,
    /// The event and what is known about it.
    #[serde(flatten)]
    pub envelope: &'a Envelope,
}

/// Answer of `POST /v1/admin/conversations/{id}/erase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Erasure {
    /// The conversation.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub conversation_id: ConversationId,
    /// How many events are gone; 0 if they were gone before.
    pub erased_events: u64,
    /// Whether this server's read models are rid of it as well. Otherwise they will be shortly: see `GET /ready`.
    pub read_models_erased: bool,
}

/// Something an operator did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OperatorEvent {
    /// Id of the event.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub id: EventId,
    /// 1, 2, 3… in the operators' stream.
    pub version: u64,
    /// Milliseconds since the Unix epoch.
    pub recorded_at: u64,
    /// Who.
    pub operator: Operator,
    /// What.
    pub act: OperatorAct,
}

/// Answer of `GET /v1/admin/operators/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct OperatorEventPage {
    /// Newest first.
    pub events: Vec<OperatorEvent>,
    /// Pass as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
}
