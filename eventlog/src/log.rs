//! The log port.

use std::fmt;

use async_trait::async_trait;
use chat_schema::{ConversationId, DecodeError, Event, SealedEvent};
use futures_util::stream::BoxStream;
use uuid::Uuid;

/// A place in the whole log. Later events have greater positions; nothing else may be read from the number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(u64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// The position a backend or a checkpoint stored as `number`.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number to store.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which log this is: made when the log is created and never changed, so that a checkpoint of another log is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogIdentity(pub Uuid);

/// An event and where it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the whole log.
    pub position: Position,
    /// The event, with its stored bytes.
    pub event: SealedEvent,
}

/// What became of an append. There is no other outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Append {
    /// Durable; the last event stands at this position.
    Appended(Position),
    /// Nothing was written: the conversation is not at the expected version.
    Conflict {
        /// The version the caller expected.
        expected: u64,
        /// The version the conversation has.
        actual: u64,
    },
    /// It may or may not have been stored. Only [`append_settled`](crate::append_settled) can tell; a read cannot.
    Unknown,
    /// Nothing was written: the log cannot take anything now.
    Unavailable,
}

/// Whether these events may be the first of a conversation.
pub(crate) fn may_begin(expected: u64, events: &[SealedEvent]) -> bool {
    let erased = events.first().and_then(|first| match first.envelope.event {
        Event::ConversationErased { erased_events, .. } => Some(erased_events),
        _ => None,
    });
    expected == erased.unwrap_or(0)
}

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The log cannot be reached now; the same call may succeed later.
    #[error("the event log cannot be read: {0}")]
    Unavailable(String),
    /// An event is not in a form this release reads. Repeating the call does not help.
    #[error("event at position {position} cannot be read: {source}")]
    Unreadable {
        /// Where it stands.
        position: Position,
        /// What is wrong with it.
        source: DecodeError,
    },
}

/// Events in the order of the log, without gap or double. Ends only with an error or when the log is closed.
pub type Subscription = BoxStream<'static, Result<Recorded, LogError>>;

/// An append-only log of events: one stream of versions a conversation, one order over all of them.
#[async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends `events`, all or none, if the conversation is at version `expected` (0: it has no events yet).
    ///
    /// The events are sealed one on the other, the first on version `expected`, and belong to `conversation`; there are at most
    /// 256 of them. `Appended` comes only once they are durable. Repeating an append that was stored answers `Appended` again
    /// and stores nothing, whatever came after it. An append without events stores nothing but still checks the expectation.
    ///
    /// In a log that is restored, an erased conversation begins with its [`ConversationErased`](chat_schema::Event::ConversationErased):
    /// `expected` is then the number of events it erased, and the conversation has none.
    async fn append(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Append;

    /// The events of one conversation with a version above `after`, in order.
    ///
    /// # Errors
    /// The log is away, or holds what this release cannot read.
    async fn read(&self, conversation: ConversationId, after: u64) -> Result<Vec<Recorded>, LogError>;

    /// Deletes the stored bytes of everything that `erasure` erases: a [`ConversationErased`](chat_schema::Event::ConversationErased)
    /// that was appended before, and all events of its conversation before it. When this returns, nothing of them can be read any
    /// more, in the log's files neither, as far as a backend's documentation does not say otherwise. Until then readers see the
    /// events from the first on up to any of them, and then the erasure; a subscription that another server of a cluster serves may do so
    /// for a moment longer. Repeating it is harmless.
    ///
    /// # Errors
    /// The log is away, or holds no such erasure. Some of the events may be gone: the call is to be repeated.
    async fn erase(&self, erasure: &SealedEvent) -> Result<(), LogError>;

    /// Every event after `after`: first what is there, then what comes.
    fn subscribe(&self, after: Position) -> Subscription;

    /// Position of the last event, [`Position::START`] when there is none.
    ///
    /// # Errors
    /// The log is away.
    async fn end(&self) -> Result<Position, LogError>;

    /// Which log this is.
    fn identity(&self) -> LogIdentity;

    /// False while the log is known not to take appends: from a failed append until one succeeds again.
    fn is_available(&self) -> bool;

    /// For the end of a process that stops in order: leaves the log's files as whoever copies them expects them. Nothing is lost
    /// without it.
    async fn close(&self) {}
}
