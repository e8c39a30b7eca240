//! Reading one conversation, and the end of the log, as the leader knows them.
//!
//! A leader that was just elected may know less than this process for a moment: what is read is held against what is known.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat_schema::ConversationId;
use eventstore::{Position as Place, RecordedEvent};
use tokio::time::sleep;

use super::api::Api;
use super::fault::Fault;
use super::heads::Heads;
use super::message;
use crate::log::{LogError, Position, Recorded};

/// Pauses before a leader that knows less than this process is asked again.
const STALE_MS: [u64; 4] = [10, 50, 200, 500];
/// Events that are asked for at once when the end of the log is looked for.
const BATCH: usize = 1000;
/// Streams of somebody else that may have newer events than the newest of ours, before more are asked for.
const STRANGERS: usize = 16;
/// Numbers of events are signed 64-bit integers.
const MAX_REVISION: u64 = i64::MAX as u64;

/// Reads streams.
#[derive(Clone)]
pub(super) struct Reader {
    api: Api,
    heads: Arc<Heads>,
    end: Arc<Mutex<Option<End>>>,
}

/// The end of the log when it was looked for last.
#[derive(Clone, Copy)]
struct End {
    newest: Position,
    /// Up to here the database has no other event of the log. Much that is not of the log may stand between.
    searched: Place,
}

impl Reader {
    pub(super) fn new(api: Api, heads: Arc<Heads>) -> Self {
        Self { api, heads, end: Arc::default() }
    }

    /// The last event of a conversation, at least as new as anything this process knows of.
    pub(super) async fn head(&self, conversation: ConversationId) -> Result<Option<Recorded>, LogError> {
        let known = self.heads.known(conversation);
        let mut pauses = STALE_MS.into_iter();
        loop {
            let found = self.api.last(self.api.names().of(conversation)).await.map_err(unavailable)?;
            if found.as_ref().map_or(0, version) >= known {
                return found.map(|found| self.learn(&found)).transpose();
            }
            wait(&mut pauses).await?;
        }
    }

    /// The events of a conversation with a version above `after`.
    pub(super) async fn conversation(
        &self,
        conversation: ConversationId,
        after: u64,
    ) -> Result<Vec<Recorded>, LogError> {
        if after > MAX_REVISION {
            return Ok(vec![]);
        }
        let known = self.heads.known(conversation);
        let mut pauses = STALE_MS.into_iter();
        loop {
            let (stream, from) = (self.api.names().of(conversation), message::revision(after + 1));
            let found = self.api.read(stream, from, usize::MAX).await.map_err(unavailable)?;
            if found.last().map_or(after, version) >= known {
                let found = found.iter().filter(|found| !message::is_erased_place(found));
                return found.map(|found| self.learn(found)).collect();
            }
            wait(&mut pauses).await?;
        }
    }

    /// The version of the first event of a conversation that can be read: those before it are erased.
    pub(super) async fn first_version(&self, conversation: ConversationId) -> Result<u64, LogError> {
        let first = self.api.read(self.api.names().of(conversation), 0, 1).await.map_err(unavailable)?;
        Ok(first.first().map_or(0, version))
    }

    /// Position of the last event of the log.
    pub(super) async fn end(&self) -> Result<Position, LogError> {
        let known = self.heads.newest();
        let end = self.search().await.map_err(unavailable)?;
        if end.newest < known {
            return Err(behind());
        }
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
        Ok(end.newest)
    }

    /// From where it was searched last, or else backwards from the end of the database.
    async fn search(&self) -> Result<End, Fault> {
        let before = *self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let searched = self.api.end_of_database().await?;
        let Some(mut end) = before else { return Ok(End { newest: self.search_backwards().await?, searched }) };
        loop {
            let found = self.api.read_all(end.searched, BATCH).await?;
            let Some(last) = found.last() else { break };
            end.searched = last.position;
            end.newest = found
                .iter()
                .rev()
                .find_map(|event| self.ours(event))
                .map_or(end.newest, |newest| end.newest.max(newest));
        }
        end.searched = end.searched.max(searched);
        Ok(end)
    }

    async fn search_backwards(&self) -> Result<Position, Fault> {
        let mut before = None;
        loop {
            let found = self.api.newest(before, STRANGERS).await?;
            if let Some(newest) = found.iter().find_map(|event| self.ours(event)) {
                return Ok(newest);
            }
            let Some(last) = found.last() else { return Ok(Position::START) };
            before = Some(last.position);
        }
    }

    /// The position of an event, unless it is somebody else's.
    fn ours(&self, event: &RecordedEvent) -> Option<Position> {
        self.conversation_of(event).and(message::position(event))
    }

    /// The conversation that an event is filed under, unless it is somebody else's.
    pub(super) fn conversation_of(&self, event: &RecordedEvent) -> Option<ConversationId> {
        self.api.names().conversation(event.stream_id())
    }

    /// The event that is stored.
    pub(super) fn decode(&self, event: &RecordedEvent) -> Result<Recorded, LogError> {
        message::decode(self.api.names(), event)
    }

    fn learn(&self, found: &RecordedEvent) -> Result<Recorded, LogError> {
        let recorded = self.decode(found)?;
        let envelope = &recorded.event.envelope;
        self.heads.learn(envelope.conversation_id, envelope.version, recorded.position);
        Ok(recorded)
    }
}

/// The version that an event is filed under.
fn version(event: &RecordedEvent) -> u64 {
    message::version(event.revision)
}

async fn wait(pauses: &mut impl Iterator<Item = u64>) -> Result<(), LogError> {
    let pause = pauses.next().ok_or_else(behind)?;
    sleep(Duration::from_millis(pause)).await;
    Ok(())
}

#[allow(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
pub(super) fn unavailable(fault: Fault) -> LogError {
    LogError::Unavailable(fault.to_string())
}

fn behind() -> LogError {
    LogError::Unavailable("the leader does not know yet what was stored before".into())
}
