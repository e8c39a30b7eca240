//! What operators read over the HTTP API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::{Message, Role};
use crate::ids::{ConversationId, EventId, SessionId};

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// The conversation's id.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    #[serde(rename = "_id")]
    pub id: ConversationId,
    /// Same as `createdAt`.
    #[serde(rename = "_creationTime")]
    pub creation_time: u64,
    /// The session it belongs to.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub session_id: SessionId,
    /// Time of the first message, in milliseconds since the Unix epoch.
    pub created_at: u64,
    /// Time of the newest message, in milliseconds since the Unix epoch.
    pub updated_at: u64,
    /// The first 500 characters of the newest message.
    pub last_message: String,
    /// How many messages it has, answers included.
    #[serde(default)]
    pub messages: u64,
    /// Whether the last attempt to answer one of its messages failed.
    #[serde(default)]
    pub failed: bool,
    /// Whether an answer is being written.
    #[serde(default)]
    pub answering: bool,
    /// Why a search found it; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snippet: Option<Snippet>,
}

/// The newest message of a conversation that a search found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Snippet {
    /// `_id` of the message.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub message_id: EventId,
    /// Who spoke.
    pub role: Role,
    /// When, in milliseconds since the Unix epoch.
    pub created_at: u64,
    /// Its text around the first hit, in order. Where it is cut, the first or last part is or ends in an ellipsis.
    pub parts: Vec<SnippetPart>,
}

/// A part of a snippet. Plain text: it may hold whatever a visitor wrote, markup included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SnippetPart {
    /// The text.
    pub text: String,
    /// Whether this is what was searched for.
    pub hit: bool,
}

/// Answer of `GET /v1/admin/conversations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversationPage {
    /// Newest `updatedAt` first; of a search, newest match first.
    pub conversations: Vec<Summary>,
    /// How many conversations there are on all pages.
    pub total: u64,
    /// True when there may be more than `total`: a filtered list is counted up to 10,000, a search page by page. Absent
    /// otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub total_is_lower_bound: bool,
    /// Pass as `cursor` for the next page; null on the last one. A page of a search may have one and still hold fewer
    /// conversations than asked for, or none.
    pub next_cursor: Option<String>,
}

/// Answer of `GET /v1/admin/conversations/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// The conversation.
    pub conversation: Summary,
    /// Its messages, oldest first.
    pub messages: Vec<Message>,
    /// Pass as `cursor` for the messages after these; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// How far apart the figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum StatisticsStep {
    /// An hour.
    Hour,
    /// A day of UTC.
    Day,
}

/// Answer of `GET /v1/admin/statistics`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Statistics {
    /// Begin of the first step, in milliseconds since the Unix epoch.
    pub from: u64,
    /// End of the last step.
    pub to: u64,
    /// How long a step is.
    pub by: StatisticsStep,
    /// Every step, also those in which nothing happened, oldest first.
    pub steps: Vec<Figures>,
    /// All steps together.
    pub total: Figures,
}

/// What happened in a time. Erased conversations are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Begin, in milliseconds since the Unix epoch.
    pub from: u64,
    /// Conversations that began.
    pub conversations: u64,
    /// Messages, answers included.
    pub messages: u64,
    /// Answers, those included that were stopped.
    pub answers: u64,
    /// Attempts at an answer that failed, by reason: `unavailable`, `timed-out`, `filtered`, `empty`, `too-long`,
    /// `abandoned`. Reasons that did not occur are absent.
    pub failures: BTreeMap<String, u64>,
    /// Tokens of the prompts, as far as the model reports them.
    pub prompt_tokens: u64,
    /// Tokens of the answers, as far as the model reports them.
    pub completion_tokens: u64,
    /// From the start of an attempt to its first token; null without a whole answer.
    pub time_to_first_token: Option<Durations>,
    /// From the start of an attempt to its last token; null without a whole answer.
    pub answer_time: Option<Durations>,
}

/// Percentiles of durations, in milliseconds, at most an eighth too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Durations {
    /// How many there are.
    pub count: u64,
    /// Half of them were no longer.
    pub p50: u64,
    /// Nine of ten were no longer.
    pub p90: u64,
    /// 99 of 100 were no longer.
    pub p99: u64,
}
