//! The words every part of Open Chat Widget shares: events and their envelope, ids, and the messages of the HTTP API.
//!
//! Architecture invariant: plain data and pure functions only. No I/O, no clock, no randomness; builds for wasm.

mod admin;
mod api;
mod audit;
mod envelope;
mod event;
mod hash;
mod ids;
mod operator;
#[cfg(feature = "samples")]
pub mod samples;
mod session;
mod system;
mod upcast;

pub use admin::{
    ConversationPage, Durations, Figures, Snippet, SnippetPart, Statistics, StatisticsStep, Summary, Thread,
};
pub use api::{
    ChatReply, ChatRequest, ErrorBody, FieldError, Health, History, HistoryMessage, InvalidText, MAX_TEXT_CHARS,
    Message, MessageStatus, MessageText, RatingRequest, Role, RunningMessage, StreamLine,
};
pub use audit::{ConversationEvents, Erasure, ExportLine, OperatorEvent, OperatorEventPage, StoredEvent};
pub use envelope::{Envelope, Head, SealedEvent};
pub use event::{Event, FailureReason, FinishReason, Rating, Timings, Usage};
pub use hash::Hash;
pub use ids::{ConversationId, EventId, InvalidId, MessageId, OperatorSessionId, OwnerId, SessionId};
pub use operator::{ErasedConversation, ExportFormat, Operator, OperatorAct};
pub use session::{Session, SignIn};
pub use system::{System, SystemAssistant, SystemLog, SystemProjections, SystemReplies, SystemSetting};
pub use upcast::{DecodeError, SCHEMA_VERSION};
