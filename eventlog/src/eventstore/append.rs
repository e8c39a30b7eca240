//! Appending: events that the server stores only if their stream is at the expected revision.
//!
//! Architecture invariant: a conflict is answered, and a repetition recognised, only after looking at what is stored.

use std::sync::Arc;
use std::time::Duration;

use chat_schema::{ConversationId, SealedEvent};
use eventstore::{EventData, StreamState};
use tokio::time::sleep;

use super::api::{Api, Written};
use super::fault::Fault;
use super::heads::Heads;
use super::health::Health;
use super::message;
use super::reader::Reader;
use crate::log::{Append, LogError, Position, Recorded, may_begin};

/// Pauses before events are sent, and sent again when the server that got them was not the leader, and did nothing.
const PAUSES_MS: [u64; 5] = [0, 0, 20, 100, 400];

/// Appends to streams.
pub(super) struct Appender {
    api: Api,
    heads: Arc<Heads>,
    reader: Reader,
    health: Arc<Health>,
}

/// An append that has events.
#[derive(Clone, Copy)]
struct Request<'a> {
    conversation: ConversationId,
    expected: u64,
    events: &'a [SealedEvent],
}

impl Request<'_> {
    /// The version of the last event.
    fn last(&self) -> u64 {
        self.expected + self.events.len() as u64
    }
}

impl Appender {
    pub(super) fn new(api: Api, heads: Arc<Heads>, reader: Reader, health: Arc<Health>) -> Self {
        Self { api, heads, reader, health }
    }

    /// [`EventLog::append`](crate::EventLog::append).
    pub(super) async fn append(&self, conversation: ConversationId, expected: u64, events: &[SealedEvent]) -> Append {
        if !self.health.is_available() {
            return Append::Unavailable;
        }
        if events.is_empty() {
            return self.check(conversation, expected).await;
        }
        let sent: Result<Vec<EventData>, _> = events.iter().map(message::encode).collect();
        match sent {
            Ok(sent) => self.send(Request { conversation, expected, events }, sent).await,
            Err(error) => {
                tracing::error!(conversation_id = %conversation, %error, "an append cannot be written as its log needs it");
                Append::Unavailable
            }
        }
    }

    /// Sends the events, again while they reach servers that are not the leader.
    async fn send(&self, request: Request<'_>, events: Vec<EventData>) -> Append {
        let state = match request.expected {
            0 => StreamState::NoStream,
            expected => StreamState::StreamRevision(message::revision(expected)),
        };
        for pause in PAUSES_MS {
            if pause > 0 {
                sleep(Duration::from_millis(pause)).await;
            }
            let before = self.heads.newest();
            match self.api.append(self.api.names().of(request.conversation), state, events.clone()).await {
                Ok(written) => return self.written(request, written, before).await,
                Err(Fault::WrongVersion { actual }) => return self.refused(request, events, actual).await,
                Err(Fault::NotLeader) => tracing::debug!("an append reached a server that is not the leader"),
                Err(fault) => return self.heed(&fault),
            }
        }
        self.health.set_away("no leader takes appends");
        Append::Unavailable
    }

    /// The events are stored, now or before. `before` is the newest position that was known when they were sent.
    async fn written(&self, request: Request<'_>, written: Written, before: Position) -> Append {
        let place = Position::new(written.place.commit);
        // The server answers a repetition alike. What is stored now stands after everything that was known.
        if request.events.len() == 1 && place > before && written.place.commit != u64::MAX {
            self.heads.learn(request.conversation, request.last(), place);
            return Append::Appended(place);
        }
        match self.look_up(request).await {
            Ok((Some(position), _)) => Append::Appended(position),
            // They were stored, and are erased.
            Ok((None, actual)) if actual > request.expected => Append::Conflict { expected: request.expected, actual },
            Ok(_) => Append::Unknown,
            Err(error) => not_looked_up(&error, Append::Unknown),
        }
    }

    /// The server says that the stream has `actual` events, those that are gone included. An earlier try may be among them.
    async fn refused(&self, request: Request<'_>, events: Vec<EventData>, actual: u64) -> Append {
        let expected = request.expected;
        match self.look_up(request).await {
            Ok((Some(position), _)) => Append::Appended(position),
            Ok((None, 0)) if actual == 0 && expected > 0 && may_begin(expected, request.events) => {
                self.begin(request, events).await
            }
            // Nothing speaks against the append, or what was read is older than the refusal.
            Ok((None, found)) if found == expected || found < actual => Append::Unknown,
            Ok((None, found)) => Append::Conflict { expected, actual: found },
            Err(error) => not_looked_up(&error, Append::Unknown),
        }
    }

    /// Begins a restored conversation with its erasure: something stands in the places of the erased events, in the same append.
    async fn begin(&self, request: Request<'_>, events: Vec<EventData>) -> Append {
        let places = (0..request.expected).map(|_| message::erased_place());
        let (stream, events) = (self.api.names().of(request.conversation), places.chain(events).collect());
        let before = self.heads.newest();
        match self.api.append(stream, StreamState::NoStream, events).await {
            Ok(written) => self.written(request, written, before).await,
            // Others have begun it.
            Err(Fault::WrongVersion { .. } | Fault::NotLeader) => Append::Unknown,
            Err(fault) => self.heed(&fault),
        }
    }

    /// An append without events.
    async fn check(&self, conversation: ConversationId, expected: u64) -> Append {
        let head = match self.reader.head(conversation).await {
            Ok(head) => head,
            Err(error) => return not_looked_up(&error, Append::Unavailable),
        };
        let actual = head.as_ref().map_or(0, |head| head.event.envelope.version);
        if actual == expected {
            Append::Appended(head.map_or(Position::START, |head| head.position))
        } else {
            Append::Conflict { expected, actual }
        }
    }

    /// Where the last of the events stands, if all of them are stored, and the version of their conversation.
    async fn look_up(&self, request: Request<'_>) -> Result<(Option<Position>, u64), LogError> {
        let Request { conversation, expected, events } = request;
        let there = self.reader.conversation(conversation, expected).await?;
        let actual = match there.last() {
            Some(last) => last.event.envelope.version,
            None => self.reader.head(conversation).await?.map_or(0, |head| head.event.envelope.version),
        };
        Ok((stored(&there, events), actual))
    }

    /// What an answer means that is none.
    fn heed(&self, fault: &Fault) -> Append {
        match fault {
            Fault::Unreachable(_) => {
                self.health.set_away(&format!("an append: {fault}"));
                Append::Unavailable
            }
            Fault::Denied | Fault::Refused(_) | Fault::NoStream => {
                tracing::error!(%fault, "event log refuses an append");
                Append::Unavailable
            }
            Fault::Silence(_) | Fault::NotLeader | Fault::WrongVersion { .. } => {
                self.health.set_away(&format!("an append: {fault}"));
                Append::Unknown
            }
        }
    }
}

/// Where the last of `events` stands, if all of them are `there`. Hashes tell: they cover an event's id, its other bytes, and
/// everything before it.
fn stored(there: &[Recorded], events: &[SealedEvent]) -> Option<Position> {
    let mut position = None;
    for (event, there) in events.iter().zip(there.iter().map(Some).chain(std::iter::repeat(None))) {
        position = Some(there.filter(|there| there.event.hash == event.hash)?.position);
    }
    position
}

fn not_looked_up(error: &LogError, outcome: Append) -> Append {
    tracing::warn!(%error, ?outcome, "the place of an append cannot be looked up");
    outcome
}
