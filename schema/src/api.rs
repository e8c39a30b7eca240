//! The messages of the HTTP API (contract, section 2).

use serde::{Deserialize, Serialize};

use crate::event::Rating;
use crate::ids::{ConversationId, EventId, MessageId, SessionId};

/// Longest message of a visitor, in Unicode scalar values.
pub const MAX_TEXT_CHARS: usize = 4000;

/// Why a text is not a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 4000 characters, not only white space, without NUL")]
pub struct InvalidText;

/// A visitor's text: 1–4000 Unicode scalar values, not only white space, no NUL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, min_length = 1, max_length = 4000, pattern = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"))]
#[serde(try_from = "String", into = "String")]
pub struct MessageText(String);

impl MessageText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MessageText {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        let valid = text.chars().count() <= MAX_TEXT_CHARS && !text.trim().is_empty() && !text.contains('\0');
        if valid { Ok(Self(text)) } else { Err(InvalidText) }
    }
}

impl From<MessageText> for String {
    fn from(text: MessageText) -> Self {
        text.0
    }
}

/// Body of the chat routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatRequest {
    /// The client's name for its conversation.
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[A-Za-z0-9._:-]{1,128}$"))]
    pub session_id: SessionId,
    /// What the visitor says.
    pub message: MessageText,
    /// Sending the same id again never stores or answers twice.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._:-]{1,128}$"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
}

/// Answer of `POST /v1/chat`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ChatReply {
    /// The conversation.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub conversation_id: ConversationId,
    /// The whole answer.
    pub message: String,
    /// True when the visitor stopped the answer; absent otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
}

/// One line of the NDJSON stream. Exactly one of `done` and `error` ends a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum StreamLine<'a> {
    /// The visitor's message is durable.
    Start {
        /// The conversation.
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        #[serde(rename = "conversationId")]
        conversation_id: ConversationId,
    },
    /// The next piece of the answer.
    Token {
        /// The piece.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        token: std::borrow::Cow<'a, str>,
    },
    /// The whole answer is durable.
    Done {
        /// The concatenation of all tokens.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        message: std::borrow::Cow<'a, str>,
        /// The conversation.
        #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
        #[serde(rename = "conversationId")]
        conversation_id: ConversationId,
        /// True when the visitor stopped the answer; absent otherwise.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stopped: bool,
    },
    /// There is no answer; the same `messageId` may be sent again.
    Error {
        /// What a visitor may read.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        error: std::borrow::Cow<'a, str>,
        /// Stable, kebab-case.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        code: std::borrow::Cow<'a, str>,
    },
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The visitor.
    User,
    /// The model.
    Assistant,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MessageStatus {
    /// Whole.
    Complete,
    /// An answer the visitor stopped.
    Stopped,
    /// A visitor's message whose last attempt at an answer failed.
    Failed,
}

/// A message of a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Id of the event that brought it.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    #[serde(rename = "_id")]
    pub id: EventId,
    /// Same as `createdAt`.
    #[serde(rename = "_creationTime")]
    pub creation_time: u64,
    /// Its conversation.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub conversation_id: ConversationId,
    /// Who speaks.
    pub role: Role,
    /// The text.
    pub content: String,
    /// Milliseconds since the Unix epoch.
    pub created_at: u64,
    /// What became of it.
    pub status: MessageStatus,
    /// The visitor's verdict on an answer.
    pub rating: Option<Rating>,
}

/// Answer of `GET /v1/sessions/{sessionId}/messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// The session's conversation, also before its first message.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uuid"))]
    pub conversation_id: ConversationId,
    /// The newest 200 messages, oldest first. An answer that is still being generated is not among them.
    pub messages: Vec<HistoryMessage>,
    /// The message that is being answered: sending it again attaches to its answer.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub running: Option<RunningMessage>,
}

/// A message of a visitor's own history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct HistoryMessage {
    /// The message.
    #[serde(flatten)]
    pub message: Message,
    /// `messageId` of the visitor's message, on that and on the answer to it: what a retry, a stop and a rating name.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub message_id: MessageId,
}

/// The message that is being answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct RunningMessage {
    /// Its `messageId`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub message_id: MessageId,
}

/// Body of a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RatingRequest {
    /// The verdict; null takes it back.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub rating: Option<Rating>,
}

/// Answer of `GET /health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    /// Always `ok`.
    pub status: String,
}

/// Body of every error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// What went wrong, for people.
    pub error: String,
    /// What went wrong, for programs: stable, kebab-case.
    pub code: String,
    /// Also in the `x-request-id` header; names the request in the server's log.
    pub request_id: String,
    /// In development, one entry a field of an invalid body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<FieldError>,
}

/// What is wrong with one field of a request body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name; `body` when it is not JSON at all.
    pub field: String,
    /// What is wrong, and what is accepted.
    pub problem: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_in_scalar_values() {
        assert!(MessageText::try_from("\u{1F980}".repeat(4000)).is_ok());
        assert_eq!(MessageText::try_from("\u{1F980}".repeat(4001)), Err(InvalidText));
    }

    #[test]
    fn empty_blank_and_nul_texts_are_refused() {
        for text in ["", "  \n\t", "\u{3000}", "a\0b"] {
            assert_eq!(MessageText::try_from(text.to_owned()), Err(InvalidText), "{text:?}");
        }
    }
}
