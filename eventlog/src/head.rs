//! The last event of a conversation, without reading what is before it.

use chat_schema::ConversationId;

use crate::log::{Append, EventLog, LogError, Recorded};

/// The last event of a conversation, `None` if it has none.
///
/// # Errors
/// The log is away, or that event cannot be read.
pub async fn last_event(log: &dyn EventLog, conversation: ConversationId) -> Result<Option<Recorded>, LogError> {
    loop {
        // No conversation is that long, so what comes back is how long it is.
        let version = match log.append(conversation, u64::MAX, &[]).await {
            Append::Conflict { actual: 0, .. } => return Ok(None),
            Append::Conflict { actual, .. } => actual,
            Append::Appended(_) | Append::Unknown | Append::Unavailable => {
                return Err(LogError::Unavailable("it does not tell how long a conversation is".into()));
            }
        };
        if let Some(last) = log.read(conversation, version - 1).await?.pop() {
            return Ok(Some(last));
        }
    }
}
