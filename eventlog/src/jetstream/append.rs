//! Appending: one message, accepted by the server only on top of the message that the caller built on.
//!
//! Architecture invariant: no answer of a server but a clean acknowledgement is taken at its word. Which of its checks comes
//! first, for repetition or for place, differs by version and topology, and a cluster refuses some appends it has taken. What
//! is stored decides.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::publish::PublishAck;
use chat_schema::{ConversationId, SealedEvent};
use tokio::time::sleep;

use super::api::{Api, Fault};
use super::health::Health;
use super::heads::{Head, Heads};
use super::message;
use super::reader::Reader;
use crate::log::{Append, LogError, Position, Recorded};

/// Pauses before an append that the server refused, though nothing speaks against it, is sent again.
const PAUSES_MS: [u64; 5] = [5, 10, 20, 40, 80];

/// Appends to the stream.
pub(super) struct Appender {
    api: Api,
    heads: Arc<Heads>,
    reader: Reader,
    health: Arc<Health>,
}

/// What became of a message that was sent.
#[derive(Debug, PartialEq, Eq)]
enum Sent {
    /// It is stored at this sequence.
    Stored(u64),
    /// It was not stored now, but the same message may have been before.
    Doubtful,
    /// Nobody knows.
    Unknown,
    /// It was not stored: it is too large.
    TooLarge,
    /// It was not stored: the server has no room.
    Refused,
    /// It was not stored: no server took it.
    Nowhere,
}

/// What the log holds where an append wants to go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing yet: the message before it has this sequence.
    Free(u64),
    /// These very events, the last of them at this position.
    Taken(Position),
    /// Other events, or it is beyond the end: the conversation is at this version.
    Conflict(u64),
}

impl Appender {
    pub(super) fn new(api: Api, heads: Arc<Heads>, reader: Reader, health: Arc<Health>) -> Self {
        Self { api, heads, reader, health }
    }

