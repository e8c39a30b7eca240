//! An event on its way into the tables, with what can be worked out before their transaction begins: nothing of it needs
//! the tables, so it is done while earlier events are applied.

use chat_eventlog::{Position, Recorded};
use chat_schema::{Envelope, Event};

use crate::columns::storable;
use crate::search::index;

pub(crate) struct Prepared {
    pub(crate) position: Position,
    pub(crate) envelope: Envelope,
    /// What the index takes for the event's message. Empty if there is none.
    pub(crate) words: String,
}

impl From<Recorded> for Prepared {
    fn from(Recorded { position, event }: Recorded) -> Self {
        let envelope = event.envelope;
        let words = match &envelope.event {
            Event::UserMessaged { content, .. }
            | Event::AssistantReplied { content, .. }
            | Event::ReplyStopped { content, .. } => index::words(number(position), content),
            Event::ReplyStarted { .. }
            | Event::ReplyFailed { .. }
            | Event::MessageRated { .. }
            | Event::ConversationErased { .. }
            | Event::OperatorActed { .. } => String::new(),
        };
        Self { position, envelope, words }
    }
}

/// The number that the message of the event at `position` has in the tables.
pub(crate) fn number(position: Position) -> i64 {
    storable(position.get())
}
