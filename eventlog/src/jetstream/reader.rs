//! Reading one conversation, and the end of the log.
//!
//! The stream's leader says where a conversation ends: other servers may be behind it. They serve what comes before, in
//! batches, and where that does not reach the end the leader is asked message by message.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use chat_schema::{ConversationId, Event};
use tokio::time::sleep;

use super::api::{Api, Fault};
use super::batch::batch;
use super::connection::ANSWER;
use super::heads::{Head, Heads};
use super::{message, stream};
use crate::log::{LogError, Position, Recorded};

/// Pauses before a leader that knows less than this process is asked again: it has just been elected and catches up.
const STALE_MS: [u64; 4] = [10, 50, 200, 500];

/// Reads the stream.
#[derive(Clone)]
pub(super) struct Reader {
    api: Api,
    heads: Arc<Heads>,
    direct: bool,
}

/// One message of a conversation, which has at least one event.
pub(super) struct Message {
    pub(super) sequence: u64,
    pub(super) events: Vec<Recorded>,
}

impl Message {
    fn decode(sequence: u64, payload: &[u8]) -> Result<Self, LogError> {
        let events = message::decode(sequence, payload).into_iter().collect::<Result<_, _>>()?;
        Ok(Self { sequence, events })
    }

    /// Version of the first event.
    pub(super) fn first(&self) -> u64 {
        self.events.first().map_or(0, version)
    }

    /// Version of the last event.
    pub(super) fn last(&self) -> u64 {
        self.events.last().map_or(0, version)
    }
}

fn version(recorded: &Recorded) -> u64 {
    recorded.event.envelope.version
}

/// Whether nothing is missing after version `after` but what was erased, and nothing is there that an erasure follows: a server
/// that is behind still has what the leader has deleted.
fn is_whole(events: &[Recorded], after: u64) -> bool {
    let mut before = after;
    events.iter().enumerate().all(|(index, event)| {
        let erases = matches!(event.event.envelope.event, Event::ConversationErased { .. });
        let follows = if erases { index == 0 } else { version(event) == before + 1 };
        before = version(event);
        follows
    })
}

impl Reader {
    /// With `direct`, every server that has the stream may be asked.
    pub(super) fn new(api: Api, heads: Arc<Heads>, direct: bool) -> Self {
        Self { api, heads, direct }
    }

    /// The last message of a conversation, at least as new as anything this process knows of.
    pub(super) async fn head(&self, conversation: ConversationId) -> Result<Option<Message>, LogError> {
        let subject = self.api.subject(conversation);
        let known = self.heads.known(conversation).map_or(0, |head| head.sequence);
        let mut pauses = STALE_MS.into_iter();
        loop {
            let found = self.last(&subject).await?;
            if found.as_ref().map_or(0, |found| found.sequence) >= known {
                let Some(found) = found else { return Ok(None) };
                let found = Message::decode(found.sequence, &found.payload)?;
                self.heads.learn(conversation, Head { version: found.last(), sequence: found.sequence });
                return Ok(Some(found));
            }
            let Some(pause) = pauses.next() else { return Err(behind()) };
            sleep(Duration::from_millis(pause)).await;
        }
    }

    /// The events of a conversation with a version above `after`.
    pub(super) async fn conversation(
        &self,
        conversation: ConversationId,
        after: u64,
    ) -> Result<Vec<Recorded>, LogError> {
        let known = self.heads.known(conversation).filter(|known| known.version <= after);
        let Some(head) = self.head(conversation).await? else { return Ok(vec![]) };
        let mut events = if head.first() <= after.saturating_add(1) {
            head.events
        } else {
            let subject = self.api.subject(conversation);
            let from = known.map_or(1, |known| known.sequence + 1);
            match self.in_batches(&subject, from, after, head.last()).await {
                Some(events) => events,
                None => self.one_by_one(&subject, from, head.sequence).await?,
            }
        };
        events.retain(|event| version(event) > after);
        Ok(events)
    }

    /// Position of the last event of the log that is there. Sequences of erased ones are not given again.
    pub(super) async fn end(&self) -> Result<Position, LogError> {
        let known = self.heads.newest();
        // Without a filter that is the last message that ever was, and none if that was erased. The filter finds the last
        // that is there, but walks over all subjects.
        let last = match self.last(">").await? {
            Some(last) => Some(last),
            None => self.last(&stream::subjects(self.api.stream())).await?,
        };
        if last.as_ref().map_or(0, |last| last.sequence) < known {
            // It was erased since, or the leader does not know of it yet.
            let info = self.api.info(ANSWER).await.map_err(unavailable)?;
            if info.state.last_sequence < known {
                return Err(behind());
            }
        }
        let Some(last) = last else { return Ok(Position::START) };
        let events = message::decode(last.sequence, &last.payload).len();
        Ok(message::position(last.sequence, events - 1))
    }

    async fn last(&self, subject: &str) -> Result<Option<StreamMessage>, LogError> {
        self.api.last(subject).await.map_err(unavailable)
    }

    /// The messages of a conversation from `from` on, if they hold everything from version `after` up to `last` at least.
    async fn in_batches(&self, subject: &str, mut from: u64, after: u64, last: u64) -> Option<Vec<Recorded>> {
        let mut events: Vec<Recorded> = Vec::new();
        while self.direct && events.last().map_or(0, version) < last {
            let batch = batch(&self.api, subject, from).await?;
            from = batch.last()?.sequence + 1;
            for found in batch {
                events.extend(Message::decode(found.sequence, &found.payload).ok()?.events);
            }
        }
        events.retain(|event| version(event) > after);
        (is_whole(&events, after) && events.last().is_some_and(|event| version(event) >= last)).then_some(events)
    }

    async fn one_by_one(&self, subject: &str, mut from: u64, last: u64) -> Result<Vec<Recorded>, LogError> {
        let mut events = Vec::new();
        while from <= last {
            let Some(found) = self.api.next(subject, from).await.map_err(unavailable)? else { break };
            events.extend(Message::decode(found.sequence, &found.payload)?.events);
            from = found.sequence + 1;
        }
        Ok(events)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn unavailable(fault: Fault) -> LogError {
    LogError::Unavailable(fault.to_string())
}

fn behind() -> LogError {
    LogError::Unavailable("the stream's leader does not know yet what was stored before".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::Author;

    fn recorded(author: &mut Author, count: usize) -> Vec<Recorded> {
        let record = |event: chat_schema::SealedEvent| Recorded {
            position: message::position(event.envelope.version, 0),
            event,
        };
        author.events(count).into_iter().map(record).collect()
    }

    #[test]
    fn a_gap_is_noticed_and_one_that_was_erased_is_none() {
        let mut author = Author::new();
        let before = recorded(&mut author, 3);
        let erasure = Recorded { position: message::position(4, 0), event: author.erasure() };
        let later = recorded(&mut author, 2);
        assert!(is_whole(&before, 0) && is_whole(&before[1..], 1) && is_whole(&[], 7));
        assert!(!is_whole(&before[1..], 0), "the first is missing");
        assert!(!is_whole(&[before[0].clone(), before[2].clone()], 0), "one between is missing");
        assert!(is_whole(&[vec![erasure.clone()], later.clone()].concat(), 0));
        assert!(!is_whole(&[before, vec![erasure], later].concat(), 0), "this server has not erased yet");
    }
}
