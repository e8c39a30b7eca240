//! Appending: one message, which the server stores only on top of the message that the caller built on.
//!
//! Architecture invariant: a conflict is answered, and a repetition recognised, only after looking at what is stored.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::publish::PublishAck;
use chat_schema::{ConversationId, SealedEvent};
use tokio::time::sleep;
use uuid::Uuid;

use super::answer::Sent;
use super::api::{Api, Fault};
use super::heads::{Head, Heads};
use super::health::Health;
use super::message;
use super::reader::Reader;
use crate::log::{Append, LogError, Position, Recorded, may_begin};

/// Pauses before a message is sent, and sent again when a server refused it though nothing speaks against it, or when no server
/// took it: one that is new in its cluster, or whose stream has a new leader, learns a moment later where to send it.
const PAUSES_MS: [u64; 8] = [0, 5, 10, 20, 40, 80, 160, 320];

/// After so many tries an id that is still in process never gets out of it: servers of release 2.11 keep the id of a message that
/// they refused afterwards. Another id is safe: that a message is stored once is due to what it expects, not to its id.
const STUCK: usize = 5;

/// Appends to the stream.
pub(super) struct Appender {
    api: Api,
    heads: Arc<Heads>,
    reader: Reader,
    health: Arc<Health>,
}

/// What the log holds where an append wants to go.
enum Place {
    /// Nothing yet: the message before it has this sequence (0: there is none).
    Free(u64),
    /// Something: this is the outcome.
    Settled(Append),
}

/// An append that has events.
#[derive(Clone, Copy)]
struct Request<'a> {
    conversation: ConversationId,
    expected: u64,
    events: &'a [SealedEvent],
    last: &'a SealedEvent,
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
        let request = Request { conversation, expected, events, last };
        match self.heads.known(conversation).filter(|known| known.version == expected) {
            Some(known) => self.send(request, known.sequence).await,
            // The server compares: that spares every new conversation a look-up.
            None if expected == 0 => self.send(request, 0).await,
            None => match self.place(request).await {
                Ok(Place::Free(previous)) => self.send(request, previous).await,
                Ok(Place::Settled(outcome)) => outcome,
                Err(error) => not_looked_up(&error, Append::Unavailable),
            },
        }
    }

    /// Sends the message on top of the one with the sequence `previous`, again and again while nothing speaks against it.
    async fn send(&self, request: Request<'_>, mut previous: u64) -> Append {
        let Request { conversation, expected, events, last } = request;
        let payload = message::encode(events);
        if !self.fits(events.len(), payload.len()) {
            return Append::Unavailable;
        }
        let mut id = format!("{conversation}:{}", last.envelope.id);
        // What it comes to when the message is refused for good: a doubtful answer may hide that it was stored before.
        let mut refused = Append::Unavailable;
        for (tries, pause) in (1..).zip(PAUSES_MS) {
            if pause > 0 {
                sleep(Duration::from_millis(pause)).await;
            }
            let answer = self.api.publish(self.api.subject(conversation), &id, previous, payload.clone()).await;
            match self.heed(&answer) {
                Sent::Stored(sequence) => {
                    self.heads.learn(conversation, Head { version: expected + events.len() as u64, sequence });
                    return Append::Appended(message::position(sequence, events.len() - 1));
                }
                Sent::Unknown => return Append::Unknown,
                Sent::TooLarge | Sent::NoRoom => return refused,
                Sent::NotTaken => {}
                Sent::Doubtful => match self.place(request).await {
                    Ok(Place::Free(again)) => (previous, refused) = (again, Append::Unknown),
                    Ok(Place::Settled(outcome)) => return outcome,
                    Err(error) => return not_looked_up(&error, Append::Unknown),
                },
            }
            if tries >= STUCK && answer.is_err_and(|fault| fault.is_in_process()) {
                id = format!("{conversation}:{}:{}", last.envelope.id, Uuid::new_v4());
            }
        }
        if refused == Append::Unavailable {
            self.health.set_away("no stream takes appends");
        }
        refused
    }

    /// An append without events.
    async fn check(&self, conversation: ConversationId, expected: u64) -> Append {
        match self.reader.head(conversation).await {
            Ok(None) if expected == 0 => Append::Appended(Position::START),
            Ok(Some(head)) if head.last() == expected => {
                Append::Appended(message::position(head.sequence, head.events.len() - 1))
            }
            Ok(head) => Append::Conflict { expected, actual: head.map_or(0, |head| head.last()) },
            Err(error) => not_looked_up(&error, Append::Unavailable),
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

    /// What an answer means, having told what it says about the log's health.
    fn heed(&self, answer: &Result<PublishAck, Fault>) -> Sent {
        let sent = Sent::of(answer);
        let Err(error) = answer else {
            self.health.set_full(false);
            return sent;
        };
        match sent {
            Sent::Unknown if matches!(error, Fault::Silence(_)) => self.health.set_away(&format!("an append: {error}")),
            Sent::NoRoom => {
                tracing::warn!(%error, "event log refuses an append");
                self.health.set_full(true);
            }
            _ => tracing::debug!(%error, outcome = ?sent, "a server refuses an append"),
        }
        sent
    }

    /// Looks up what stands where the events want to go.
    async fn place(&self, request: Request<'_>) -> Result<Place, LogError> {
        let Request { conversation, expected, events, .. } = request;
        let Some(head) = self.reader.head(conversation).await? else {
            let conflict = Append::Conflict { expected, actual: 0 };
            return Ok(if may_begin(expected, events) { Place::Free(0) } else { Place::Settled(conflict) });
        };
        let actual = head.last();
        if actual == expected {
            return Ok(Place::Free(head.sequence));
        }
        let there = match head.first() {
            _ if actual < expected => vec![],
            first if first <= expected + 1 => head.events,
            _ => self.reader.conversation(conversation, expected).await?,
        };
        let conflict = Append::Conflict { expected, actual };
        Ok(Place::Settled(stored(&there, events).map_or(conflict, Append::Appended)))
    }
}

/// Where the last of `events` stands, if all of them are `there`. Hashes tell: they cover an event's id, its other bytes, and
/// everything before it.
fn stored(there: &[Recorded], events: &[SealedEvent]) -> Option<Position> {
    let first = events.first()?.envelope.version;
    let mut there = there.iter().skip_while(|recorded| recorded.event.envelope.version < first);
    let mut position = None;
    for event in events {
        position = Some(there.next().filter(|recorded| recorded.event.hash == event.hash)?.position);
    }
    position
}

fn not_looked_up(error: &LogError, outcome: Append) -> Append {
    tracing::warn!(%error, ?outcome, "the place of an append cannot be looked up");
    outcome
}