    /// [`EventLog::append`](crate::EventLog::append).
    pub(super) async fn append(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Append {
        if !self.health.is_reachable() {
            return Append::Unavailable;
        }
        let Some(last) = events.last() else { return self.check(conversation, expected).await };
        let payload = message::encode(events);
        if !self.fits(events.len(), payload.len()) {
            return Append::Unavailable;
        }
        let id = format!("{conversation}:{}", last.envelope.id);
        let mut sequence = match self.heads.known(conversation).filter(|known| known.version == expected) {
            Some(known) => known.sequence,
            // The server compares: that spares every new conversation a look-up.
            None if expected == 0 => 0,
            None => match self.place(conversation, expected, events).await {
                Ok(Place::Free(sequence)) => sequence,
                Ok(place) => return settled(&place, expected),
                Err(error) => return unreadable(&error, Append::Unavailable),
            },
        };
        for pause in PAUSES_MS {
            let sent = self.api.publish(self.api.subject(conversation), &id, sequence, payload.clone()).await;
            match self.judge(sent) {
                Sent::Stored(sequence) => return self.stored(conversation, expected, events.len(), sequence),
                Sent::Doubtful => {}
                Sent::Unknown => return Append::Unknown,
                Sent::TooLarge | Sent::Refused | Sent::Nowhere => return Append::Unavailable,
            }
            match self.place(conversation, expected, events).await {
                Ok(Place::Free(again)) => sequence = again,
                Ok(place) => return settled(&place, expected),
                Err(error) => return unreadable(&error, Append::Unknown),
            }
            sleep(Duration::from_millis(pause)).await;
        }
        Append::Unknown
    }

    /// An append without events.
    async fn check(&self, conversation: ConversationId, expected: u64) -> Append {
        match self.reader.head(conversation).await {
            Ok(None) if expected == 0 => Append::Appended(Position::START),
            Ok(Some(head)) if head.last() == expected => {
                Append::Appended(message::position(head.sequence, head.events.len() - 1))
            }
            Ok(head) => Append::Conflict { expected, actual: head.map_or(0, |head| head.last()) },
            Err(error) => unreadable(&error, Append::Unavailable),
        }
    }

    fn fits(&self, events: usize, bytes: usize) -> bool {
        let most = self.api.connection().client().max_payload();
        let fits = events <= message::MAX_EVENTS && bytes + Api::HEADERS <= most;
        if !fits {
            tracing::error!(events, bytes, max_payload = most, "an append is too large for one message");
        }
        fits
    }

    fn stored(&self, conversation: ConversationId, expected: u64, events: usize, sequence: u64) -> Append {
        self.heads.learn(conversation, Head { version: expected + events as u64, sequence });
        self.health.set_refusing(false);
        Append::Appended(message::position(sequence, events - 1))
    }

    /// What an answer means, and what it says about the log's health.
    fn judge(&self, answer: Result<PublishAck, Fault>) -> Sent {
        let sent = sent(&answer);
        match (&sent, &answer) {
            (Sent::Unknown, Err(Fault::Silence(reason))) => self.health.set_away(&format!("an append has no answer: {reason}")),
            (Sent::Nowhere, _) => self.health.set_away("no stream takes appends"),
            (Sent::Refused, Err(error)) => {
                tracing::warn!(%error, "event log refuses an append");
                self.health.set_refusing(true);
            }
            (Sent::TooLarge, Err(error)) => tracing::error!(%error, "an append is too large for one message"),
            (Sent::Unknown, Err(error)) => tracing::warn!(%error, "outcome of an append is unknown"),
            (Sent::Doubtful, Err(error)) => tracing::debug!(%error, "outcome of an append is looked up"),
            _ => {}
        }
        sent
    }

    /// Looks up what stands where `events` want to go.
    async fn place(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Result<Place, LogError> {
        let Some(head) = self.reader.head(conversation).await? else {
            return Ok(if expected == 0 { Place::Free(0) } else { Place::Conflict(0) });
        };
        let actual = head.last();
        if actual == expected {
            return Ok(Place::Free(head.sequence));
        }
        if actual < expected {
            return Ok(Place::Conflict(actual));
        }
        let there = if head.first() <= expected + 1 {
            head.events
        } else {
            self.reader.conversation(conversation, expected).await?
        };
        Ok(same(&there, events).map_or(Place::Conflict(actual), Place::Taken))
    }
}

fn sent(answer: &Result<PublishAck, Fault>) -> Sent {
    let error = match answer {
        Ok(ack) if ack.duplicate => return Sent::Doubtful,
        Ok(ack) => return Sent::Stored(ack.sequence),
        Err(Fault::Silence(_)) => return Sent::Unknown,
        Err(Fault::NoResponders) => return Sent::Nowhere,
        Err(Fault::Refused(error)) => error,
    };
    match error.error_code() {
        ErrorCode::STREAM_WRONG_LAST_SEQUENCE
        | ErrorCode::STREAM_WRONG_LAST_SEQUENCE_CONSTANT
        | ErrorCode::STREAM_DUPLICATE_MESSAGE_CONFLICT
        | ErrorCode::STREAM_EXPECTED_LAST_SEQ_PER_SUBJECT_NOT_READY
        | ErrorCode::STREAM_TOO_MANY_REQUESTS => Sent::Doubtful,
        ErrorCode::INSUFFICIENT_RESOURCES
        | ErrorCode::ACCOUNT_RESOURCES_EXCEEDED
        | ErrorCode::STORAGE_RESOURCES_EXCEEDED
        | ErrorCode::MEMORY_RESOURCES_EXCEEDED
        | ErrorCode::STREAM_SEALED
        | ErrorCode::JETSTREAM_NOT_ENABLED
        | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => Sent::Refused,
        ErrorCode::STREAM_MESSAGE_EXCEEDS_MAXIMUM => Sent::TooLarge,
        // Said of a limit as well as of a disk that fails, which may leave the message half stored.
        ErrorCode::STREAM_STORE_FAILED if error.to_string().contains("maximum") => Sent::Refused,
        _ => Sent::Unknown,
    }
}

/// Where the last of `events` stands, if they are what `there` begins with. Hashes tell: they cover an event's id, its other
/// bytes, and everything before it.
fn same(there: &[Recorded], events: &[SealedEvent]) -> Option<Position> {
    let first = events.first()?.envelope.version;
    let there = there.iter().skip_while(|recorded| recorded.event.envelope.version < first);
    let mut position = None;
    let mut there = there;
    for event in events {
        position = Some(there.next().filter(|recorded| recorded.event.hash == event.hash)?.position);
    }
    position
}

fn settled(place: &Place, expected: u64) -> Append {
    match *place {
        Place::Taken(position) => Append::Appended(position),
        Place::Conflict(actual) => Append::Conflict { expected, actual },
        Place::Free(_) => Append::Unknown,
    }
}

fn unreadable(error: &LogError, outcome: Append) -> Append {
    tracing::warn!(%error, ?outcome, "the place of an append cannot be looked up");
    outcome
}
