//! The lines of a backup: what it is, the events in the order of the log, and what the log held.

use chat_eventlog::archive::Stored;
use chat_schema::{DecodeError, Hash, SealedEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Raised when an older release could not read what this one writes.
pub(super) const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct First {
    /// The format of what follows.
    pub(super) open_chat_backup: u32,
    /// When it was begun, RFC 3339.
    pub(super) made_at: String,
    /// The version of `open-chat` that wrote it.
    pub(super) made_by: String,
}

/// The line of an event: its hash and its stored bytes, which are JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventLine<'a> {
    hash: Hash,
    #[serde(borrow)]
    event: &'a RawValue,
}

/// The last line, without which the file is only a part of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Last {
    /// How many events.
    pub(super) events: u64,
    /// Of the last one, in the log they are from.
    pub(super) position: u64,
    /// How many conversations, the operators' stream included.
    pub(super) conversations: u64,
    /// Over all heads, as `audit verify` prints it.
    pub(super) digest: Hash,
}

impl<'a> EventLine<'a> {
    /// `None`: the bytes are not JSON on one line, so that a line would not hold all of them.
    pub(super) fn of(stored: &'a Stored) -> Option<Self> {
        let event: &RawValue = serde_json::from_slice(&stored.bytes).ok()?;
        let whole = event.get().as_bytes() == &*stored.bytes && !stored.bytes.contains(&b'\n');
        whole.then_some(Self { hash: stored.hash, event })
    }

    /// The event that was stored.
    ///
    /// # Errors
    /// It is not one that this release reads.
    pub(super) fn open(&self) -> Result<SealedEvent, DecodeError> {
        SealedEvent::open(self.event.get().as_bytes().into(), self.hash)
    }
}

#[cfg(test)]
mod tests {
    use chat_eventlog::Position;

    use super::*;

    fn stored(bytes: &[u8]) -> Stored {
        let hash = Hash::link(&Hash::ZERO, bytes);
        Stored { position: Position::new(1), conversation: None, version: None, hash, bytes: bytes.into() }
    }

    #[test]
    fn a_line_holds_the_stored_bytes_whatever_way_they_are_written_in() {
        let bytes = r#"{"z": 1.50,"a":"ü\u00fc\\","a":[ ]}"#.as_bytes();
        let stored = stored(bytes);
        let line = serde_json::to_string(&EventLine::of(&stored).unwrap()).unwrap();
        let read: EventLine<'_> = serde_json::from_str(&line).unwrap();
        assert_eq!((read.event.get().as_bytes(), read.hash), (bytes, stored.hash));
    }

    #[test]
    fn bytes_that_a_line_would_change_or_cut_make_no_line() {
        for bytes in [&b"hello"[..], b" {}", b"{}\n", b"{\n}", b"{} {}", b"", &[0xff]] {
            assert!(EventLine::of(&stored(bytes)).is_none(), "{}", bytes.escape_ascii());
        }
    }
}
