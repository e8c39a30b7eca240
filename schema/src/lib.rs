//! The words every part of Open Chat Widget shares: events and their envelope, ids, and the messages of the HTTP API.
//!
//! Architecture invariant: plain data and pure functions only. No I/O, no clock, no randomness; builds for wasm.

mod api;
mod envelope;
mod event;
mod hash;
mod ids;
mod upcast;

pub use api::{
    ChatReply, ChatRequest, ConversationPage, ErrorBody, FieldError, Health, History, HistoryMessage, InvalidText,
    MAX_TEXT_CHARS, Message, MessageStatus, MessageText, RatingRequest, Role, RunningMessage, StreamLine, Summary,
    Thread,
};
pub use envelope::{Envelope, Head, SealedEvent};
pub use event::{Event, FailureReason, FinishReason, Rating, Timings, Usage};
pub use hash::Hash;
pub use ids::{ConversationId, EventId, InvalidId, MessageId, OwnerId, SessionId};
pub use upcast::{DecodeError, SCHEMA_VERSION};
