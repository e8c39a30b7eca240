//! Many events into a log, for the commands that fill one.

use std::time::Duration;

use chat_eventlog::{Append, EventLog, append_settled};
use chat_schema::{ConversationId, SealedEvent};
use futures_util::{StreamExt, stream};
use tokio::task::coop::unconstrained;

/// Appends that wait together: the log stores them with one fsync.
pub(crate) const WAITING: usize = 512;
/// Events and bytes of one append at most; an event may be larger than that by itself. A server of a shared log takes 8 MB.
pub(crate) const APPEND_EVENTS: usize = 256;
pub(crate) const APPEND_BYTES: usize = 1 << 20;
/// For one append whose outcome is unknown.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why an append was not stored. What was appended before it, and beside it, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Something else stands in its place.
    Conflict(ConversationId),
    /// The log takes nothing now.
    Away,
}

/// Stores appends of different conversations, in this order as far as the log keeps it: the embedded log does, and a server of a
/// shared log does what one process sends it in order.
pub(crate) async fn append_all(log: &dyn EventLog, appends: Vec<Vec<SealedEvent>>) -> Result<(), Refused> {
    let mut outcomes = stream::iter(appends).map(|events| append(log, events)).buffered(WAITING);
    // None may be put off for others' sake.
    unconstrained(async {
        while let Some(outcome) = outcomes.next().await {
            outcome?;
        }
        Ok(())
    })
    .await
}

/// Stores events of one conversation, all or none.
pub(crate) async fn append(log: &dyn EventLog, events: Vec<SealedEvent>) -> Result<(), Refused> {
    let Some(first) = events.first().map(|event| &event.envelope) else { return Ok(()) };
    let conversation = first.conversation_id;
    match append_settled(log, conversation, first.version - 1, &events, PATIENCE).await {
        Append::Appended(_) => Ok(()),
        Append::Conflict { .. } => Err(Refused::Conflict(conversation)),
        Append::Unknown | Append::Unavailable => Err(Refused::Away),
    }
}
