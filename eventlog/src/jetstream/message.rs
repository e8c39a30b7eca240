//! One message of the stream: the events of one append, a line each.
//!
//! A line is `<hash in 64 hexadecimal digits> <stored bytes>\n`. The stored bytes are JSON on one line, so no byte of them has
//! to be escaped, and what is read is byte for byte what was hashed.

use bytes::{BufMut, Bytes, BytesMut};
use chat_schema::{DecodeError, Hash, SealedEvent};
use serde::de::Error as _;

use crate::log::{LogError, Position, Recorded};

/// Events in one message at most: their index is the low byte of a position.
pub(super) const MAX_EVENTS: usize = 1 << INDEX_BITS;
const INDEX_BITS: u32 = 8;

/// Bytes of a line beside the stored ones.
pub(super) const LINE_OVERHEAD: usize = HASH + 2;
const HASH: usize = 64;

/// The position of the event with this index in the message with this sequence.
pub(super) fn position(sequence: u64, index: usize) -> Position {
    Position::new((sequence << INDEX_BITS) | index as u64)
}

/// The sequence of the message that an event stands in.
pub(super) fn sequence(position: Position) -> u64 {
    position.get() >> INDEX_BITS
}

/// The payload for these events.
pub(super) fn encode(events: &[SealedEvent]) -> Bytes {
    let length = events.iter().map(|event| event.bytes.len() + LINE_OVERHEAD).sum();
    let mut payload = BytesMut::with_capacity(length);
    for event in events {
        debug_assert!(!event.bytes.contains(&b'\n'), "stored JSON has no raw line end");
        payload.put_slice(event.hash.to_string().as_bytes());
        payload.put_u8(b' ');
        payload.put_slice(&event.bytes);
        payload.put_u8(b'\n');
    }
    payload.freeze()
}

/// The events of a payload.
///
/// # Errors
/// The first event that this release cannot read.
pub(super) fn decode(sequence: u64, payload: &[u8]) -> Vec<Result<Recorded, LogError>> {
    let event = |(index, line)| {
        let position = position(sequence, index);
        let opened = split(line).and_then(|(hash, bytes)| SealedEvent::open(bytes.into(), hash));
        match opened {
            Ok(event) => Ok(Recorded { position, event }),
            Err(source) => Err(LogError::Unreadable { position, source }),
        }
    };
    lines(payload).enumerate().map(event).collect()
}

/// The lines of a payload, one an event.
pub(super) fn lines(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    payload.strip_suffix(b"\n").unwrap_or(payload).split(|byte| *byte == b'\n')
}

/// The hash and the stored bytes of a line.
pub(super) fn split(line: &[u8]) -> Result<(Hash, &[u8]), DecodeError> {
    let parts = line.split_at_checked(HASH).and_then(|(hash, rest)| Some((parse(hash)?, rest.strip_prefix(b" ")?)));
    parts.ok_or_else(|| DecodeError::Malformed(serde_json::Error::custom("not a line of hash and event")))
}

/// Only as they are written: another spelling of the same hash is a change of what was stored.
fn parse(hexadecimal: &[u8]) -> Option<Hash> {
    let mut bytes = [0; HASH / 2];
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::Author;

    #[test]
    fn a_message_holds_its_events_byte_for_byte_at_positions_that_increase() {
        let events = Author::new().events(MAX_EVENTS);
        let decoded: Vec<Recorded> = decode(7, &encode(&events)).into_iter().map(Result::unwrap).collect();
        assert!(decoded.is_sorted_by(|one, next| one.position < next.position));
        assert!(decoded.iter().all(|recorded| sequence(recorded.position) == 7));
        assert!(decoded.last().unwrap().position < position(8, 0));
        assert_eq!(decoded.into_iter().map(|recorded| recorded.event).collect::<Vec<_>>(), events);
    }

    #[test]
    fn what_is_not_an_event_is_named_by_its_position_and_spoils_no_other() {
        let events = Author::new().events(2);
        let lines = encode(&events);
        let second = lines.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for spoiled in [b"", &b"hello"[..], &[b'z'; 70], &[0xff; 70], "0".repeat(64).as_bytes(), &[b'0'; 66]] {
            let payload = [&lines[..second], spoiled, b"\n"].concat();
            let decoded = decode(3, &payload);
            assert_eq!(decoded.len(), 2, "{spoiled:?}");
            assert_eq!(decoded[0].as_ref().unwrap().event, events[0]);
            assert!(matches!(&decoded[1], Err(LogError::Unreadable { position, .. }) if position.get() == 0x301));
        }
    }
}
