//! The envelope of an event and its sealed, stored form: the bytes that are hashed, and the hash.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::event::Event;
use crate::hash::Hash;
use crate::ids::{ConversationId, EventId};
use crate::upcast::{self, DecodeError, SCHEMA_VERSION};

/// An event and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// The event's own id.
    pub id: EventId,
    /// The conversation it happened in.
    pub conversation_id: ConversationId,
    /// 1, 2, 3… within its conversation.
    pub version: u64,
    /// When it was recorded, in milliseconds since the Unix epoch.
    pub recorded_at: u64,
    /// The shape its bytes were written in.
    pub schema_version: u16,
    /// What happened.
    pub event: Event,
}

/// The end of a conversation's chain: what the next event follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Version of the last event; 0 before the first.
    pub version: u64,
    /// Hash of the last event.
    pub hash: Hash,
    /// When the last event was recorded.
    pub recorded_at: u64,
}

impl Head {
    /// The head of a conversation without events.
    pub const EMPTY: Self = Self { version: 0, hash: Hash::ZERO, recorded_at: 0 };
}

/// An event with the bytes a log stores for it and their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEvent {
    /// The decoded bytes.
    pub envelope: Envelope,
    /// The stored bytes: the envelope as JSON. Once stored they are never written again in another form.
    pub bytes: Box<[u8]>,
    /// SHA-256 over the previous event's hash and `bytes`.
    pub hash: Hash,
}

/// An envelope with an event of some version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredEnvelope<'a> {
    id: EventId,
    conversation_id: ConversationId,
    version: u64,
    recorded_at: u64,
    schema_version: u16,
    #[serde(borrow)]
    event: &'a RawValue,
}

impl Envelope {
    fn of_any_version(bytes: &[u8]) -> Result<Self, DecodeError> {
        let stored: StoredEnvelope<'_> = serde_json::from_slice(bytes)?;
        Ok(Self {
            id: stored.id,
            conversation_id: stored.conversation_id,
            version: stored.version,
            recorded_at: stored.recorded_at,
            schema_version: stored.schema_version,
            event: upcast::decode(stored.schema_version, stored.event)?,
        })
    }
}

impl SealedEvent {
    /// Seals `event` as the next one after `head`. Time does not run backwards in a conversation: where the clock was set back,
    /// the event gets the time of the one before.
    pub fn seal(head: Head, conversation_id: ConversationId, id: EventId, recorded_at: u64, event: Event) -> Self {
        let version = head.version + 1;
        let recorded_at = recorded_at.max(head.recorded_at);
        let envelope = Envelope { id, conversation_id, version, recorded_at, schema_version: SCHEMA_VERSION, event };
        let bytes: Box<[u8]> =
            serde_json::to_vec(&envelope).expect("an envelope has string keys only, so it is always JSON").into();
        let hash = Hash::link(&head.hash, &bytes);
        Self { envelope, bytes, hash }
    }

    /// Decodes what a log stored. Does not check the chain: see [`follows`](Self::follows).
    ///
    /// # Errors
    /// The bytes are not an event this release reads.
    pub fn open(bytes: Box<[u8]>, hash: Hash) -> Result<Self, DecodeError> {
        // Nearly all are of today's shape, and read in one pass.
        let envelope = match serde_json::from_slice::<Envelope>(&bytes) {
            Ok(envelope) if envelope.schema_version == SCHEMA_VERSION => envelope,
            _ => Envelope::of_any_version(&bytes)?,
        };
        Ok(Self { envelope, bytes, hash })
    }

    /// The head of the chain that ends with this event.
    pub fn head(&self) -> Head {
        Head { version: self.envelope.version, hash: self.hash, recorded_at: self.envelope.recorded_at }
    }

    /// Whether this event is the untouched successor of `head`.
    pub fn follows(&self, head: Head) -> bool {
        self.envelope.version == head.version + 1 && self.hash == Hash::link(&head.hash, &self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_event_is_never_recorded_before_the_one_it_follows() {
        let first = sealed(Head { recorded_at: 5, ..Head::EMPTY }, "the clock says 1");
        assert_eq!(first.envelope.recorded_at, 5);
    }

    fn sealed(head: Head, content: &str) -> SealedEvent {
        let conversation = ConversationId::of(&"s".parse().unwrap());
        let event = Event::UserMessaged {
            message_id: "m".parse().unwrap(),
            session_id: "s".parse().unwrap(),
            content: content.into(),
            owner: Uuid::nil().into(),
        };
        SealedEvent::seal(head, conversation, Uuid::nil().into(), 1, event)
    }

    #[test]
    fn what_was_sealed_opens_again() {
        let event = sealed(Head::EMPTY, "hello \u{1F980}");
        assert_eq!(SealedEvent::open(event.bytes.clone(), event.hash).unwrap(), event);
    }

    #[test]
    fn a_changed_dropped_or_reordered_event_breaks_the_chain() {
        let first = sealed(Head::EMPTY, "one");
        let second = sealed(first.head(), "two");
        let third = sealed(second.head(), "three");
        assert!(first.follows(Head::EMPTY) && second.follows(first.head()) && third.follows(second.head()));

        assert!(!third.follows(first.head()), "dropped");
        assert!(!first.follows(second.head()), "reordered");
        let mut changed = second.clone();
        changed.bytes = String::from_utf8(changed.bytes.into()).unwrap().replace("two", "2wo").into_bytes().into();
        assert!(!changed.follows(first.head()), "changed");
    }
}
