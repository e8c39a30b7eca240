//! How far each conversation is applied. This is what makes redelivery harmless and a gap visible:
//!
//! | the event's version | what is done with it |
//! |---|---|
//! | up to the conversation's | seen before: skipped, so an event may be delivered any number of times |
//! | the next one | applied |
//! | further on, and it is `ConversationErased` | applied: what is missing before it is what was erased |
//! | further on, any other event | a gap: neither it nor anything after it is applied, the runner stops |
//!
//! An event that cannot be read stops the runner like a gap, since nobody knows what it would have changed.

use chat_schema::{Envelope, Event};

/// What to do with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Seen,
    Next,
    Gap { expected: u64 },
}

impl Step {
    /// What to do with the event when its conversation is at `version`.
    pub(crate) fn of(envelope: &Envelope, version: u64) -> Self {
        if envelope.version <= version {
            Self::Seen
        } else if envelope.version == version + 1 || matches!(envelope.event, Event::ConversationErased { .. }) {
            Self::Next
        } else {
            Self::Gap { expected: version + 1 }
        }
    }
}
