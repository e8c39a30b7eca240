//! Erasing: the server overwrites each message of the conversation in its files, which a purge would only unlink.

use chat_schema::{Event, SealedEvent};

use super::api::Api;
use super::message;
use crate::log::LogError;

/// Rounds of deleting and looking again, in case the leader changes in between.
const ROUNDS: usize = 5;

/// [`EventLog::erase`](crate::EventLog::erase).
///
/// From the newest message on: whoever reads along sees the first events up to any of them, and then the erasure, so that a gap
/// never looks like a loss. The leader has deleted them when this returns, and [`read`](crate::EventLog::read) asks it; the other servers
/// follow as soon as they hear of it, and serve subscriptions meanwhile.
pub(super) async fn erase(api: &Api, erasure: &SealedEvent) -> Result<(), LogError> {
    if !matches!(erasure.envelope.event, Event::ConversationErased { .. }) {
        return Err(LogError::Unavailable("it is no erasure".into()));
    }
    for _ in 0..ROUNDS {
        let sequences = before(api, erasure).await?;
        if sequences.is_empty() {
            return Ok(());
        }
        for sequence in sequences.into_iter().rev() {
            if let Err(fault) = api.delete(sequence).await {
                tracing::debug!(sequence, %fault, "a message was not deleted");
                break;
            }
        }
    }
    Err(LogError::Unavailable("the stream's leader does not delete messages now".into()))
}

/// The messages of the conversation before that of `erasure`, as the stream's leader knows them.
async fn before(api: &Api, erasure: &SealedEvent) -> Result<Vec<u64>, LogError> {
    let subject = api.subject(erasure.envelope.conversation_id);
    let (mut sequences, mut from) = (Vec::new(), 1);
    loop {
        let found = api.next(&subject, from).await.map_err(|fault| LogError::Unavailable(fault.to_string()))?;
        let found = found.ok_or_else(|| LogError::Unavailable("there is no such erasure".into()))?;
        let events = message::decode(found.sequence, &found.payload);
        if events.iter().flatten().any(|recorded| recorded.event.hash == erasure.hash) {
            return Ok(sequences);
        }
        sequences.push(found.sequence);
        from = found.sequence + 1;
    }
}
