//! The log on EventStoreDB, read for audit: nothing is written.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chat_schema::{ConversationId, Hash};
use eventstore::{Position as Place, RecordedEvent};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::api::Api;
use super::heads::Heads;
use super::open_error::OpenError;
use super::reader::{Reader, unavailable};
use super::settings::Settings;
use super::{message, opening};
use crate::archive::{Archive, Stored};
use crate::log::{LogError, Position};

/// Events and bytes that are asked for at once.
const BATCH: usize = 200;
const BYTES: usize = 4 << 20;
/// Streams that are looked up at once.
const LOOK_UPS: usize = 32;

/// A log on EventStoreDB, open for audit.
pub struct EventStoreArchive {
    api: Api,
    reader: Reader,
    notes: Vec<String>,
}

impl EventStoreArchive {
    /// Looks the log up.
    ///
    /// # Errors
    /// There is none, or the servers cannot be reached.
    pub async fn open(settings: Settings) -> Result<Self, OpenError> {
        let api = opening::look(&settings).await?;
        let reader = Reader::new(api.clone(), Heads::new().into());
        let note = "What was erased is left out, as every reader leaves it out. Until the servers have scavenged, their files hold it.";
        Ok(Self { api, reader, notes: vec![note.into()] })
    }

    /// The next events of all conversations, and where to go on; those that are erased are left out.
    async fn batch(&self, after: Place) -> Result<(Vec<RecordedEvent>, Option<Place>), LogError> {
        let found = self.api.read_all(after, BATCH).await.map_err(unavailable)?;
        let last = found.last().map(|last| last.position);
        Ok((readable(&self.reader, found).await?, last))
    }

    /// What is stored, as it is stored.
    fn stored(&self, event: &RecordedEvent) -> Stored {
        let (hash, bytes) = message::join(event).unwrap_or_else(|_| (Hash::ZERO, event.data.as_ref().into()));
        Stored {
            position: Position::new(event.position.commit),
            conversation: self.reader.conversation_of(event),
            version: Some(message::version(event.revision)),
            hash,
            bytes,
        }
    }
}

#[async_trait]
impl Archive for EventStoreArchive {
    async fn scan(
        &self,
        conversation: Option<ConversationId>,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored>, LogError> {
        if let Some(conversation) = conversation {
            let stream = self.api.names().of(conversation);
            let found = self.api.read(stream, 0, usize::MAX).await.map_err(unavailable)?;
            let found = found.iter().filter(|event| !message::is_erased_place(event));
            let later = found.map(|event| self.stored(event)).filter(|stored| stored.position > after);
            return Ok(later.take(limit).collect());
        }
        let mut from = Place { commit: after.get(), prepare: after.get() };
        let (mut events, mut bytes) = (Vec::new(), 0);
        while events.len() < limit && bytes < BYTES {
            let (batch, last) = self.batch(from).await?;
            let Some(last) = last else { break };
            from = last;
            bytes += batch.iter().map(|event| event.data.len()).sum::<usize>();
            events.extend(batch.iter().map(|event| self.stored(event)));
        }
        events.truncate(limit);
        Ok(events)
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// The events that are not truncated in their streams, and not somebody else's. The order of all events has truncated ones too, until
/// the server scavenges.
async fn readable(reader: &Reader, mut events: Vec<RecordedEvent>) -> Result<Vec<RecordedEvent>, LogError> {
    events.retain(|event| !message::is_erased_place(event));
    let conversations: HashSet<ConversationId> =
        events.iter().filter_map(|event| reader.conversation_of(event)).collect();
    let look_up = async |conversation| Ok((conversation, reader.first_version(conversation).await?));
    let first: HashMap<ConversationId, u64> =
        stream::iter(conversations).map(look_up).buffer_unordered(LOOK_UPS).try_collect().await?;
    events.retain(|event| {
        let first = reader.conversation_of(event).and_then(|conversation| first.get(&conversation));
        first.is_some_and(|first| message::version(event.revision) >= *first)
    });
    Ok(events)
}
