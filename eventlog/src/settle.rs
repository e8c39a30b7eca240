//! Settling an append whose outcome is unknown.

use std::time::Duration;

use chat_schema::{ConversationId, SealedEvent};
use tokio::time::{Instant, sleep};

use crate::log::{Append, EventLog};

/// Pause before an append of unknown outcome is repeated.
const PAUSE: Duration = Duration::from_millis(50);

/// Appends, and repeats the identical append while its outcome is unknown.
///
/// A read that finds nothing settles nothing, since reads may be stale and a late write may still land. Repeating is
/// safe: the log knows an append it has stored. [`Append::Unknown`] comes back only when `patience` ran out.
pub async fn append_settled(
    log: &dyn EventLog,
    conversation: ConversationId,
    expected: u64,
    events: &[SealedEvent],
    patience: Duration,
) -> Append {
    let deadline = Instant::now() + patience;
    let mut doubtful = false;
    loop {
        match log.append(conversation, expected, events).await {
            Append::Unknown => doubtful = true,
            // The earlier try may still have been stored: "not now" is no answer to "was it?".
            Append::Unavailable if doubtful => {}
            known => return known,
        }
        if Instant::now() + PAUSE >= deadline {
            return Append::Unknown;
        }
        sleep(PAUSE).await;
    }
}
