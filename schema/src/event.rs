//! What can happen in a conversation, in the shape written today. Older shapes live in `upcast.rs`.

use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::ids::{MessageId, OwnerId, SessionId};
use crate::operator::{Operator, OperatorAct};

/// One fact of a conversation, or of the operators' stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all_fields = "camelCase")]
pub enum Event {
    /// The visitor's message was taken in; also the first attempt at its reply.
    UserMessaged {
        /// The client's id of the message.
        message_id: MessageId,
        /// The session the conversation belongs to.
        session_id: SessionId,
        /// The text, as sent.
        content: String,
        /// The process that generates the reply.
        owner: OwnerId,
    },
    /// A further attempt at a reply that failed before.
    ReplyStarted {
        /// The message that is answered.
        in_reply_to: MessageId,
        /// 2 for the second attempt, and so on.
        attempt: u32,
        /// The process that generates the reply.
        owner: OwnerId,
    },
    /// The assistant's whole answer.
    AssistantReplied {
        /// The message that was answered.
        in_reply_to: MessageId,
        /// The concatenation of all tokens.
        content: String,
        /// The model's name as the upstream reports it, else as configured.
        model: String,
        /// How the upstream said it ended.
        finish_reason: FinishReason,
        /// Tokens used, when the upstream reports them.
        usage: Option<Usage>,
        /// How long it took.
        timings: Timings,
    },
    /// The attempt ended without an answer; nothing of it was kept.
    ReplyFailed {
        /// The message that was not answered.
        in_reply_to: MessageId,
        /// Why.
        reason: FailureReason,
    },
    /// The visitor stopped the answer.
    ReplyStopped {
        /// The message that was being answered.
        in_reply_to: MessageId,
        /// What had been generated until then.
        content: String,
    },
    /// The visitor rated an answer.
    MessageRated {
        /// The message whose answer is rated.
        message_id: MessageId,
        /// The rating; `None` takes it back.
        rating: Option<Rating>,
    },
    /// The conversation's earlier events were erased.
    ConversationErased {
        /// How many events are gone.
        erased_events: u64,
        /// Hash of the last erased event, which this event's hash goes on from.
        head: Hash,
    },
    /// An operator did something. Stands in the stream of [`ConversationId::OPERATORS`](crate::ConversationId::OPERATORS) only.
    OperatorActed {
        /// Who.
        operator: Operator,
        /// What.
        act: OperatorAct,
    },
}

impl Event {
    /// The event's type, as it is stored.
    pub fn name(&self) -> &'static str {
        match self {
            Self::UserMessaged { .. } => "UserMessaged",
            Self::ReplyStarted { .. } => "ReplyStarted",
            Self::AssistantReplied { .. } => "AssistantReplied",
            Self::ReplyFailed { .. } => "ReplyFailed",
            Self::ReplyStopped { .. } => "ReplyStopped",
            Self::MessageRated { .. } => "MessageRated",
            Self::ConversationErased { .. } => "ConversationErased",
            Self::OperatorActed { .. } => "OperatorActed",
        }
    }
}

/// How a complete answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FinishReason {
    /// The model came to its end.
    Stop,
    /// The model reached its token limit.
    Length,
}

/// Why an attempt at a reply gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureReason {
    /// The upstream refused, could not be reached, broke off or sent what is not an answer.
    Unavailable,
    /// One of the upstream's time limits ran out.
    TimedOut,
    /// The upstream's content filter ended the answer.
    Filtered,
    /// The upstream finished without a word.
    Empty,
    /// The answer outgrew the configured size.
    TooLong,
    /// The process that generated the answer is gone.
    Abandoned,
}

/// A visitor's verdict on an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Rating {
    /// Helpful.
    Up,
    /// Not helpful.
    Down,
}

/// Model tokens, as the upstream counts them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
}

/// Durations of one attempt, measured from its start, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timings {
    /// Until the first token.
    pub first_token_ms: u64,
    /// Until the last one.
    pub total_ms: u64,
}
