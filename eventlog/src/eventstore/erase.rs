//! Erasing: the stream is truncated before the erasure (`$tb`), so that nothing before it is read any more, and the server's next scavenge
//! drops it from the files.
//!
//! Architecture invariant: no stream is ever deleted. A tombstone would end the conversation for good, and a soft deletion lets an append
//! that expects no events succeed.

use chat_schema::{Event, SealedEvent};
use eventstore::{EventData, StreamState};
use serde_json::{Map, Value};

use super::api::Api;
use super::fault::Fault;
use super::message;
use super::names;
use super::reader::{Reader, unavailable};
use crate::log::LogError;

/// Rounds of truncating and looking, in case the leader changes in between, or somebody else changes the stream's metadata.
const ROUNDS: usize = 5;
const TRUNCATE_BEFORE: &str = "$tb";

/// [`EventLog::erase`](crate::EventLog::erase).
pub(super) async fn erase(api: &Api, reader: &Reader, erasure: &SealedEvent) -> Result<(), LogError> {
    let (conversation, version) = (erasure.envelope.conversation_id, erasure.envelope.version);
    if !matches!(erasure.envelope.event, Event::ConversationErased { .. }) {
        return Err(LogError::Unavailable("it is no erasure".into()));
    }
    let stored = reader.conversation(conversation, version - 1).await?;
    if stored.first().is_none_or(|stored| stored.event.hash != erasure.hash) {
        return Err(LogError::Unavailable("there is no such erasure".into()));
    }
    for _ in 0..ROUNDS {
        match truncate(api, &api.names().of(conversation), message::revision(version)).await {
            Ok(()) if reader.first_version(conversation).await? >= version => return Ok(()),
            Ok(()) | Err(Fault::WrongVersion { .. } | Fault::NotLeader | Fault::Silence(_)) => {}
            Err(fault) => return Err(unavailable(fault)),
        }
    }
    Err(LogError::Unavailable("the stream cannot be truncated now".into()))
}

/// Everything in the metadata that is not ours stays as it is.
async fn truncate(api: &Api, stream: &str, before: u64) -> Result<(), Fault> {
    let metadata = names::metadata(stream);
    let found = api.last(metadata.clone()).await?;
    let state = found.as_ref().map_or(StreamState::NoStream, |found| StreamState::StreamRevision(found.revision));
    let mut properties: Map<String, Value> = match &found {
        None => Map::new(),
        Some(found) => serde_json::from_slice(&found.data)
            .map_err(|_| Fault::Refused("the stream's metadata is not a JSON object".into()))?,
    };
    if properties.get(TRUNCATE_BEFORE).and_then(Value::as_u64).is_some_and(|truncated| truncated >= before) {
        return Ok(());
    }
    properties.insert(TRUNCATE_BEFORE.into(), before.into());
    let changed = EventData::json("$metadata", &properties).map_err(|error| Fault::Refused(error.to_string()))?;
    api.append(metadata, state, vec![changed]).await.map(drop)
}
