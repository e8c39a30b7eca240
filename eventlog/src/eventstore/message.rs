//! One event as EventStoreDB stores it: the type of what happened, its JSON as the data, and the rest of the envelope with the hash
//! as the metadata.
//!
//! Architecture invariant: data and metadata joined are byte for byte what was hashed.

use bytes::Bytes;
use chat_schema::{DecodeError, Hash, SealedEvent};
use eventstore::{EventData, RecordedEvent};
use serde::de::Error as _;

use super::names::Names;
use crate::log::{LogError, Position, Recorded};

/// The type of what stands in the places of erased events in a log that was restored, so that numbers and versions stay together.
const ERASED_PLACE: &str = "ErasedPlace";
/// The type of an erasure.
pub(super) const ERASURE: &str = "ConversationErased";

/// What stands in the stored bytes between the rest of the envelope and what happened.
const EVENT: &[u8] = br#","event":"#;
/// What stands in the metadata between the rest of the envelope and the hash.
const HASH: &[u8] = br#","hash":""#;
const HASH_DIGITS: usize = 64;

/// The number of the event with this version: streams count from 0.
pub(super) fn revision(version: u64) -> u64 {
    version.saturating_sub(1)
}

/// The version of the event with this number.
pub(super) fn version(revision: u64) -> u64 {
    revision.saturating_add(1)
}

/// Whether the server tells where in the log an event stands, and that is one number.
pub(super) fn position(event: &RecordedEvent) -> Option<Position> {
    let eventstore::Position { commit, prepare } = event.position;
    (commit == prepare && commit > 0 && commit != u64::MAX).then(|| Position::new(commit))
}

/// The event as it is sent.
///
/// # Errors
/// Its bytes are not those of a sealed event.
pub(super) fn encode(event: &SealedEvent) -> Result<EventData, DecodeError> {
    let happened = serde_json::value::to_raw_value(&event.envelope.event)?;
    let rest = event.bytes.strip_suffix(b"}").and_then(|bytes| bytes.strip_suffix(happened.get().as_bytes()));
    let rest = rest.and_then(|bytes| bytes.strip_suffix(EVENT)).ok_or_else(|| malformed("its event is not its end"))?;
    let metadata = [rest, HASH, event.hash.to_string().as_bytes(), b"\"}"].concat();
    let data = EventData::json(event.envelope.event.name(), &happened)?;
    Ok(data.id(*event.envelope.id.as_uuid()).metadata(Bytes::from(metadata)))
}

/// What stands in the place of an event that was erased before the log was restored.
pub(super) fn erased_place() -> EventData {
    EventData::binary(ERASED_PLACE, Bytes::new())
}

/// Whether it is nothing to be read.
pub(super) fn is_erased_place(event: &RecordedEvent) -> bool {
    event.event_type == ERASED_PLACE
}

/// The hash and the bytes that were stored.
///
/// # Errors
/// The metadata has none.
pub(super) fn join(event: &RecordedEvent) -> Result<(Hash, Box<[u8]>), DecodeError> {
    let joined = || {
        let metadata = event.custom_metadata.strip_suffix(b"\"}")?;
        let (rest, digits) = metadata.split_at_checked(metadata.len().checked_sub(HASH_DIGITS)?)?;
        let bytes = [rest.strip_suffix(HASH)?, EVENT, &event.data, b"}"].concat();
        Some((parse(digits)?, bytes.into()))
    };
    joined().ok_or_else(|| malformed("its metadata is not an envelope with a hash"))
}

/// The event that is stored.
///
/// # Errors
/// It is not an event this release reads, or not the one that belongs there.
pub(super) fn decode(names: &Names, event: &RecordedEvent) -> Result<Recorded, LogError> {
    let position = position(event).ok_or_else(|| {
        LogError::Unavailable(
            "the server does not tell where in the log an event stands: use release 22.10 or newer".into(),
        )
    })?;
    let opened = join(event).and_then(|(hash, bytes)| SealedEvent::open(bytes, hash)).and_then(|opened| {
        let envelope = &opened.envelope;
        let in_place = names.conversation(event.stream_id()) == Some(envelope.conversation_id)
            && version(event.revision) == envelope.version;
        if in_place { Ok(opened) } else { Err(malformed("it is not filed where its bytes say")) }
    });
    match opened {
        Ok(event) => Ok(Recorded { position, event }),
        Err(source) => Err(LogError::Unreadable { position, source }),
    }
}

/// Only as they are written: another spelling of the same hash is a change of what was stored.
fn parse(hexadecimal: &[u8]) -> Option<Hash> {
    let mut bytes = [0; HASH_DIGITS / 2];
    for (byte, digits) in bytes.iter_mut().zip(hexadecimal.chunks_exact(2)) {
        *byte = digit(digits[0])? << 4 | digit(digits[1])?;
    }
    Some(bytes.into())
}

fn digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn malformed(what: &str) -> DecodeError {
    DecodeError::Malformed(serde_json::Error::custom(what))
}
